#include "proto/admin/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "proto/admin/scan.h"
#include "proto/admin/text.h"
#include "proto/base/check.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

// Crockford's: without i, l, o and u, which are mistaken for others or make words.
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kEpochCharacters = 6;
constexpr std::uint32_t kEpochs = 1U << 30;
constexpr std::size_t kNumberDigits = 6;

std::unexpected<Error> invalid(std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
}

// Digits only, at most 19 of them.
std::uint64_t number_of(std::string_view digits) {
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

bool is_device(std::string_view commune, std::string_view device) {
    return identity::is_certifiable_node_id("dtn://" + std::string{commune} + '-' + std::string{device} +
                                            '/');
}

bool is_alphanumeric(char c) {
    return scan::is_digit(c) || scan::is_upper(c) || scan::is_lower(c);
}

bool is_day(std::string_view yymmdd) {
    if (yymmdd.size() != 6 || !std::ranges::all_of(yymmdd, scan::is_digit)) return false;
    const auto part = [&](std::size_t at) { return static_cast<unsigned>(number_of(yymmdd.substr(at, 2))); };
    return std::chrono::year_month_day{std::chrono::year{2000 + static_cast<int>(part(0))},
                                       std::chrono::month{part(2)}, std::chrono::day{part(4)}}
        .ok();
}

// H50, G22.
bool is_province_or_ministry(std::string_view text) {
    return text.size() == 3 && scan::is_upper(text[0]) && scan::is_digit(text[1]) && scan::is_digit(text[2]);
}

// H50.99.1, and in the older shape 000.00.12.H50: two to five groups, one of them with the letter, at an end.
bool is_agency(std::string_view text) {
    std::size_t groups = 0;
    std::size_t lettered_groups = 0;
    const bool ends_empty = text.ends_with('.');
    while (!text.empty()) {
        const std::string_view group = scan::take_until(text, '.');
        const bool lettered = is_province_or_ministry(group);
        const bool number = scan::within(group, 1, 3) && std::ranges::all_of(group, scan::is_digit);
        const bool at_an_end = groups == 0 || text.empty();
        if (!number && !(lettered && at_an_end)) return false;
        lettered_groups += lettered ? 1 : 0;
        ++groups;
    }
    return groups >= 2 && groups <= 5 && lettered_groups == 1 && !ends_empty;
}

// 1.001193, then what a province adds: .000.00.00.H38
bool is_national_procedure(std::string_view text) {
    if (scan::take_while(text, scan::is_digit).size() != 1 || !scan::take(text, '.')) return false;
    if (scan::take_while(text, scan::is_digit).size() != 6) return false;
    const auto of_group = [](char c) { return scan::is_digit(c) || scan::is_upper(c); };
    std::size_t groups = 0;
    while (scan::take(text, '.')) {
        if (!scan::within(scan::take_while(text, of_group), 2, 4)) return false;
        ++groups;
    }
    return text.empty() && groups <= 5;
}

bool is_local_procedure(std::string_view text) {
    constexpr std::string_view kPrefix = "LOCAL.";
    if (!text.starts_with(kPrefix)) return false;
    text.remove_prefix(kPrefix.size());
    return scan::within(text, 1, 16) &&
           std::ranges::all_of(text, [](char c) { return scan::is_digit(c) || scan::is_upper(c); });
}

struct NamedLanguage {
    std::string_view tag;
    std::string_view name;
};

// Codes of ISO 639; names as Vietnamese statistics write them.
constexpr auto kLanguages = std::to_array<NamedLanguage>({
    {"bdq", "Ba Na"},    {"bru", "Bru - Vân Kiều"}, {"cjm", "Chăm"},
    {"en", "Tiếng Anh"}, {"hmn", "Mông"},           {"hre", "Hrê"},
    {"ium", "Dao"},      {"jra", "Gia Rai"},        {"kjg", "Khơ Mú"},
    {"km", "Khmer"},     {"mng", "Mnông"},          {"mtq", "Mường"},
    {"nut", "Nùng"},     {"rad", "Ê Đê"},           {"sed", "Xơ Đăng"},
    {"tdd", "Thái"},     {"twh", "Thái Trắng"},     {"blt", "Thái Đen"},
    {"tyz", "Tày"},      {"vi", "Tiếng Việt"},      {"zh", "Hoa"},
});

}  // namespace

bool is_commune_code(std::string_view text) {
    return text.size() == identity::kCommuneDigits && std::ranges::all_of(text, scan::is_digit);
}

Epoch Epoch::drawn(ByteView chance) {
    TRAM_CHECK(chance.size() >= 4);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i)
        bits = bits << 8 | chance[i];
    Epoch epoch;
    epoch.value_ = std::max<std::uint32_t>(bits % kEpochs, 1);
    return epoch;
}

Result<Epoch> Epoch::parse(std::string_view text) {
    Epoch epoch;
    if (text.empty()) return epoch;
    for (const char c : text) {
        const std::size_t digit = kBase32.find(c);
        if (digit == std::string_view::npos || text.size() != kEpochCharacters) {
            return invalid("an epoch is six letters and digits, without i, l, o and u");
        }
        epoch.value_ = epoch.value_ << 5 | static_cast<std::uint32_t>(digit);
    }
    if (epoch.is_first()) return invalid("the first epoch is not written");
    return epoch;
}

std::string Epoch::print() const {
    if (is_first()) return {};
    std::string text(kEpochCharacters, '0');
    std::uint32_t rest = value_;
    for (auto at = text.rbegin(); at != text.rend(); ++at) {
        *at = kBase32[rest % kBase32.size()];
        rest /= static_cast<std::uint32_t>(kBase32.size());
    }
    return text;
}

Result<LocalNumber> LocalNumber::parse(std::string_view text) {
    const auto not_one = [] { return invalid("not a local number; expected one like 18904-ks07-000123"); };
    if (text.size() > kTextMax) return not_one();
    const std::size_t dash = text.rfind('-');
    if (dash == std::string_view::npos) return not_one();
    const std::string_view digits = text.substr(dash + 1);
    std::string_view rest = text.substr(0, dash);
    const std::string_view commune = scan::take_until(rest, '-');
    const std::size_t dot = rest.find('.');
    const std::string_view device = rest.substr(0, dot);
    const bool has_epoch = dot != std::string_view::npos;
    const auto epoch = Epoch::parse(has_epoch ? rest.substr(dot + 1) : std::string_view{});
    if (!epoch || (has_epoch && epoch->is_first()) || !is_device(commune, device)) return not_one();

    const bool padded = digits.size() == kNumberDigits || (digits.size() > kNumberDigits && digits[0] != '0');
    if (!padded || digits.size() > 9 || !std::ranges::all_of(digits, scan::is_digit)) return not_one();
    LocalNumber result;
    result.commune_ = commune;
    result.device_ = device;
    result.epoch_ = *epoch;
    result.number_ = number_of(digits);
    if (result.number_ == 0) return invalid("local numbers begin with 000001");
    return result;
}

Result<LocalNumber> LocalNumber::first_of(std::string_view node_id, Epoch epoch) {
    if (!identity::is_certifiable_node_id(node_id)) {
        return invalid("only a node with a name like dtn://18904-ks07/ gives local numbers");
    }
    constexpr std::size_t kScheme = std::string_view{"dtn://"}.size();
    LocalNumber result;
    result.commune_ = identity::commune_of(node_id);
    result.device_ = node_id.substr(kScheme + identity::kCommuneDigits + 1);
    result.device_.pop_back();
    result.epoch_ = epoch;
    return result;
}

std::string LocalNumber::print() const {
    std::string digits = std::to_string(number_);
    if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
    const std::string life = epoch_.is_first() ? "" : '.' + epoch_.print();
    return commune_ + '-' + device_ + life + '-' + digits;
}

Result<LocalNumber> LocalNumber::next() const {
    if (number_ >= kNumberMax) {
        return fail(ErrorCode::kFull, "all local numbers of this device and epoch are used up");
    }
    LocalNumber following = *this;
    ++following.number_;
    return following;
}

std::string LocalNumber::node_id() const {
    return "dtn://" + commune_ + '-' + device_ + '/';
}

Result<DossierCode> DossierCode::parse(std::string_view text) {
    std::string_view rest = text;
    const std::string_view agency = scan::take_until(rest, '-');
    const std::string_view day = scan::take_until(rest, '-');
    const bool number = scan::within(rest, 4, 6) && std::ranges::all_of(rest, scan::is_digit);
    if (text.size() > kTextMax || !is_agency(agency) || !is_day(day) || !number) {
        return invalid("not the code of a dossier; expected one like H50.99.1-261124-0012");
    }
    DossierCode code;
    code.text_ = text;
    return code;
}

Result<Procedure> Procedure::parse(std::string_view text) {
    std::string_view rest = text;
    const std::string_view code = scan::take_until(rest, '@');
    const bool has_version = code.size() != text.size();
    const bool digits = std::ranges::all_of(rest, scan::is_digit) && (rest.empty() || rest[0] != '0');
    if (has_version != scan::within(rest, 1, 9) || !digits ||
        !(is_national_procedure(code) || is_local_procedure(code))) {
        return invalid("not the code of a procedure; expected one like 1.001193, 1.001193@2 or LOCAL.VNEID2");
    }
    return Procedure{std::string{code}, static_cast<std::uint32_t>(number_of(rest))};
}

std::string Procedure::print() const {
    return version == 0 ? code : code + '@' + std::to_string(version);
}

Result<DocumentNumber> DocumentNumber::parse(std::string_view text) {
    const auto not_one = [] { return invalid("not the number of a document; expected one like 07/CĐ-UBND"); };
    auto kept = normalized(text, Lines::kOne, kTextMax);
    if (!kept) return not_one();
    std::string_view rest = *kept;
    const std::string_view digits = scan::take_while(rest, scan::is_digit);
    if (!scan::within(digits, 1, 6) || !scan::take(rest, '/') || rest.empty()) return not_one();
    const auto belongs = [](char c) {
        const bool ascii = static_cast<unsigned char>(c) < 0x80;
        return !ascii || is_alphanumeric(c) || c == '-' || c == '.' || c == '/';
    };
    if (!std::ranges::all_of(rest, belongs) || fold(rest).empty() || has_citizen_id(*kept)) return not_one();
    DocumentNumber number;
    number.text_ = std::move(*kept);
    return number;
}

bool is_document_year(std::uint32_t year) {
    return year >= 2000 && year < 2200;
}

Result<Language> Language::parse(std::string_view text) {
    const auto not_one = [] { return invalid("not a language tag; expected one like vi, hmn or bru"); };
    if (!scan::within(text, 2, kTextMax)) return not_one();
    Language language;
    language.text_ = text;
    for (char& c : language.text_)
        if (scan::is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    std::string_view rest = language.text_;
    if (!scan::within(scan::take_while(rest, scan::is_lower), 2, 3)) return not_one();
    while (scan::take(rest, '-'))
        if (!scan::within(scan::take_while(rest, is_alphanumeric), 1, 8)) return not_one();
    if (!rest.empty()) return not_one();
    return language;
}

std::string_view Language::primary() const {
    return std::string_view{text_}.substr(0, text_.find('-'));
}

std::string_view Language::name() const {
    const auto* const known = std::ranges::find(kLanguages, primary(), &NamedLanguage::tag);
    return known == kLanguages.end() ? std::string_view{text_} : known->name;
}

}  // namespace tram::admin
