// Notices that must not be: in the name of others, secret, wrong, too many.
#include <catch2/catch.hpp>

#include "tests/unit/node/notice_world.h"

namespace tram::node::testing {

namespace {

namespace pb = admin::pb;
using tram::test::code_of;

}  // namespace

TEST_CASE("what cannot be published is refused, with its reason", "[node][notices]") {
    struct Case {
        const char* code;
        void (*change)(pb::Message&);
    };
    const auto bad = GENERATE(
        values<Case>({{"secret", [](auto& m) { m.mutable_head()->set_secrecy(pb::SECRECY_CONFIDENTIAL); }},
                      {"secret", [](auto& m) { m.mutable_notice()->add_marks("TỐI MẬT"); }},
                      {"personal_data",
                       [](auto& m) { m.mutable_notice()->mutable_texts(0)->set_body("số 000197000123"); }},
                      {"invalid_argument", [](auto& m) { m.mutable_head()->clear_document_number(); }},
                      {"invalid_argument", [](auto& m) { m.mutable_notice()->set_edition(2); }},
                      {"invalid_argument", [](auto& m) { m.mutable_notice()->clear_texts(); }},
                      {"invalid_argument", [](auto& m) { m = tram::test::make_request(); }},
                      {"invalid_argument", [](auto& m) { m.mutable_notice()->set_audience("xa:00901/*"); }},
                      {"forbidden",
                       [](auto& m) {
                           m.mutable_notice()->set_from("xa:00901");
                           m.mutable_notice()->set_audience("xa:00901/*");
                       }},
                      {"not_found", [](auto& m) { m.mutable_notice()->set_from("tyt:18904"); }},
                      {"expired", [](auto& m) {
                           m.mutable_notice()->clear_lifetime_s();
                           m.mutable_notice()->set_valid_until_unix_s(kWall - 1);
                       }}}));
    NoticeWorld at;
    pb::Message message = notice_draft();
    bad.change(message);
    const auto opened = at.open(message);
    CHECK(code_of(opened) == bad.code);
    for (const char* said : {"000197000123", "bão", "Bão"})
        CHECK(opened.error().message.find(said) == std::string::npos);
    CHECK(at.status(kServer) == "unknown");
    CHECK(at.stored(kServer) == 0);
}

TEST_CASE("an office's notices are published at its node only", "[node][notices]") {
    NoticeWorld at;
    CHECK(code_of(at.open(notice_draft(), false, kLaptop)) == "forbidden");
    at.world.host(kLaptop).options().offices = {
        {"tyt:18904", *bpv7::Eid::parse("dtn://18904-lt01/requests")}};
    at.world.mesh.crash(kLaptop);
    pb::Message message = notice_draft();
    message.mutable_notice()->set_from("tyt:18904");
    CHECK(at.open(message, false, kLaptop));
}

TEST_CASE("what the office need not say is filled in", "[node][notices]") {
    NoticeWorld at;
    pb::Message message = notice_draft();
    message.mutable_notice()->clear_from();
    message.mutable_notice()->clear_year();
    message.mutable_notice()->clear_lifetime_s();
    message.mutable_notice()->set_valid_until_unix_s(kWall + 3'600);
    if (GENERATE(true, false)) {
        REQUIRE(at.publish(message));
        CHECK(at.notice(kServer).from == "xa:18904");
        CHECK(at.notice(kServer).known.name().year == 2026);
        CHECK(at.notice(kServer).known.lifetime_ms() <= 3'600'000);
        CHECK(at.notice(kServer).known.lifetime_ms() > 3'500'000);
        return;
    }
    // Without a clock it must.
    at.world.host(kServer).options().clock_trusted = false;
    at.world.mesh.crash(kServer);
    CHECK(code_of(at.open(message)) == "invalid_argument");
    message.mutable_notice()->set_year(2026);
    CHECK(code_of(at.open(message)) == "invalid_argument");
    message.mutable_notice()->set_lifetime_s(3'600);
    CHECK(at.open(message));
}

TEST_CASE("nobody else's notice in the name of an office is believed", "[node][notices]") {
    NoticeWorld at;
    pb::Message message = tram::test::make_notice();
    const auto [office, code] = GENERATE(table<const char*, ErrorCode>(
        {{"xa:18904", ErrorCode::kWrongSender}, {"xa:00901", ErrorCode::kWrongSender}}));
    message.mutable_notice()->set_from(office);
    message.mutable_notice()->set_audience(std::string{office} + "/*");
    at.smuggle(kLaptop, message);
    // It comes to nothing on the laptop itself already.
    CHECK(at.world.host(kLaptop).refused(code) == 1);
    CHECK(at.stored(kLaptop) == 0);
    CHECK(at.status(kLaptop) == "unknown");
}

TEST_CASE("a forged recall changes nothing", "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    pb::Message recall = tram::test::make_notice(kNotice, 9);
    recall.mutable_notice()->set_recall(true);
    at.smuggle(kLaptop, recall);
    at.contact(kLaptop, kKiosk);
    CHECK(at.status(kLaptop) == "current");
    CHECK(at.status(kKiosk) == "current");
}

TEST_CASE("an office that nobody has named here is passed on and not shown", "[node][notices]") {
    NoticeWorld at;
    at.world.host(kServer).options().offices = {{"tyt:18904", *bpv7::Eid::parse("dtn://18904-srv/tyt")}};
    at.world.mesh.crash(kServer);
    pb::Message message = notice_draft();
    message.mutable_notice()->set_from("tyt:18904");
    REQUIRE(at.publish(message));
    at.carry();
    CHECK(at.status(kLaptop) == "unknown");
    CHECK(at.world.custody(kLaptop).counters().messages_set_aside == 1);
    REQUIRE(at.stored(kKiosk) == 1);
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 0);

    at.world.host(kKiosk).options().offices = at.world.host(kServer).options().offices;
    at.world.mesh.crash(kKiosk);
    at.world.mesh.settle();
    CHECK(at.status(kKiosk) == "current");
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 1);
}

TEST_CASE("a secret document ends at the first node that reads it", "[node][notices]") {
    NoticeWorld at;
    pb::Message message = tram::test::make_notice();
    message.mutable_head()->set_secrecy(pb::SECRECY_SECRET);
    at.smuggle(kServer, message);
    CHECK(at.world.host(kServer).refused(ErrorCode::kSecret) == 1);
    CHECK(at.stored(kServer) == 0);
    at.contact(kServer, kLaptop);
    CHECK(at.stored(kLaptop) == 0);
    for (const auto& each : at.world.host(kServer).notifications()) {
        CHECK(each.detail.find("bão") == std::string::npos);
        CHECK(each.detail.find(kNotice) == std::string::npos);
    }
}

TEST_CASE("a notice of a newer program is carried, and shown by its head", "[node][notices]") {
    NoticeWorld at;
    pb::Message message = tram::test::make_notice();
    message.set_version(admin::kVersion + 1);
    message.set_oldest_reader_version(admin::kVersion + 1);
    at.smuggle(kServer, message);
    at.carry();
    REQUIRE(at.notices(kKiosk).newer().size() == 1);
    const Notices::Newer& newer = at.notices(kKiosk).newer().begin()->second;
    CHECK(newer.head.document_number() == kNotice);
    CHECK(newer.sender == "dtn://18904-srv/");
    at.world.mesh.crash(kKiosk);
    at.world.mesh.settle();
    CHECK(at.notices(kKiosk).newer().size() == 1);
    at.wait(121ULL * 86'400'000);
    CHECK(at.notices(kKiosk).newer().empty());
}

TEST_CASE("marks name a notice that is here, a language that it has, and something that was done",
          "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    CHECK(code_of(at.mark({"hmn"}, {})) == "invalid_argument");
    CHECK(code_of(at.mark({"not a language"}, {})) == "invalid_argument");
    CHECK(code_of(at.mark({}, {})) == "invalid_argument");
    CHECK(code_of(at.mark({"vi"}, {}, kKiosk, "08/TB-UBND")) == "not_found");
    CHECK(code_of(at.mark({"vi"}, {}, kKiosk, "no number")) == "invalid_argument");
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 1);
    // Somebody may read it aloud in a language that it has no recording of.
    CHECK(at.mark({}, {"hmn"}));
}

}  // namespace tram::node::testing
