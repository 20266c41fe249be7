#include "proto/admin/rules.h"

#include <catch2/catch.hpp>
#include <functional>

#include "proto/admin/fields.h"
#include "proto/admin/words.h"
#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

struct Case {
    std::string what;
    std::function<void(pb::Message&)> change;
    std::string code;
};

void check_cases(const pb::Message& good, const std::vector<Case>& cases) {
    REQUIRE(code_of(check(good)) == "good");
    for (const Case& each : cases) {
        pb::Message message = good;
        each.change(message);
        const auto checked = check(message);
        INFO(each.what << (checked ? "" : ": " + checked.error().message));
        CHECK(code_of(checked) == each.code);
        // What a message says stays out of what is said about it.
        if (!checked) CHECK(checked.error().message.find("Mẫu 000197000123") == std::string::npos);
    }
}

/// Values nested `depth` deep.
pb::Value nested(int depth) {
    pb::Value value;
    pb::Value* inner = &value;
    for (int i = 0; i < depth; ++i)
        inner = inner->mutable_list()->add_items();
    inner->set_text("x");
    return value;
}

void add_value(pb::Fields& fields, const std::string& name, const pb::Value& value) {
    pb::Field& field = *fields.add_fields();
    field.set_name(name);
    *field.mutable_value() = value;
}

}  // namespace

TEST_CASE("a request says what it must and nothing in another shape", "[admin][rules]") {
    using M = pb::Message;
    check_cases(
        make_request(),
        {
            {"no title", [](M& m) { m.mutable_head()->clear_title(); }, "invalid_argument"},
            {"citizen id in the title", [](M& m) { m.mutable_head()->set_title("Mẫu 000197000123"); },
             "personal_data"},
            {"title too long", [](M& m) { m.mutable_head()->set_title(std::string(401, 'x')); }, "malformed"},
            {"not NFC", [](M& m) { m.mutable_head()->set_title("Hoa\xCC\x81"); }, "malformed"},
            {"kind of another body", [](M& m) { m.mutable_head()->set_kind(pb::KIND_UPDATE); },
             "invalid_argument"},
            {"no body", [](M& m) { m.clear_request(); }, "invalid_argument"},
            {"no local number", [](M& m) { m.mutable_head()->clear_local_number(); }, "invalid_argument"},
            {"odd local number", [](M& m) { m.mutable_head()->set_local_number("18904-1"); }, "malformed"},
            {"odd dossier code", [](M& m) { m.mutable_head()->set_dossier_code("12"); }, "malformed"},
            {"a document number", [](M& m) { m.mutable_head()->set_document_number("07/TB"); },
             "invalid_argument"},
            {"unknown urgency", [](M& m) { m.mutable_head()->set_urgency(static_cast<pb::Urgency>(9)); },
             "invalid_argument"},
            {"no procedure", [](M& m) { m.mutable_request()->clear_procedure(); }, "invalid_argument"},
            {"odd procedure", [](M& m) { m.mutable_request()->set_procedure("birth"); }, "malformed"},
            {"version in the code", [](M& m) { m.mutable_request()->set_procedure("1.001193@2"); },
             "malformed"},
            {"no channel", [](M& m) { m.mutable_request()->clear_channel(); }, "invalid_argument"},
            {"unknown channel", [](M& m) { m.mutable_request()->set_channel(static_cast<pb::Channel>(9)); },
             "invalid_argument"},
            {"no office", [](M& m) { m.mutable_request()->clear_to(); }, "invalid_argument"},
            {"odd village", [](M& m) { m.mutable_request()->set_from_village("a/b"); }, "malformed"},
            {"a person who assisted", [](M& m) { m.mutable_request()->set_assisted_by("Hồ Văn Thử"); },
             "malformed"},
            {"odd language", [](M& m) { m.mutable_request()->set_language("tiếng Mông"); }, "malformed"},
            {"no consent", [](M& m) { m.mutable_request()->set_consent(false); }, "invalid_argument"},
            {"nobody", [](M& m) { m.mutable_request()->clear_subject(); }, "invalid_argument"},
            {"first with a part", [](M& m) { m.mutable_request()->set_part(1); }, "invalid_argument"},
            {"supplement without part",
             [](M& m) { m.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT); }, "invalid_argument"},
            {"first that answers", [](M& m) { m.mutable_request()->mutable_answers()->set_sequence(1); },
             "invalid_argument"},
            {"name of a field twice",
             [](M& m) {
                 add_text(*m.mutable_request()->mutable_form(), "a", "1");
                 add_text(*m.mutable_request()->mutable_form(), "a", "2");
             },
             "invalid_argument"},
            {"field without name", [](M& m) { add_text(*m.mutable_request()->mutable_form(), "", "1"); },
             "invalid_argument"},
            {"too deep", [](M& m) { add_value(*m.mutable_request()->mutable_form(), "a", nested(8)); },
             "malformed"},
            {"deep", [](M& m) { add_value(*m.mutable_request()->mutable_form(), "a", nested(7)); }, "good"},
            {"attachment with a language", [](M& m) { m.mutable_attachments(0)->set_language("bru"); },
             "invalid_argument"},
            {"empty attachment", [](M& m) { m.mutable_attachments(0)->set_bytes(0); }, "malformed"},
            {"attachment without digest", [](M& m) { m.mutable_attachments(0)->clear_sha256(); },
             "malformed"},
            {"attachment elsewhere", [](M& m) { m.mutable_attachments(0)->set_name("../etc"); }, "malformed"},
            {"huge attachment", [](M& m) { m.mutable_attachments(0)->set_bytes((1ULL << 30) + 1); },
             "too_large"},
            {"same name twice", [](M& m) { attach(m, "giay_chung_sinh.jpg", "image/jpeg", "b"); },
             "malformed"},
            {"odd media type", [](M& m) { m.mutable_attachments(0)->set_media_type("jpeg"); }, "malformed"},
            {"no version", [](M& m) { m.clear_version(); }, "malformed"},
            {"reader above writer", [](M& m) { m.set_oldest_reader_version(2); }, "malformed"},
        });
}

TEST_CASE("counts are bounded", "[admin][rules]") {
    pb::Message message = make_request();
    for (int i = 0; i < limits::kFieldsMax; ++i)
        add_text(*message.mutable_request()->mutable_form(), "f" + std::to_string(i), "x");
    CHECK(code_of(check(message)) == "good");
    add_text(*message.mutable_request()->mutable_form(), "one more", "x");
    CHECK(code_of(check(message)) == "too_large");

    message = make_request();
    for (std::size_t i = 1; i < kAttachmentsMax; ++i)
        attach(message, "f" + std::to_string(i), "image/png", "x");
    CHECK(code_of(check(message)) == "good");
    attach(message, "one more", "image/png", "x");
    CHECK(code_of(check(message)) == "too_large");

    message = make_request();
    for (int i = 0; i < 5; ++i) {
        attach(message, "f" + std::to_string(i), "image/png", "x");
        message.mutable_attachments(i)->set_bytes(kAttachmentBytesMax);
    }
    CHECK(code_of(check(message)) == "too_large");
}

TEST_CASE("an update fits its kind, and is never form 01", "[admin][rules]") {
    using M = pb::Message;
    check_cases(
        make_update(1, pb::STATE_IN_PROGRESS),
        {
            {"no sequence", [](M& m) { m.mutable_update()->clear_sequence(); }, "invalid_argument"},
            {"no state", [](M& m) { m.mutable_update()->clear_state(); }, "invalid_argument"},
            {"unknown state", [](M& m) { m.mutable_update()->set_state(static_cast<pb::DossierState>(11)); },
             "invalid_argument"},
            {"no office", [](M& m) { m.mutable_update()->clear_from(); }, "invalid_argument"},
            {"form 01", [](M& m) { m.mutable_update()->set_form(pb::FORM_ACCEPTANCE); }, "forbidden"},
            {"progress with a form", [](M& m) { m.mutable_update()->set_form(pb::FORM_REFUSAL); },
             "invalid_argument"},
            {"supplement without form", [](M& m) { m.mutable_update()->set_kind(pb::UPDATE_SUPPLEMENT); },
             "invalid_argument"},
            {"refusal in progress",
             [](M& m) {
                 m.mutable_update()->set_kind(pb::UPDATE_REFUSAL);
                 m.mutable_update()->set_form(pb::FORM_REFUSAL);
             },
             "invalid_argument"},
            {"result in progress", [](M& m) { m.mutable_update()->set_kind(pb::UPDATE_RESULT); },
             "invalid_argument"},
            {"delay without a day",
             [](M& m) {
                 m.mutable_update()->set_kind(pb::UPDATE_DELAY);
                 m.mutable_update()->set_form(pb::FORM_APOLOGY);
             },
             "invalid_argument"},
            {"supplement that needs nothing",
             [](M& m) {
                 m.mutable_update()->set_kind(pb::UPDATE_SUPPLEMENT);
                 m.mutable_update()->set_form(pb::FORM_SUPPLEMENT);
                 m.mutable_update()->set_state(pb::STATE_SUPPLEMENT_NEEDED);
             },
             "invalid_argument"},
            {"supplement",
             [](M& m) {
                 m.mutable_update()->set_kind(pb::UPDATE_SUPPLEMENT);
                 m.mutable_update()->set_form(pb::FORM_SUPPLEMENT);
                 m.mutable_update()->set_state(pb::STATE_SUPPLEMENT_NEEDED);
                 m.mutable_update()->add_need("ban_chinh");
             },
             "good"},
        });
}

TEST_CASE("a notice is for its own commune, ends, and names nobody", "[admin][rules]") {
    using M = pb::Message;
    check_cases(
        make_notice(),
        {
            {"no number", [](M& m) { m.mutable_head()->clear_document_number(); }, "invalid_argument"},
            {"a local number", [](M& m) { m.mutable_head()->set_local_number(kNumber); }, "invalid_argument"},
            {"no edition", [](M& m) { m.mutable_notice()->clear_edition(); }, "invalid_argument"},
            {"no year", [](M& m) { m.mutable_notice()->clear_year(); }, "invalid_argument"},
            {"number of last year",
             [](M& m) {
                 m.mutable_notice()->set_supersedes("07/CĐ-UBND");
                 m.mutable_notice()->set_supersedes_year(2025);
             },
             "good"},
            {"year of nobody", [](M& m) { m.mutable_notice()->set_supersedes_year(1); }, "invalid_argument"},
            {"no audience", [](M& m) { m.mutable_notice()->clear_audience(); }, "invalid_argument"},
            {"another commune", [](M& m) { m.mutable_notice()->set_audience("xa:00901/*"); },
             "invalid_argument"},
            {"no end", [](M& m) { m.mutable_notice()->clear_lifetime_s(); }, "invalid_argument"},
            {"a late end", [](M& m) { m.mutable_notice()->set_lifetime_s(limits::kLifetimeMax + 1); },
             "invalid_argument"},
            {"too loud", [](M& m) { m.mutable_notice()->set_loudspeaker(25); }, "invalid_argument"},
            {"supersedes itself", [](M& m) { m.mutable_notice()->set_supersedes("07/CĐ-UBND"); },
             "invalid_argument"},
            {"no text", [](M& m) { m.mutable_notice()->clear_texts(); }, "invalid_argument"},
            {"recall without text",
             [](M& m) {
                 m.mutable_notice()->clear_texts();
                 m.mutable_notice()->set_recall(true);
             },
             "good"},
            {"a language twice", [](M& m) { m.mutable_notice()->mutable_texts(1)->set_language("vi"); },
             "invalid_argument"},
            {"an empty text", [](M& m) { m.mutable_notice()->mutable_texts(1)->clear_body(); },
             "invalid_argument"},
            {"audio in an odd language", [](M& m) { m.mutable_attachments(0)->set_language("x"); },
             "malformed"},
            {"citizen id in the title", [](M& m) { m.mutable_head()->set_title("Mời 000197000123"); },
             "personal_data"},
            {"citizen id in a text",
             [](M& m) { m.mutable_notice()->mutable_texts(1)->set_body("000 197 000 123"); },
             "personal_data"},
            {"citizen id in another title",
             [](M& m) { m.mutable_notice()->mutable_texts(1)->set_title("000197000123"); }, "personal_data"},
            {"citizen id in a file name",
             [](M& m) { m.mutable_attachments(0)->set_name("000197000123.opus"); }, "personal_data"},
            {"citizen id in a mark", [](M& m) { m.mutable_notice()->add_marks("000197000123"); },
             "personal_data"},
            {"a telephone number",
             [](M& m) { m.mutable_notice()->mutable_texts(0)->set_body("Gọi 0912 345 678"); }, "good"},
        });
}

TEST_CASE("secret documents are refused with the sentence for it", "[admin][rules]") {
    using M = pb::Message;
    const std::vector<Case> cases{
        {"mật", [](M& m) { m.mutable_head()->set_secrecy(pb::SECRECY_CONFIDENTIAL); }, "secret"},
        {"tối mật", [](M& m) { m.mutable_head()->set_secrecy(pb::SECRECY_SECRET); }, "secret"},
        {"tuyệt mật", [](M& m) { m.mutable_head()->set_secrecy(pb::SECRECY_TOP_SECRET); }, "secret"},
        {"a level of tomorrow",
         [](M& m) {
             m.mutable_head()->set_secrecy(static_cast<pb::Secrecy>(7));
             m.set_version(9);
         },
         "secret"},
        {"in doc_type", [](M& m) { m.mutable_notice()->set_doc_type("Công điện (MẬT)"); }, "secret"},
        {"in marks", [](M& m) { m.mutable_notice()->add_marks("TỐI MẬT"); }, "secret"},
        {"in marks, decomposed", [](M& m) { m.mutable_notice()->add_marks("Ma\xCC\xA3\xCC\x82t"); },
         "secret"},
        {"in marks, without tones", [](M& m) { m.mutable_notice()->add_marks("TUYET MAT"); }, "secret"},
        {"in the number", [](M& m) { m.mutable_head()->set_document_number("07/CĐ-MẬT"); }, "secret"},
        {"before the title", [](M& m) { m.mutable_head()->set_title("[Mật] Diễn tập"); }, "secret"},
        {"before another title",
         [](M& m) { m.mutable_notice()->mutable_texts(1)->set_title("TUYỆT MẬT: Diễn tập"); }, "secret"},
        {"before the title without anything between",
         [](M& m) { m.mutable_head()->set_title("TỐI MẬT kế hoạch diễn tập"); }, "secret"},
        {"before the title with a dash", [](M& m) { m.mutable_head()->set_title("TUYỆT MẬT - diễn tập"); },
         "secret"},
        {"in capitals", [](M& m) { m.mutable_head()->set_title("MẬT – diễn tập"); }, "secret"},
        {"with a dash", [](M& m) { m.mutable_head()->set_title("mật - kế hoạch"); }, "secret"},
        {"as a field", [](M& m) { m.mutable_head()->set_title("Độ mật: Tối mật"); }, "secret"},
        {"with an asterisk", [](M& m) { m.mutable_head()->set_title("*MẬT* kế hoạch"); }, "secret"},
        {"full width", [](M& m) { m.mutable_notice()->set_doc_type("ＭẬＴ"); }, "secret"},
        {"with a hidden space", [](M& m) { m.mutable_notice()->set_doc_type("M\u200bẬT"); }, "secret"},
        {"alone", [](M& m) { m.mutable_head()->set_title("Mật"); }, "secret"},
        {"first line of a text",
         [](M& m) { m.mutable_notice()->mutable_texts(0)->set_body("TỐI MẬT\nKế hoạch diễn tập"); },
         "secret"},
        {"a password in capitals", [](M& m) { m.mutable_head()->set_title("MẬT KHẨU VNeID"); }, "good"},
        {"a loss", [](M& m) { m.mutable_head()->set_title("Tôi mất giấy tờ thì làm gì"); }, "good"},
        {"later in a text",
         [](M& m) {
             m.mutable_notice()->mutable_texts(0)->set_body("Không gửi văn bản tối mật qua hệ thống");
         },
         "good"},
        {"honey", [](M& m) { m.mutable_head()->set_title("Mật ong: giá thu mua"); }, "good"},
        {"a password", [](M& m) { m.mutable_notice()->set_doc_type("Hướng dẫn đổi mật khẩu"); }, "good"},
        {"density", [](M& m) { m.mutable_notice()->add_marks("mật độ dân cư"); }, "good"},
        {"a side, not a secret", [](M& m) { m.mutable_notice()->add_marks("MẶT TRƯỚC"); }, "good"},
    };
    check_cases(make_notice(), cases);
    pb::Message message = make_notice();
    message.mutable_head()->set_secrecy(pb::SECRECY_SECRET);
    CHECK(check(message).error().message == "từ chối: văn bản mật không được gửi qua hệ thống này");
    CHECK(check_secrecy(message).error().message == secret_refusal(Tongue::kVietnamese));
    // Requests and updates too, and whatever else a message may lack.
    pb::Message request;
    request.mutable_head()->set_secrecy(pb::SECRECY_CONFIDENTIAL);
    CHECK(code_of(check(request)) == "secret");
}

TEST_CASE("what a newer program says is let through", "[admin][rules]") {
    pb::Message message = make_update(1, static_cast<pb::DossierState>(14));
    message.mutable_update()->set_kind(static_cast<pb::UpdateKind>(40));
    CHECK(code_of(check(message)) == "invalid_argument");
    message.set_version(kVersion + 1);
    CHECK(code_of(check(message)) == "good");
    message.mutable_update()->set_form(pb::FORM_ACCEPTANCE);
    CHECK(code_of(check(message)) == "forbidden");
}
