#include "proto/admin/notice.h"

#include <algorithm>
#include <limits>

#include "proto/admin/fields.h"
#include "proto/admin/rows.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

constexpr std::string_view kWhat = "notice";
constexpr std::size_t kLanguagesMax = 64;

using Times = std::map<Language, std::uint32_t>;

void count(Times& times, const std::vector<Language>& languages) {
    for (const Language& each : languages) {
        if (times.size() >= kLanguagesMax && !times.contains(each)) continue;
        std::uint32_t& of_language = times[each];
        of_language = std::min(of_language + 1, kTimesMax);
    }
}

void write_times(const Times& times, google::protobuf::RepeatedPtrField<pb::Shown>& rows) {
    for (const auto& [language, number] : times) {
        pb::Shown& row = *rows.Add();
        row.set_language(language.text());
        row.set_times(number);
    }
}

bool read_times(const google::protobuf::RepeatedPtrField<pb::Shown>& rows, Times& times) {
    if (static_cast<std::size_t>(rows.size()) > kLanguagesMax) return false;
    return std::ranges::all_of(rows, [&](const pb::Shown& row) {
        const auto language = Language::parse(row.language());
        return language && row.times() > 0 && row.times() <= kTimesMax &&
               times.emplace(*language, row.times()).second;
    });
}

// Of `languages`, the one that fits a wish best.
std::optional<std::size_t> fitting(const std::vector<std::string>& languages, const Language& wish) {
    const auto exact = std::ranges::find(languages, wish.text());
    if (exact != languages.end()) return static_cast<std::size_t>(exact - languages.begin());
    const auto related = std::ranges::find_if(languages, [&](const std::string& each) {
        const auto language = Language::parse(each);
        return language && language->primary() == wish.primary();
    });
    if (related != languages.end()) return static_cast<std::size_t>(related - languages.begin());
    return std::nullopt;
}

std::optional<std::size_t> choose(const std::vector<std::string>& languages, std::vector<Language> wished) {
    wished.emplace_back();  // Vietnamese last
    for (const Language& wish : wished)
        if (const auto found = fitting(languages, wish)) return found;
    return std::nullopt;
}

}  // namespace

Result<NoticeName> name_of(const pb::Message& message, const Proof& proof) {
    const auto number = DocumentNumber::parse(message.head().document_number());
    const auto office = Office::parse(message.notice().from());
    if (!message.has_notice() || !number || !office)
        return fail(ErrorCode::kMalformed, "not a notice, or one without number or office");
    if (!identity::is_certifiable_node_id(proof.sender) ||
        identity::commune_of(proof.sender) != office->commune) {
        return fail(ErrorCode::kWrongSender,
                    "a notice in the name of " + office->print() + " is signed by a node of another commune");
    }
    if (!is_document_year(message.notice().year()))
        return fail(ErrorCode::kMalformed, "a notice without the year of its number");
    return NoticeName{proof.sender, message.notice().year(), *number};
}

std::optional<NoticeName> superseded_by(const pb::Message& message, const NoticeName& name) {
    const auto number = DocumentNumber::parse(message.notice().supersedes());
    const std::uint32_t said = message.notice().supersedes_year();
    const std::uint32_t year = said == 0 ? name.year : said;
    if (!number || !is_document_year(year)) return std::nullopt;
    NoticeName older{name.issuer_node, year, *number};
    if (older == name) return std::nullopt;
    return older;
}

KnownNotice KnownNotice::heard_of(NoticeName name) {
    return KnownNotice{std::move(name)};
}

Result<KnownNotice::Outcome> KnownNotice::take(const pb::Message& message, const Proof& proof,
                                               Arrival arrival) {
    const auto name = name_of(message, proof);
    if (!name) return std::unexpected{name.error()};
    if (name->number != name_.number || name->year != name_.year)
        return fail(ErrorCode::kNotFound, "it is another notice");
    if (name->issuer_node != name_.issuer_node)
        return fail(ErrorCode::kWrongSender, "a notice is changed by its issuer only");
    const pb::Notice& notice = message.notice();
    if (notice.edition() == 0 || notice.lifetime_s() == 0 || notice.lifetime_s() > limits::kLifetimeMax)
        return fail(ErrorCode::kMalformed, "a notice without edition or lifetime");
    if (notice.edition() < edition_) return Outcome::kOlder;
    if (notice.edition() == edition_) {
        if (proof.digest == digest_) return Outcome::kRepeated;
        return fail(ErrorCode::kContradiction, "there is another text of the same edition of this notice");
    }
    edition_ = notice.edition();
    message_id_ = proof.message_id;
    digest_ = proof.digest;
    urgency_ = message.head().urgency();
    audience_ = notice.audience();
    arrival_ = arrival;
    lifetime_ms_ = notice.lifetime_s() * 1'000;
    recalled_ = notice.recall();
    loudspeaker_ = notice.loudspeaker();
    require_ack_ = notice.require_ack();
    displayed_.clear();
    announced_.clear();
    return recalled_ ? Outcome::kRecalled : Outcome::kNewer;
}

void KnownNotice::supersede(const NoticeName& by) {
    if (by != name_ && by.issuer_node == name_.issuer_node) successor_ = by;
}

void KnownNotice::displayed(const std::vector<Language>& languages) {
    count(displayed_, languages);
}

void KnownNotice::announced(const std::vector<Language>& languages) {
    count(announced_, languages);
}

KnownNotice::Status KnownNotice::status(std::uint64_t node_time_ms) const {
    if (edition_ == 0) return Status::kHeardOf;
    if (recalled_) return Status::kRecalled;
    if (successor_) return Status::kSuperseded;
    return remaining_ms(node_time_ms) == 0 ? Status::kExpired : Status::kCurrent;
}

std::uint64_t KnownNotice::remaining_ms(std::uint64_t node_time_ms) const {
    if (edition_ == 0) return 0;
    const std::uint64_t here =
        node_time_ms > arrival_.node_time_ms ? node_time_ms - arrival_.node_time_ms : 0;
    const std::uint64_t left = lifetime_ms_ > arrival_.age_ms ? lifetime_ms_ - arrival_.age_ms : 0;
    return left > here ? left - here : 0;
}

Bytes KnownNotice::encode() const {
    pb::NoticeRow row;
    row.set_issuer_node(name_.issuer_node);
    row.set_year(name_.year);
    row.set_document_number(name_.number.text());
    row.set_edition(edition_);
    row.set_message_id(rows::text_of(message_id_));
    row.set_digest(rows::text_of(digest_));
    row.set_urgency(static_cast<std::uint32_t>(urgency_));
    row.set_audience(audience_);
    row.set_arrived_at_ms(arrival_.node_time_ms);
    row.set_age_on_arrival_ms(arrival_.age_ms);
    row.set_lifetime_ms(lifetime_ms_);
    row.set_recalled(recalled_);
    if (successor_) row.set_superseded_by(successor_->number.text());
    if (successor_) row.set_superseded_by_year(successor_->year);
    row.set_loudspeaker(loudspeaker_);
    row.set_require_ack(require_ack_);
    write_times(displayed_, *row.mutable_displayed());
    write_times(announced_, *row.mutable_announced());
    return rows::encode(std::move(row));
}

Result<KnownNotice> KnownNotice::decode(ByteView wire) {
    const auto row = rows::parse<pb::NoticeRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto number = DocumentNumber::parse(row->document_number());
    const auto audience = Audience::parse(row->audience());
    const bool whole = row->edition() == 0 ? row->audience().empty() : audience.has_value();
    const bool named =
        number && is_document_year(row->year()) && identity::is_certifiable_node_id(row->issuer_node());
    if (!named || !whole) return rows::corrupt(kWhat);
    KnownNotice notice{{row->issuer_node(), row->year(), *number}};
    notice.edition_ = row->edition();
    notice.urgency_ = static_cast<pb::Urgency>(row->urgency());
    notice.audience_ = row->audience();
    notice.arrival_ = {row->arrived_at_ms(), row->age_on_arrival_ms()};
    notice.lifetime_ms_ = row->lifetime_ms();
    notice.recalled_ = row->recalled();
    notice.loudspeaker_ = row->loudspeaker();
    notice.require_ack_ = row->require_ack();
    if (!row->superseded_by().empty()) {
        auto successor = DocumentNumber::parse(row->superseded_by());
        if (!successor || !is_document_year(row->superseded_by_year())) return rows::corrupt(kWhat);
        notice.successor_ = NoticeName{row->issuer_node(), row->superseded_by_year(), std::move(*successor)};
    }
    const bool read =
        rows::read_bytes(row->message_id(), notice.message_id_) &&
        rows::read_bytes(row->digest(), notice.digest_) && read_times(row->displayed(), notice.displayed_) &&
        read_times(row->announced(), notice.announced_) && row->lifetime_ms() <= limits::kLifetimeMax * 1'000;
    if (!read) return rows::corrupt(kWhat);
    return notice;
}

std::size_t choose_text(const pb::Notice& notice, const std::vector<Language>& wished) {
    std::vector<std::string> languages;
    for (const pb::Text& each : notice.texts())
        languages.push_back(each.language());
    return choose(languages, wished).value_or(0);
}

std::optional<std::size_t> choose_audio(const pb::Message& notice, const std::vector<Language>& wished) {
    std::vector<std::string> languages;
    for (const pb::Attachment& each : notice.attachments())
        languages.push_back(each.language());
    return choose(languages, wished);
}

}  // namespace tram::admin
