#include "proto/admin/places.h"

#include <algorithm>

#include "proto/admin/names.h"
#include "proto/admin/scan.h"
#include "proto/admin/text.h"
#include "proto/cose/sha256.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

constexpr std::size_t kFoldedMax = 59;  // with the dot and four characters: 64
constexpr std::size_t kRoleMax = 32;
constexpr std::size_t kOfficeKindMax = 16;
constexpr std::size_t kAudienceTextMax = 16'384;

bool is_role_character(char c) {
    return scan::is_lower(c) || scan::is_digit(c) || c == '-';
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string hash_of(std::string_view text) {
    constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
    const auto digest = cose::sha256(as_bytes(text));
    std::string out;
    for (std::size_t i = 0; i < 4; ++i)
        out += kBase32[digest[i] % kBase32.size()];
    return out;
}

// Dashes for spaces; whatever is no ASCII after folding is left out.
std::string dashed(std::string_view folded) {
    std::string out;
    for (const char c : folded) {
        if (c == ' ') {
            if (!out.empty() && out.back() != '-') out += '-';
        } else if (scan::is_lower(c) || scan::is_digit(c)) {
            out += c;
        }
    }
    while (out.ends_with('-'))
        out.pop_back();
    return out;
}

Result<Audience> parse_role(std::string_view text) {
    Audience audience;
    audience.kind = Audience::Kind::kRole;
    audience.role = scan::take_until(text, '@');
    audience.commune = text;
    const bool good = scan::within(audience.role, 1, kRoleMax) &&
                      std::ranges::all_of(audience.role, is_role_character) &&
                      !has_citizen_id(audience.role) && is_commune_code(audience.commune);
    if (good) return audience;
    return fail(ErrorCode::kInvalidArgument,
                "not an audience by role; expected one like role:to-cong-nghe-so@00901");
}

Result<std::vector<Village>> parse_villages(std::string_view text) {
    std::vector<Village> villages;
    std::vector<std::string> seen;
    bool more = true;
    while (more) {
        more = text.find(',') != std::string_view::npos;
        auto village = Village::parse(scan::take_until(text, ','));
        if (!village) return std::unexpected{std::move(village.error())};
        if (villages.size() == Audience::kVillagesMax) {
            return fail(ErrorCode::kTooLarge,
                        "an audience has more than 128 villages; use the whole commune");
        }
        std::string demux = village->demux();
        if (std::ranges::find(seen, demux) != seen.end()) continue;
        seen.push_back(std::move(demux));
        villages.push_back(std::move(*village));
    }
    return villages;
}

}  // namespace

Result<Office> Office::parse(std::string_view text) {
    std::string_view rest = text;
    const std::string_view kind = scan::take_until(rest, ':');
    const bool good = scan::within(kind, 1, kOfficeKindMax) && scan::is_lower(kind.front()) &&
                      std::ranges::all_of(kind, [](char c) { return scan::is_lower(c) || c == '-'; }) &&
                      is_commune_code(rest);
    if (!good) return fail(ErrorCode::kInvalidArgument, "not an office; expected one like xa:18904");
    return Office{std::string{kind}, std::string{rest}};
}

Result<Village> Village::parse(std::string_view text) {
    const auto not_one = [] {
        return fail(ErrorCode::kInvalidArgument,
                    "not the name of a village; expected one like DH-07 or Khâu Slôm");
    };
    auto kept = normalized(text, Lines::kOne, kTextMax);
    if (!kept || fold(*kept).empty() || has_citizen_id(*kept) ||
        kept->find_first_of(",/*:@") != std::string::npos)
        return not_one();
    Village village;
    village.text_ = std::move(*kept);
    return village;
}

std::string Village::demux() const {
    const std::string folded = dashed(fold(text_));
    if (is_ascii(text_) && folded.size() <= kFoldedMax) return folded;
    std::string begin = folded.substr(0, kFoldedMax);
    while (begin.ends_with('-'))
        begin.pop_back();
    if (begin.empty()) begin = "v";  // a script that does not fold to ASCII
    return begin + '.' + hash_of(fold_tones(text_));
}

Result<Audience> Audience::parse(std::string_view text) {
    constexpr std::string_view kRole = "role:";
    constexpr std::string_view kCommune = "xa:";
    if (text.starts_with(kRole)) return parse_role(text.substr(kRole.size()));
    const auto not_one = [] {
        return fail(ErrorCode::kInvalidArgument,
                    "not an audience; expected one like xa:18904/*, xa:18904/DH-07,DH-08 or "
                    "role:to-cong-nghe-so@18904");
    };
    if (!text.starts_with(kCommune) || text.size() > kAudienceTextMax) return not_one();
    std::string_view rest = text.substr(kCommune.size());
    Audience audience;
    audience.commune = scan::take_until(rest, '/');
    if (!is_commune_code(audience.commune) || rest.empty()) return not_one();
    if (rest == "*") return audience;
    audience.kind = Kind::kVillages;
    auto villages = parse_villages(rest);
    if (!villages) return std::unexpected{std::move(villages.error())};
    audience.villages = std::move(*villages);
    return audience;
}

std::string Audience::print() const {
    switch (kind) {
        case Kind::kCommune: return "xa:" + commune + "/*";
        case Kind::kRole: return "role:" + role + '@' + commune;
        case Kind::kVillages: break;
    }
    std::string out = "xa:" + commune + '/';
    for (const Village& village : villages) {
        if (&village != &villages.front()) out += ',';
        out += village.text();
    }
    return out;
}

std::vector<std::string> Audience::endpoints() const {
    switch (kind) {
        case Kind::kCommune: return {commune_group(commune)};
        case Kind::kRole: return {role_group(commune, role)};
        case Kind::kVillages: break;
    }
    std::vector<std::string> out;
    for (const Village& village : villages)
        out.push_back(village_group(commune, village));
    return out;
}

std::string commune_group(std::string_view commune) {
    return identity::commune_eid(commune) + "~notice";
}

std::string village_group(std::string_view commune, const Village& village) {
    return commune_group(commune) + '/' + village.demux();
}

std::string role_group(std::string_view commune, std::string_view role) {
    return identity::commune_eid(commune) + "~role/" + std::string{role};
}

bool is_local_name(std::string_view text) {
    return identity::is_certifiable_node_id("dtn://" + std::string{text} + '/') && !has_citizen_id(text);
}

}  // namespace tram::admin
