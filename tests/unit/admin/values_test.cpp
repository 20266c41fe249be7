#include "proto/admin/values.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "proto/admin/receipt.h"
#include "tests/unit/admin/json_text.h"
#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

std::vector<std::string> sample_lines() {
    std::vector<std::string> lines;
    const char* shared = std::getenv("TRAM_SHARED");
    if (shared == nullptr) return lines;
    std::ifstream file{std::string{shared} + "/data/messages.jsonl"};
    for (std::string line; std::getline(file, line);)
        if (!line.empty()) lines.push_back(line);
    return lines;
}

/// What the samples leave out: contents of attachments, and what an office adds when it issues.
void complete(pb::Message& message) {
    for (pb::Attachment& each : *message.mutable_attachments())
        each.set_sha256(std::string(32, 'h'));
    if (message.has_update()) {
        message.mutable_update()->set_from("xa:18904");
        message.mutable_update()->set_sequence(1);
    }
    if (message.has_notice()) {
        message.mutable_notice()->set_edition(1);
        message.mutable_notice()->set_year(2026);
        message.mutable_notice()->set_lifetime_s(86'400);
    }
}

void complete(pb::Receipt& receipt) {
    receipt.set_message_id(std::string(16, 'i'));
    receipt.set_message_digest(std::string(32, 'd'));
    receipt.set_source("dtn://18904-ks07/");
    if (receipt.holder().empty()) receipt.set_holder(kOfficeNode);
    if (receipt.evidence() != pb::EVIDENCE_NONE) receipt.set_evidence_digest(std::string(32, 'e'));
}

}  // namespace

TEST_CASE("no field of the sample messages is lost", "[admin][values]") {
    const std::vector<std::string> lines = sample_lines();
    if (lines.empty()) {
        WARN("the shared sample messages are not here: skipped");
        return;
    }
    REQUIRE(lines.size() == 25);
    for (const std::string& line : lines) {
        CAPTURE(line);
        const boost::json::value json = boost::json::parse(line);
        const pb::Value value = value_of_json(json);
        if (json.at("kind") == "receipt") {
            auto receipt = receipt_from_value(value);
            REQUIRE(code_of(receipt) == "good");
            pb::Receipt carried;
            REQUIRE(carried.ParseFromString(receipt->SerializeAsString()));
            CHECK(json_of_value(value_of(carried)) == json);
            complete(carried);
            const auto typed = receipt_from(carried);
            INFO((typed ? "" : typed.error().message));
            CHECK(typed.has_value());
        } else {
            auto message = message_from_value(value);
            REQUIRE(code_of(message) == "good");
            auto carried = decode_message(*encode_message(*message));
            REQUIRE(code_of(carried) == "good");
            CHECK(json_of_value(value_of(*carried)) == json);
            complete(*carried);
            REQUIRE(code_of(normalize(*carried)) == "good");
            const auto checked = check(*carried);
            INFO((checked ? "" : checked.error().message));
            CHECK(checked.has_value());
        }
    }
}

TEST_CASE("every field of a message comes back from its open data", "[admin][values]") {
    std::vector<pb::Message> messages{make_request(), make_update(4, pb::STATE_IN_PROGRESS), make_notice()};
    pb::Request& request = *messages[0].mutable_request();
    request.set_procedure_version(3);
    request.set_created_unix_s(1'795'000'000);
    request.set_note("ghi chú\nhai dòng");
    request.set_purpose(pb::PURPOSE_SUPPLEMENT);
    request.set_part(2);
    request.mutable_answers()->set_issuer_epoch(1);
    request.mutable_answers()->set_sequence(7);
    messages[0].mutable_head()->set_dossier_code(kCode);
    messages[0].mutable_head()->set_urgency(pb::URGENCY_URGENT);
    pb::Update& update = *messages[1].mutable_update();
    update.set_issuer_epoch(2);
    update.set_kind(pb::UPDATE_DELAY);
    update.set_form(pb::FORM_APOLOGY);
    update.set_reason("lý do");
    update.add_need("ban_chinh");
    update.set_respond_by_day(20'800);
    update.set_reply_to("xa");
    update.set_hand_over(pb::HAND_OVER_POST);
    update.set_need_presence(true);
    update.set_due_day(20'801);
    update.set_issued_unix_s(1'795'000'001);
    attach(messages[1], "phieu.pdf", "application/pdf", "paper");
    pb::Notice& notice = *messages[2].mutable_notice();
    notice.set_valid_until_unix_s(1'795'000'002);
    notice.set_loudspeaker(3);
    notice.set_require_ack(true);
    notice.set_supersedes("06/CĐ-UBND");
    notice.set_supersedes_year(2025);
    notice.set_recall(true);
    notice.add_marks("THU HỒI");
    notice.set_issued_unix_s(1'795'000'003);
    notice.mutable_texts(1)->set_title("title");
    notice.mutable_texts(0)->set_language("hmn");

    for (const pb::Message& message : messages) {
        const pb::Value value = value_of(message);
        CAPTURE(boost::json::serialize(json_of_value(value)));
        const auto again = message_from_value(value_of_json(json_of_value(value)));
        REQUIRE(code_of(again) == "good");
        CHECK(again->SerializeAsString() == message.SerializeAsString());
    }
}

TEST_CASE("open data that is not understood is refused with its key", "[admin][values]") {
    const auto [json, key] = GENERATE(table<std::string, std::string>({
        {R"({"kind":"request","colour":"red"})", "colour"},
        {R"({"kind":"letter"})", "kind"},
        {R"({})", "kind"},
        {R"([])", "kind"},
        {R"({"kind":"request","channel":"one"})", "channel"},
        {R"({"kind":"request","channel":-1})", "channel"},
        {R"({"kind":"request","local_no":5})", "local_no"},
        {R"({"kind":"request","created":"yesterday"})", "created"},
        {R"({"kind":"request","subject":"x"})", "subject"},
        {R"({"kind":"request","att":{}})", "att"},
        {R"({"kind":"request","att":[{"name":"a","colour":1}]})", "att: colour"},
        {R"({"kind":"request","att":[{"name":"a","sha256":"xyz"}]})", "att: sha256"},
        {R"({"kind":"request","purpose":"fun"})", "purpose"},
        {R"({"kind":"request","proc":"x"})", "proc"},
        {R"({"kind":"result","form":"Mẫu 99"})", "form"},
        {R"({"kind":"result","file":{"type":"pdf","size":1}})", "file: size"},
        {R"({"kind":"supplement","respond_by":"2026-02-30"})", "respond_by"},
        {R"({"kind":"supplement","need":[1]})", "need"},
        {R"({"kind":"notice","texts":[{"language":"vi"}]})", "texts: language"},
        {R"({"kind":"notice","audio":[5]})", "audio"},
    }));
    CAPTURE(json);
    const auto message = message_from_value(value_of_json(boost::json::parse(json)));
    REQUIRE_FALSE(message.has_value());
    CHECK(message.error().code == ErrorCode::kInvalidArgument);
    CHECK(message.error().message.find(key) != std::string::npos);
}

TEST_CASE("a transport receipt in open data is not given another name", "[admin][values]") {
    const auto read = [](const std::string& type, const std::string& name) {
        return receipt_from_value(value_of_json(boost::json::parse(R"({"kind":"receipt","type":")" + type +
                                                                   R"(","text_vi":")" + name + R"("})")));
    };
    const std::string official = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả";
    CHECK(code_of(read("official", official)) == "good");
    for (const std::string type : {"custody", "delivered", "displayed", "announced", "handed_over"})
        CHECK(code_of(read(type, official)) == "invalid_argument");
    CHECK(code_of(read("stamped", "")) == "invalid_argument");
}
