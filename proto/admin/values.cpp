#include "proto/admin/values.h"

#include <algorithm>
#include <array>

#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/value_fields.h"
#include "proto/admin/words.h"

namespace tram::admin {

namespace {

// A number of an enum and its word in JSON.
struct Named {
    int number;
    std::string_view name;
};

constexpr auto kPurposes = std::to_array<Named>(
    {{pb::PURPOSE_NEW, ""}, {pb::PURPOSE_SUPPLEMENT, "supplement"}, {pb::PURPOSE_WITHDRAWAL, "withdrawal"}});
constexpr auto kHandOvers = std::to_array<Named>({{pb::HAND_OVER_UNSPECIFIED, ""},
                                                  {pb::HAND_OVER_KIOSK, "kiosk"},
                                                  {pb::HAND_OVER_IN_PERSON, "truc_tiep"},
                                                  {pb::HAND_OVER_POST, "buu_chinh"}});
constexpr auto kUpdateKinds = std::to_array<Named>({{pb::UPDATE_PROGRESS, "progress"},
                                                    {pb::UPDATE_SUPPLEMENT, "supplement"},
                                                    {pb::UPDATE_RESULT, "result"},
                                                    {pb::UPDATE_REFUSAL, "result"},
                                                    {pb::UPDATE_DELAY, "delay"}});
constexpr auto kFormNames = std::to_array<Named>({{pb::FORM_NONE, ""},
                                                  {pb::FORM_ACCEPTANCE, "Mẫu 01"},
                                                  {pb::FORM_SUPPLEMENT, "Mẫu 02"},
                                                  {pb::FORM_REFUSAL, "Mẫu 03"},
                                                  {pb::FORM_APOLOGY, "Mẫu 04"},
                                                  {pb::FORM_CONTROL, "Mẫu 05"},
                                                  {pb::FORM_REGISTER, "Mẫu 06"}});
constexpr auto kMediaTypes =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"pdf", "application/pdf"},
                                                                  {"jpg", "image/jpeg"},
                                                                  {"jpeg", "image/jpeg"},
                                                                  {"png", "image/png"},
                                                                  {"opus", "audio/ogg"},
                                                                  {"ogg", "audio/ogg"},
                                                                  {"mp3", "audio/mpeg"},
                                                                  {"txt", "text/plain"}});
constexpr std::string_view kAnyMedia = "application/octet-stream";
constexpr std::string_view kResultName = "ket_qua.";

template <typename Table>
std::string name_of(const Table& table, int number) {
    const auto* const found = std::ranges::find(table, number, &Named::number);
    return found == table.end() ? std::to_string(number) : std::string{found->name};
}

template <typename Table>
int number_of(const Table& table, FieldReader& in, std::string_view key) {
    const std::string name = in.text(key);
    const auto* const found = std::ranges::find(table, name, &Named::name);
    if (found != table.end()) return found->number;
    if (!name.empty()) in.fail_at(key, "it is not one of the words that are known");
    return 0;
}

std::string_view media_type_of(std::string_view name) {
    const std::string_view ending = name.substr(name.rfind('.') + 1);
    const auto* const found =
        std::ranges::find(kMediaTypes, ending, &std::pair<std::string_view, std::string_view>::first);
    return found == kMediaTypes.end() ? kAnyMedia : found->second;
}

std::string_view ending_of(std::string_view media_type) {
    const auto* const found =
        std::ranges::find(kMediaTypes, media_type, &std::pair<std::string_view, std::string_view>::second);
    return found == kMediaTypes.end() ? media_type : found->first;
}

std::string audio_name(std::string_view language) {
    return "audio-" + std::string{language} + ".opus";
}

void write_attachment(const pb::Attachment& from, pb::Value* to) {
    FieldWriter out{to->mutable_fields()};
    const bool audio = !from.language().empty();
    if (audio) out.text("lang", from.language());
    if (!audio || from.name() != audio_name(from.language())) out.text("name", from.name());
    out.whole("bytes", from.bytes());
    if (from.media_type() != media_type_of(from.name())) out.text("type", from.media_type());
    out.hex_if("sha256", from.sha256());
}

// With a language: recordings. Without: everything else.
void write_attachments(const pb::Message& message, bool audio, pb::List* list) {
    for (const pb::Attachment& each : message.attachments())
        if (each.language().empty() != audio) write_attachment(each, list->add_items());
}

void read_attachments(FieldReader& in, std::string_view key, bool audio, pb::Message& message) {
    const pb::List* list = in.list(key);
    if (list == nullptr) return;
    for (const pb::Value& each : list->items()) {
        FieldReader item{each.fields(), std::string{key} + ": "};
        pb::Attachment& to = *message.add_attachments();
        if (audio) to.set_language(item.text("lang"));
        to.set_name(item.text("name"));
        if (audio && to.name().empty()) to.set_name(audio_name(to.language()));
        to.set_bytes(item.whole("bytes", kAttachmentBytesMax));
        to.set_media_type(item.text("type"));
        if (to.media_type().empty()) to.set_media_type(std::string{media_type_of(to.name())});
        to.set_sha256(item.hex("sha256"));
        if (!each.has_fields()) item.fail_at("", "expected objects");
        in.also(item.finish());
    }
}

void write_texts(pb::List* list, const google::protobuf::RepeatedPtrField<std::string>& texts) {
    for (const std::string& each : texts)
        list->add_items()->set_text(each);
}

template <typename Add>
void read_texts(FieldReader& in, std::string_view key, Add add) {
    const pb::List* list = in.list(key);
    if (list == nullptr) return;
    for (const pb::Value& each : list->items()) {
        if (!each.has_text()) in.fail_at(key, "expected texts");
        add(each.text());
    }
}

std::string time_text(bool has, std::int64_t unix_s) {
    return has ? print_time(unix_s) : std::string{};
}

std::string day_text(bool has, std::int32_t day) {
    return has ? print_day(day) : std::string{};
}

void write_request(const pb::Message& message, FieldWriter& out) {
    const pb::Head& head = message.head();
    const pb::Request& request = message.request();
    out.text("kind", "request");
    out.text("local_no", head.local_number());
    out.text("proc", Procedure{request.procedure(), request.procedure_version()}.print());
    out.text("proc_name", head.title());
    out.whole("channel", static_cast<std::uint64_t>(request.channel()));
    out.text("to", request.to());
    out.text_if("from_village", request.from_village());
    out.text_if("assisted_by", request.assisted_by());
    out.text_if("lang", request.language());
    out.whole("priority", static_cast<std::uint64_t>(head.urgency()));
    out.whole_if("secrecy", static_cast<std::uint64_t>(head.secrecy()));
    out.text_if("created", time_text(request.has_created_unix_s(), request.created_unix_s()));
    out.fields("subject", request.subject());
    out.fields("form", request.form());
    write_attachments(message, false, out.list("att"));
    out.flag("consent", request.consent());
    out.text_if("note", request.note());
    out.text_if("purpose", name_of(kPurposes, request.purpose()));
    out.whole_if("part", request.part());
    out.text_if("dossier", head.dossier_code());
    if (!request.has_answers()) return;
    FieldWriter answers = out.object("answers");
    answers.whole("epoch", request.answers().issuer_epoch());
    answers.whole("seq", request.answers().sequence());
}

void read_request(FieldReader& in, pb::Message& message) {
    pb::Head& head = *message.mutable_head();
    pb::Request& request = *message.mutable_request();
    head.set_kind(pb::KIND_REQUEST);
    head.set_local_number(in.text("local_no"));
    const std::string procedure = in.text("proc");
    if (!procedure.empty()) {
        const auto parsed = Procedure::parse(procedure);
        if (!parsed) in.fail_at("proc", parsed.error().message);
        if (parsed) request.set_procedure(parsed->code);
        if (parsed) request.set_procedure_version(parsed->version);
    }
    head.set_title(in.text("proc_name"));
    request.set_channel(static_cast<pb::Channel>(in.whole("channel", INT32_MAX)));
    request.set_to(in.text("to"));
    request.set_from_village(in.text("from_village"));
    request.set_assisted_by(in.text("assisted_by"));
    request.set_language(in.text("lang"));
    if (const auto at = in.unix_s("created")) request.set_created_unix_s(*at);
    const pb::Fields* subject = in.fields("subject");
    const pb::Fields* form = in.fields("form");
    if (subject != nullptr && subject->fields_size() > 0) *request.mutable_subject() = *subject;
    if (form != nullptr && form->fields_size() > 0) *request.mutable_form() = *form;
    read_attachments(in, "att", false, message);
    request.set_consent(in.flag("consent"));
    request.set_note(in.text("note"));
    request.set_purpose(static_cast<pb::RequestPurpose>(number_of(kPurposes, in, "purpose")));
    request.set_part(static_cast<std::uint32_t>(in.whole("part")));
    head.set_dossier_code(in.text("dossier"));
    if (const pb::Fields* fields = in.fields("answers")) {
        FieldReader answers{*fields, "answers: "};
        request.mutable_answers()->set_issuer_epoch(static_cast<std::uint32_t>(answers.whole("epoch")));
        request.mutable_answers()->set_sequence(answers.whole("seq", INT64_MAX));
        in.also(answers.finish());
    }
}

// What an update is called that has no title of its own.
std::string usual_title(pb::UpdateKind kind) {
    return word(kind, Tongue::kVietnamese);
}

// {"type": "pdf", "bytes": 96211}; "none" without a file.
void write_file(const pb::Message& message, FieldWriter& out) {
    FieldWriter file = out.object("file");
    const bool none = message.attachments().empty();
    file.text("type", none ? "none" : ending_of(message.attachments(0).media_type()));
    file.whole("bytes", none ? 0 : message.attachments(0).bytes());
}

void read_file(FieldReader& in, pb::Message& message) {
    const pb::Fields* fields = in.fields("file");
    if (fields == nullptr) return;
    FieldReader file{*fields, "file: "};
    const std::string type = file.text("type");
    const std::uint64_t bytes = file.whole("bytes", kAttachmentBytesMax);
    in.also(file.finish());
    if (type == "none" || !message.attachments().empty()) return;
    pb::Attachment& attachment = *message.add_attachments();
    attachment.set_name(std::string{kResultName} + type);
    attachment.set_media_type(std::string{media_type_of(attachment.name())});
    attachment.set_bytes(bytes);
}

bool is_file_alone(const pb::Message& message) {
    return message.attachments_size() == 1 && message.attachments(0).sha256().empty() &&
           message.attachments(0).name() ==
               std::string{kResultName}.append(ending_of(message.attachments(0).media_type()));
}

void write_update(const pb::Message& message, FieldWriter& out) {
    const pb::Head& head = message.head();
    const pb::Update& update = message.update();
    const bool result = update.kind() == pb::UPDATE_RESULT || update.kind() == pb::UPDATE_REFUSAL;
    out.text("kind", name_of(kUpdateKinds, update.kind()));
    if (update.form() == pb::FORM_NONE) {
        out.add("form");
    } else {
        out.text("form", name_of(kFormNames, update.form()));
    }
    out.text("local_no", head.local_number());
    out.text("dossier", head.dossier_code());
    out.whole("state", static_cast<std::uint64_t>(update.state()));
    if (result || head.title() != usual_title(update.kind())) out.text("title", head.title());
    out.text_if("reason", update.reason());
    if (update.need_size() > 0) write_texts(out.list("need"), update.need());
    out.text_if("respond_by", day_text(update.has_respond_by_day(), update.respond_by_day()));
    out.text_if("reply_to", update.reply_to());
    if (result) write_file(message, out);
    out.text_if("hand_over", name_of(kHandOvers, update.hand_over()));
    if (result || update.need_presence()) out.flag("need_presence", update.need_presence());
    out.whole_if("priority", static_cast<std::uint64_t>(head.urgency()));
    out.whole_if("secrecy", static_cast<std::uint64_t>(head.secrecy()));
    out.text_if("from", update.from());
    out.whole_if("epoch", update.issuer_epoch());
    out.whole_if("seq", update.sequence());
    out.text_if("due", day_text(update.has_due_day(), update.due_day()));
    out.text_if("issued", time_text(update.has_issued_unix_s(), update.issued_unix_s()));
    const bool told = message.attachments().empty() || (result && is_file_alone(message));
    if (!told) write_attachments(message, false, out.list("att"));
}

void read_update(FieldReader& in, pb::UpdateKind kind, pb::Message& message) {
    pb::Head& head = *message.mutable_head();
    pb::Update& update = *message.mutable_update();
    head.set_kind(pb::KIND_UPDATE);
    update.set_form(static_cast<pb::Form>(number_of(kFormNames, in, "form")));
    const bool refusal = kind == pb::UPDATE_RESULT && update.form() == pb::FORM_REFUSAL;
    update.set_kind(refusal ? pb::UPDATE_REFUSAL : kind);
    head.set_local_number(in.text("local_no"));
    head.set_dossier_code(in.text("dossier"));
    update.set_state(static_cast<pb::DossierState>(in.whole("state", INT32_MAX)));
    head.set_title(in.text("title"));
    if (head.title().empty()) head.set_title(usual_title(update.kind()));
    update.set_reason(in.text("reason"));
    read_texts(in, "need", [&](const std::string& text) { update.add_need(text); });
    if (const auto day = in.day("respond_by")) update.set_respond_by_day(*day);
    update.set_reply_to(in.text("reply_to"));
    read_attachments(in, "att", false, message);
    read_file(in, message);
    update.set_hand_over(static_cast<pb::HandOver>(number_of(kHandOvers, in, "hand_over")));
    update.set_need_presence(in.flag("need_presence"));
    update.set_from(in.text("from"));
    update.set_issuer_epoch(static_cast<std::uint32_t>(in.whole("epoch")));
    update.set_sequence(in.whole("seq", INT64_MAX));
    if (const auto day = in.day("due")) update.set_due_day(*day);
    if (const auto at = in.unix_s("issued")) update.set_issued_unix_s(*at);
}

void write_notice(const pb::Message& message, FieldWriter& out) {
    const pb::Head& head = message.head();
    const pb::Notice& notice = message.notice();
    out.text("kind", "notice");
    out.text("doc_no", head.document_number());
    out.text("doc_type", notice.doc_type());
    out.text("from_", notice.from());
    out.whole("priority", static_cast<std::uint64_t>(head.urgency()));
    out.whole("secrecy", static_cast<std::uint64_t>(head.secrecy()));
    out.text("title", head.title());
    out.text("audience", notice.audience());
    out.text_if("valid_until", time_text(notice.has_valid_until_unix_s(), notice.valid_until_unix_s()));
    write_attachments(message, true, out.list("audio"));
    out.whole("loudspeaker", notice.loudspeaker());
    out.flag("require_ack", notice.require_ack());
    out.text_if("supersedes", notice.supersedes());
    out.whole_if("supersedes_year", notice.supersedes_year());
    out.whole_if("year", notice.year());
    out.whole_if("edition", notice.edition());
    out.whole_if("lifetime_s", notice.lifetime_s());
    if (notice.recall()) out.flag("recall", true);
    if (notice.marks_size() > 0) write_texts(out.list("marks"), notice.marks());
    out.text_if("issued", time_text(notice.has_issued_unix_s(), notice.issued_unix_s()));
    const bool others = std::ranges::any_of(
        message.attachments(), [](const pb::Attachment& each) { return each.language().empty(); });
    if (others) write_attachments(message, false, out.list("att"));
    if (notice.texts().empty()) return;
    const pb::Text& first = notice.texts(0);
    out.text("body", first.body());
    if (first.language() != Language{}.text()) out.text("lang", first.language());
    if (notice.texts_size() == 1) return;
    pb::List* texts = out.list("texts");
    for (const pb::Text& each : notice.texts()) {
        if (&each == &first) continue;
        FieldWriter text{texts->add_items()->mutable_fields()};
        text.text("lang", each.language());
        text.text_if("title", each.title());
        text.text("body", each.body());
    }
}

void read_variants(FieldReader& in, pb::Notice& notice) {
    const std::string body = in.text("body");
    const std::string language = in.text("lang");
    if (!body.empty()) {
        pb::Text& first = *notice.add_texts();
        first.set_language(language.empty() ? Language{}.text() : language);
        first.set_body(body);
    }
    const pb::List* texts = in.list("texts");
    if (texts == nullptr) return;
    for (const pb::Value& each : texts->items()) {
        FieldReader item{each.fields(), "texts: "};
        pb::Text& text = *notice.add_texts();
        text.set_language(item.text("lang"));
        text.set_title(item.text("title"));
        text.set_body(item.text("body"));
        if (!each.has_fields()) item.fail_at("", "expected objects");
        in.also(item.finish());
    }
}

void read_notice(FieldReader& in, pb::Message& message) {
    pb::Head& head = *message.mutable_head();
    pb::Notice& notice = *message.mutable_notice();
    head.set_kind(pb::KIND_NOTICE);
    head.set_document_number(in.text("doc_no"));
    notice.set_doc_type(in.text("doc_type"));
    notice.set_from(in.text("from_"));
    head.set_title(in.text("title"));
    notice.set_audience(in.text("audience"));
    if (const auto at = in.unix_s("valid_until")) notice.set_valid_until_unix_s(*at);
    read_attachments(in, "att", false, message);
    read_attachments(in, "audio", true, message);
    notice.set_loudspeaker(static_cast<std::uint32_t>(in.whole("loudspeaker")));
    notice.set_require_ack(in.flag("require_ack"));
    notice.set_supersedes(in.text("supersedes"));
    notice.set_supersedes_year(static_cast<std::uint32_t>(in.whole("supersedes_year")));
    notice.set_year(static_cast<std::uint32_t>(in.whole("year")));
    notice.set_edition(static_cast<std::uint32_t>(in.whole("edition")));
    notice.set_lifetime_s(in.whole("lifetime_s", INT64_MAX));
    notice.set_recall(in.flag("recall"));
    read_texts(in, "marks", [&](const std::string& text) { notice.add_marks(text); });
    if (const auto at = in.unix_s("issued")) notice.set_issued_unix_s(*at);
    read_variants(in, notice);
}

}  // namespace

pb::Value value_of(const pb::Message& message) {
    pb::Value value;
    FieldWriter out{value.mutable_fields()};
    switch (message.body_case()) {
        case pb::Message::kRequest: write_request(message, out); break;
        case pb::Message::kUpdate: write_update(message, out); break;
        case pb::Message::kNotice: write_notice(message, out); break;
        case pb::Message::kPlan:
        case pb::Message::BODY_NOT_SET: {
            out.text("kind", word(message.head().kind(), Tongue::kEnglish));
            out.text_if("local_no", message.head().local_number());
            out.text_if("doc_no", message.head().document_number());
            out.text("title", message.head().title());
            break;
        }
    }
    return value;
}

Result<pb::Message> message_from_value(const pb::Value& value) {
    if (!value.has_fields()) return fail(ErrorCode::kInvalidArgument, "expected an object with a kind");
    FieldReader in{value.fields()};
    const std::string kind = in.text("kind");
    pb::Message message;
    stamp(message);
    message.mutable_head()->set_urgency(static_cast<pb::Urgency>(in.whole("priority", INT32_MAX)));
    message.mutable_head()->set_secrecy(static_cast<pb::Secrecy>(in.whole("secrecy", INT32_MAX)));
    const auto* const update = std::ranges::find(kUpdateKinds, kind, &Named::name);
    if (kind == "request") {
        read_request(in, message);
    } else if (kind == "notice") {
        read_notice(in, message);
    } else if (update != kUpdateKinds.end()) {
        read_update(in, static_cast<pb::UpdateKind>(update->number), message);
    } else {
        in.fail_at("kind", "expected request, progress, supplement, result, delay or notice");
    }
    if (auto good = in.finish(); !good) return std::unexpected{std::move(good.error())};
    return message;
}

}  // namespace tram::admin
