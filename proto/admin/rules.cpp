#include "proto/admin/rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "proto/admin/fields.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/scan.h"
#include "proto/admin/text.h"
#include "proto/admin/visit_plan.h"
#include "proto/admin/words.h"

namespace tram::admin {

namespace {

std::unexpected<Error> wrong(std::string_view field, std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, std::string{field} + ": " + std::string{why});
}

std::unexpected<Error> too_many(std::string_view field) {
    return fail(ErrorCode::kTooLarge, std::string{field} + ": there are too many of them");
}

// Whether `text` has the shape that `parse` reads; without text only what may be missing is good.
template <typename Parse>
Result<void> shaped(std::string_view text, std::string_view field, bool needed, Parse parse) {
    if (text.empty()) return needed ? Result<void>{wrong(field, "it is missing")} : Result<void>{};
    const auto parsed = parse(text);
    if (parsed) return {};
    return fail(ErrorCode::kMalformed, std::string{field} + ": " + parsed.error().message);
}

constexpr auto kLocalNumber = [](std::string_view text) { return LocalNumber::parse(text); };
constexpr auto kDossierCode = [](std::string_view text) { return DossierCode::parse(text); };
constexpr auto kDocumentNumber = [](std::string_view text) { return DocumentNumber::parse(text); };
constexpr auto kOffice = [](std::string_view text) { return Office::parse(text); };
constexpr auto kVillage = [](std::string_view text) { return Village::parse(text); };
constexpr auto kLanguage = [](std::string_view text) { return Language::parse(text); };
constexpr auto kTeam = [](std::string_view text) -> Result<void> {
    if (is_local_name(text)) return {};
    return fail(ErrorCode::kInvalidArgument, "not a team of a commune; expected one like 18904-to-07");
};

// The first failure of several checks, evaluated one by one.
class Checks {
  public:
    explicit Checks(bool newer) : newer_{newer} {}

    template <typename Parse>
    void shape(std::string_view text, std::string_view field, bool needed, Parse parse) {
        if (result_) result_ = shaped(text, field, needed, parse);
    }
    void need(bool good, std::string_view field, std::string_view why) {
        if (result_ && !good) result_ = wrong(field, why);
    }
    void at_most(int count, int max, std::string_view field) {
        if (result_ && count > max) result_ = too_many(field);
    }
    /// An enum value from `min` on; ours must be known, a newer program's may be any.
    template <typename Enum>
    void known(Enum value, Enum min, bool (*is_valid)(int), std::string_view field) {
        if (result_ && (value < min || (!is_valid(value) && !newer_)))
            result_ = wrong(field, "it is missing or not known");
    }
    void also(Result<void> other) {
        if (result_) result_ = std::move(other);
    }
    void fails(ErrorCode code, bool bad, std::string_view why) {
        if (result_ && bad) result_ = fail(code, std::string{why});
    }
    Result<void> take() { return std::move(result_); }

  private:
    bool newer_;
    Result<void> result_;
};

// Counts values; names must be there, each once among its neighbours.
bool fields_are_good(const pb::Fields& fields, int& count);

bool value_is_good(const pb::Value& value, int& count) {
    if (++count > limits::kFieldsMax) return false;
    if (value.has_fields()) return fields_are_good(value.fields(), count);
    return std::ranges::all_of(value.list().items(),
                               [&](const pb::Value& each) { return value_is_good(each, count); });
}

bool fields_are_good(const pb::Fields& fields, int& count) {
    std::set<std::string_view> names;
    return std::ranges::all_of(fields.fields(), [&](const pb::Field& each) {
        return !each.name().empty() && names.insert(each.name()).second && value_is_good(each.value(), count);
    });
}

Result<void> check_head(const pb::Message& message, bool newer) {
    const pb::Head& head = message.head();
    Checks checks{newer};
    checks.known(head.kind(), pb::KIND_REQUEST, pb::Kind_IsValid, "kind");
    checks.known(head.urgency(), pb::URGENCY_NORMAL, pb::Urgency_IsValid, "urgency");
    checks.need(!head.title().empty(), "title", "it is missing");
    checks.fails(ErrorCode::kPersonalData, has_citizen_id(head.title()),
                 "title: a number like a citizen id is in it; titles are shown to everybody");
    const bool notice = head.kind() == pb::KIND_NOTICE;
    const bool dossier = head.kind() == pb::KIND_REQUEST || head.kind() == pb::KIND_UPDATE;
    checks.shape(head.local_number(), "local_number", dossier, kLocalNumber);
    checks.shape(head.dossier_code(), "dossier_code", false, kDossierCode);
    checks.shape(head.document_number(), "document_number", notice, kDocumentNumber);
    const bool plan = head.kind() == pb::KIND_PLAN;
    checks.need((!notice && !plan) || (head.local_number().empty() && head.dossier_code().empty()), "kind",
                "a notice or a plan belongs to no dossier");
    checks.need((!dossier && !plan) || head.document_number().empty(), "document_number",
                "only notices have one");

    pb::Kind body = pb::KIND_UNSPECIFIED;
    if (message.has_request()) body = pb::KIND_REQUEST;
    if (message.has_update()) body = pb::KIND_UPDATE;
    if (message.has_notice()) body = pb::KIND_NOTICE;
    if (message.has_plan()) body = pb::KIND_PLAN;
    const bool unknown_body = newer && body == pb::KIND_UNSPECIFIED;
    checks.need(unknown_body || body == head.kind(), "kind", "it is not that of the body");
    return checks.take();
}

Result<void> check_fields(const pb::Fields& fields, std::string_view name) {
    int count = 0;
    if (fields_are_good(fields, count)) return {};
    if (count > limits::kFieldsMax) return too_many(name);
    return wrong(name, "a field without a name, or two with the same");
}

Result<void> check_request(const pb::Request& request, bool newer) {
    Checks checks{newer};
    checks.shape(request.procedure(), "procedure", true, [](std::string_view text) -> Result<void> {
        const auto procedure = Procedure::parse(text);
        if (procedure && procedure->version == 0) return {};
        return fail(ErrorCode::kInvalidArgument, "expected a code like 1.001193 or LOCAL.VNEID2");
    });
    checks.known(request.channel(), pb::CHANNEL_IN_PERSON, pb::Channel_IsValid, "channel");
    checks.known(request.purpose(), pb::PURPOSE_NEW, pb::RequestPurpose_IsValid, "purpose");
    checks.shape(request.to(), "to", true, kOffice);
    checks.shape(request.from_village(), "from_village", false, kVillage);
    checks.shape(request.assisted_by(), "assisted_by", false, kTeam);
    checks.shape(request.language(), "language", false, kLanguage);
    checks.need(request.consent(), "consent", "the person must agree to the processing of their data");
    checks.also(check_fields(request.subject(), "subject"));
    checks.also(check_fields(request.form(), "form"));
    const bool first = request.purpose() == pb::PURPOSE_NEW;
    checks.need(first == (request.part() == 0), "part",
                "the request itself is part 0, what follows it is numbered from 1");
    checks.need(request.part() <= limits::kPartsMax, "part", "a request has at most 32 supplements");
    checks.need(!request.has_answers() || (!first && request.answers().sequence() > 0), "answers",
                "only a supplement answers an update");
    checks.need(!first || request.subject().fields_size() > 0, "subject", "it is missing");
    return checks.take();
}

Result<void> check_update(const pb::Update& update, bool newer) {
    using State = pb::DossierState;
    Checks checks{newer};
    checks.shape(update.from(), "from", true, kOffice);
    checks.need(update.sequence() > 0, "sequence", "the office numbers its words from 1");
    checks.known(update.kind(), pb::UPDATE_PROGRESS, pb::UpdateKind_IsValid, "update kind");
    checks.known(update.state(), pb::STATE_REGISTERED, pb::DossierState_IsValid, "state");
    checks.known(update.hand_over(), pb::HAND_OVER_UNSPECIFIED, pb::HandOver_IsValid, "hand_over");
    checks.fails(ErrorCode::kForbidden, update.form() == pb::FORM_ACCEPTANCE,
                 "form: form 01 is an official receipt, and no update");
    checks.at_most(update.need_size(), limits::kNeedMax, "need");

    const State state = update.state();
    const pb::Form form = update.form();
    const std::string_view why = "it does not fit the kind of the update";
    switch (update.kind()) {
        case pb::UPDATE_SUPPLEMENT:
            checks.need(form == pb::FORM_SUPPLEMENT, "form", why);
            checks.need(state == pb::STATE_SUPPLEMENT_NEEDED, "state", why);
            checks.need(!update.reason().empty() || update.need_size() > 0, "reason",
                        "say what is missing, in reason or need");
            break;
        case pb::UPDATE_REFUSAL:
            checks.need(form == pb::FORM_REFUSAL, "form", why);
            checks.need(state == pb::STATE_REFUSED || state == pb::STATE_STOPPED, "state", why);
            break;
        case pb::UPDATE_RESULT:
            checks.need(form == pb::FORM_NONE, "form", why);
            checks.need(state == pb::STATE_DONE || state == pb::STATE_HANDED_OVER, "state", why);
            break;
        case pb::UPDATE_DELAY:
            checks.need(form == pb::FORM_APOLOGY, "form", why);
            checks.need(update.has_due_day(), "due_day", "it is missing");
            break;
        case pb::UPDATE_PROGRESS: checks.need(form == pb::FORM_NONE, "form", why); break;
        default: break;  // a newer program's
    }
    return checks.take();
}

// Everything of a notice that people read.
bool names_a_citizen(const pb::Message& message) {
    const pb::Notice& notice = message.notice();
    const auto named = [](std::string_view text) { return has_citizen_id(text); };
    return named(notice.doc_type()) || std::ranges::any_of(notice.marks(), named) ||
           std::ranges::any_of(
               notice.texts(),
               [&](const pb::Text& each) { return named(each.title()) || named(each.body()); }) ||
           std::ranges::any_of(message.attachments(),
                               [&](const pb::Attachment& each) { return named(each.name()); });
}

Result<void> check_texts(const pb::Notice& notice) {
    if (notice.texts_size() > limits::kTextsMax) return too_many("texts");
    if (notice.texts().empty() && !notice.recall()) return wrong("texts", "there is no text");
    std::set<std::string_view> languages;
    for (const pb::Text& each : notice.texts()) {
        if (auto good = shaped(each.language(), "language of a text", true, kLanguage); !good) return good;
        if (!languages.insert(each.language()).second)
            return wrong("texts", "there are two in the same language");
        if (each.body().empty()) return wrong("texts", "one of them is empty");
    }
    return {};
}

Result<void> check_notice(const pb::Message& message, bool newer) {
    const pb::Notice& notice = message.notice();
    Checks checks{newer};
    checks.shape(notice.from(), "from", true, kOffice);
    checks.need(notice.edition() > 0, "edition", "editions are numbered from 1");
    checks.need(is_document_year(notice.year()), "year", "say in which year the document has its number");
    checks.need(!notice.doc_type().empty(), "doc_type", "it is missing");
    checks.shape(notice.audience(), "audience", true,
                 [](std::string_view text) { return Audience::parse(text); });
    const auto from = Office::parse(notice.from());
    const auto audience = Audience::parse(notice.audience());
    checks.need(from && audience && from->commune == audience->commune, "audience",
                "an office addresses its own commune only");
    checks.need(notice.lifetime_s() > 0 && notice.lifetime_s() <= limits::kLifetimeMax, "lifetime_s",
                "it is missing, or more than 400 days");
    checks.need(notice.loudspeaker() <= limits::kLoudspeakerMax, "loudspeaker", "at most 24 times");
    checks.shape(notice.supersedes(), "supersedes", false, kDocumentNumber);
    const std::uint32_t year = notice.supersedes_year();
    const bool same_number = notice.supersedes() == message.head().document_number();
    checks.need(year == 0 || is_document_year(year), "supersedes_year", "it is out of range");
    checks.need(!same_number || (year != 0 && year != notice.year()), "supersedes",
                "a notice replaces itself by a higher edition");
    checks.at_most(notice.marks_size(), limits::kMarksMax, "marks");
    checks.at_most(notice.ended_size(), limits::kEndedMax, "ended");
    for (const pb::DocumentName& each : notice.ended()) {
        checks.shape(each.number(), "ended", true, kDocumentNumber);
        checks.need(is_document_year(each.year()), "ended", "a year is out of range");
    }
    checks.also(check_texts(notice));
    for (const pb::Attachment& each : message.attachments())
        checks.shape(each.language(), "language of an attachment", false, kLanguage);
    checks.fails(ErrorCode::kPersonalData, names_a_citizen(message),
                 "a number like a citizen id is in the notice, which everybody can read; leave it out");
    return checks.take();
}

Result<void> check_plan(const pb::Message& message, bool newer) {
    const auto plan = plan_of(message);
    Checks checks{newer};
    if (!plan) checks.also(std::unexpected{plan.error()});
    checks.need(!plan || plan->number > 0, "number", "plans are numbered from 1");
    checks.need(message.attachments().empty(), "attachments", "a plan has none");
    return checks.take();
}

bool is_normal(const pb::Message& message) {
    pb::Message copy = message;
    return normalize(copy) && copy.SerializeAsString() == message.SerializeAsString();
}

std::vector<std::string_view> words_of(std::string_view folded) {
    std::vector<std::string_view> words;
    while (!folded.empty())
        words.push_back(scan::take_until(folded, ' '));
    return words;
}

/// `text` without what is neither letter nor digit at its beginning.
std::string_view without_ornaments(std::string_view text) {
    while (!text.empty() && fold(text.substr(0, 1)).empty() &&
           static_cast<unsigned char>(text.front()) < 0x80)
        text.remove_prefix(1);
    return text;
}

/// The first `count` words, as they are written.
std::string_view first_words(std::string_view line, int count) {
    std::size_t end = 0;
    for (; count > 0 && end != std::string_view::npos; --count)
        end = line.find(' ', end == 0 ? 0 : end + 1);
    return line.substr(0, end);
}

// A mark stands before everything else: "TỐI MẬT kế hoạch", "MẬT: ...", "[Tối mật] ...", "mật - ...", "Độ
// mật: tối mật", or alone on its line. A title may well begin with "Mật độ" or "Mật ong".
bool begins_with_mark(std::string_view text) {
    const std::string_view title = without_ornaments(text.substr(0, text.find('\n')));
    const std::string_view one = first_words(title, 1);
    const std::string_view two = first_words(title, 2);
    const std::string folded = fold(two);
    if (folded == "toi mat" || folded == "tuyet mat") return is_secret_mark(two);
    if (folded == "do mat") return title.size() > two.size() && is_secret_mark(title.substr(two.size()));
    // "MẬT" in capitals, and "mật" with nothing but a dash, a point or an end after it.
    if (fold_tones(two) == fold_tones("mật") || two.starts_with("MẬT")) return is_secret_mark(two);
    if (fold(one) == "mat" && fold(title) == "mat") return is_secret_mark(one);
    static constexpr auto kMarks = std::to_array<std::string_view>({"mat", "toi mat", "tuyet mat"});
    const std::size_t end = title.find_first_of("]):");
    if (end == std::string_view::npos) return false;
    const std::string_view begin = title.substr(0, end);
    return std::ranges::find(kMarks, fold(begin)) != kMarks.end() && is_secret_mark(begin);
}

}  // namespace

bool is_secret_mark(std::string_view text) {
    static constexpr auto kBefore = std::to_array<std::string_view>({"bi", "bao"});
    static constexpr auto kAfter =
        std::to_array<std::string_view>({"danh", "do", "khau", "ma", "ong", "thiet", "thuong"});
    static const std::string kSecret = fold_tones("mật");
    const std::string toned = fold_tones(text);
    const std::vector<std::string_view> words = words_of(toned);
    const auto is_at = [&](std::size_t i, const auto& wanted) {
        return i < words.size() && std::ranges::find(wanted, fold(words[i])) != wanted.end();
    };
    // Without any tone "mat" may be another word: it counts at the end, and after "toi" and "tuyet".
    const bool untoned = fold(text) == toned;
    static constexpr auto kDegrees = std::to_array<std::string_view>({"toi", "tuyet"});
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool bare =
            untoned && words[i] == "mat" && (i + 1 == words.size() || (i > 0 && is_at(i - 1, kDegrees)));
        if (words[i] != kSecret && !bare) continue;
        const bool other_word = (i > 0 && is_at(i - 1, kBefore)) || is_at(i + 1, kAfter);
        if (!other_word) return true;
    }
    return false;
}

Result<void> check_secrecy(const pb::Message& message) {
    const pb::Head& head = message.head();
    const pb::Notice& notice = message.notice();
    const bool marked =
        head.secrecy() != pb::SECRECY_PUBLIC || begins_with_mark(head.title()) ||
        is_secret_mark(head.document_number()) || is_secret_mark(notice.doc_type()) ||
        std::ranges::any_of(notice.marks(), is_secret_mark) ||
        std::ranges::any_of(notice.texts(),
                            [](const pb::Text& each) {
                                return begins_with_mark(each.title()) || begins_with_mark(each.body());
                            }) ||
        std::ranges::any_of(message.plan().visits(),
                            [](const pb::Visit& each) { return begins_with_mark(each.note()); });
    if (!marked) return {};
    return fail(ErrorCode::kSecret, std::string{secret_refusal(Tongue::kVietnamese)});
}

Result<void> check(const pb::Message& message) {
    if (auto free = check_secrecy(message); !free) return free;
    if (message.version() == 0 || message.oldest_reader_version() > message.version()) {
        return fail(ErrorCode::kMalformed, "version: it is missing, or below that of its oldest reader");
    }
    if (!is_normal(message)) {
        return fail(ErrorCode::kMalformed, "a text is too long, or not in its normal form (Unicode NFC)");
    }
    const bool newer = message.version() > kVersion;
    if (auto good = check_head(message, newer); !good) return good;
    if (auto good = check_manifest(message); !good) return good;
    const bool recorded = std::ranges::any_of(
        message.attachments(), [](const pb::Attachment& each) { return !each.language().empty(); });
    if (recorded && message.head().kind() != pb::KIND_NOTICE)
        return wrong("language of an attachment", "only recordings of notices have one");
    switch (message.body_case()) {
        case pb::Message::kRequest: return check_request(message.request(), newer);
        case pb::Message::kUpdate: return check_update(message.update(), newer);
        case pb::Message::kNotice: return check_notice(message, newer);
        case pb::Message::kPlan: return check_plan(message, newer);
        case pb::Message::BODY_NOT_SET: break;
    }
    return {};
}

}  // namespace tram::admin
