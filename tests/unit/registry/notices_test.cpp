// Notices that are known: their rows, their order, their end.
#include "daemon/registry/notices.h"

#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>

#include "tests/unit/registry/notice_samples.h"

using namespace tram;
using namespace tram::registry;
using namespace tram::test;
using Status = admin::KnownNotice::Status;

namespace {

std::vector<std::string> numbers(const std::vector<const Notice*>& notices) {
    std::vector<std::string> found;
    for (const Notice* each : notices)
        found.push_back(each->known.name().number.text());
    return found;
}

}  // namespace

TEST_CASE("a notice comes back after a restart as it was", "[registry][notices]") {
    NoticeRows rows;
    Notices before = rows.start();
    Notice notice = notice_of(make_notice(), {kOfficeNode, {1}, {2}}, {100, 50});
    notice.source = "dtn://18904-srv/";
    notice.destination = "dtn://18904/~notice";
    notice.content_bytes = 4'711;
    notice.signed_for = {village("DH-07"), village("Khâu Slôm")};
    notice.former = {{7}, {8}};
    notice.known.displayed({admin::Language::parse("bru").value()});
    before.put(notice);

    const Notices after = rows.start();
    REQUIRE(after.find(notice.known.name()) != nullptr);
    CHECK(*after.find(notice.known.name()) == notice);
    CHECK(after.find_message({1}) == after.find(notice.known.name()));
    CHECK(after.find_message({9}) == nullptr);
    CHECK(notice.texts.size() == 2);
    CHECK(notice.recordings == std::vector{admin::Language::parse("bru").value()});
}

TEST_CASE("a higher edition takes the row, and the message, of the lower one", "[registry][notices]") {
    NoticeRows rows;
    Notices notices = rows.start();
    Notice notice = notice_of(make_notice(), {kOfficeNode, {1}, {2}}, {100, 0});
    notices.put(notice);
    REQUIRE(notice.known.take(make_notice("07/CĐ-UBND", 2), {kOfficeNode, {3}, {4}}, {200, 0}));
    notices.put(notice);
    CHECK(notices.size() == 1);
    CHECK(rows.rows.size() == 1);
    CHECK(notices.find_message({1}) == nullptr);
    CHECK(notices.find_message({3})->known.edition() == 2);
}

TEST_CASE("notices are listed newest first, searched without tones, ended ones when asked for",
          "[registry][notices]") {
    NoticeRows rows;
    Notices notices = rows.start();
    const auto add = [&](const std::string& number, const std::string& title, std::uint64_t at_ms) {
        auto message = make_notice(number);
        message.mutable_head()->set_title(title);
        message.mutable_head()->set_urgency(number.starts_with("11") ? pb::URGENCY_TIMED_EXPRESS
                                                                     : pb::URGENCY_NORMAL);
        notices.put(notice_of(message, proof_for(number), {at_ms, 0}));
    };
    add("07/CĐ-UBND", "Ứng phó bão số 13", 100);
    add("08/TB-UBND", "Họp thôn Hoá Sơn", 300);
    add("09/TB-UBND", "Họp bản Hóa Lương", 200);
    Notice old = *notices.find(name_of("07/CĐ-UBND"));
    old.known.supersede(name_of("08/TB-UBND"));
    notices.put(old);
    notices.put({.known = admin::KnownNotice::heard_of(name_of("10/TB-UBND"))});

    CHECK(numbers(notices.list({}, 400)) == std::vector<std::string>{"08/TB-UBND", "09/TB-UBND"});
    CHECK(notices.list({.ended = true}, 400).size() == 3);
    CHECK(notices.list({.search = "hoa"}, 400).size() == 2);
    CHECK(numbers(notices.list({.search = "bao so", .ended = true}, 400)) ==
          std::vector<std::string>{"07/CĐ-UBND"});
    CHECK(notices.list({.search = "cong dien 08", .ended = true}, 400).size() == 1);
    CHECK(notices.list({.search = "ong dien", .ended = true}, 400).empty());
    CHECK(numbers(notices.list({.search = "08 tb"}, 400)) == std::vector<std::string>{"08/TB-UBND"});
    CHECK(notices.list({.count = 1}, 400).size() == 2);
    const std::string first = Notices::key_of(name_of("08/TB-UBND"));
    CHECK(numbers(notices.list({.after = first}, 400)) == std::vector<std::string>{"09/TB-UBND"});
    CHECK(notices.list({.after = Notices::key_of(name_of("09/TB-UBND"))}, 400).empty());
    add("11/TB-UBND", "Lũ quét", 50);
    CHECK(numbers(notices.list({}, 400)).front() == "11/TB-UBND");
    CHECK(notices.list({}, kLifetime_ms + 400).empty());
}

TEST_CASE("one number may be of several years and offices", "[registry][notices]") {
    NoticeRows rows;
    Notices notices = rows.start();
    auto message = make_notice();
    message.mutable_notice()->set_year(2025);
    notices.put(notice_of(message, {kOfficeNode, {1}, {1}}, {300, 0}));
    notices.put(notice_of(make_notice(), {kOfficeNode, {2}, {2}}, {100, 0}));
    notices.put(notice_of(make_notice(), {"dtn://18904-tyt/", {3}, {3}}, {200, 0}));
    const auto found = notices.find_number(admin::DocumentNumber::parse("07/CĐ-UBND").value());
    REQUIRE(found.size() == 3);
    CHECK(found[0]->known.name().issuer_node == "dtn://18904-tyt/");
    CHECK(found[2]->known.name().year == 2025);
}

TEST_CASE("what has ended is forgotten later, and what was only heard of with its successor",
          "[registry][notices]") {
    NoticeRows rows;
    Notices notices = rows.start();
    notices.put(notice_of(make_notice("08/TB-UBND"), proof_for("08/TB-UBND"), {100, 0}));
    Notice heard{.known = admin::KnownNotice::heard_of(name_of("07/CĐ-UBND"))};
    heard.known.supersede(name_of("08/TB-UBND"));
    notices.put(heard);

    notices.expire(kLifetime_ms + 100 + Notices::kRemembered_ms - 1);
    CHECK(notices.size() == 2);
    CHECK(notices.find(name_of("08/TB-UBND"))->known.status(kLifetime_ms + 100) == Status::kExpired);
    notices.expire(kLifetime_ms + 100 + Notices::kRemembered_ms);
    CHECK(notices.find(name_of("08/TB-UBND")) == nullptr);
    notices.expire(kLifetime_ms + 101 + Notices::kRemembered_ms);
    CHECK(notices.size() == 0);
    CHECK(rows.rows.empty());
}

TEST_CASE("one office cannot fill the memory of a node; what has ended makes room", "[registry][notices]") {
    NoticeRows rows;
    Notices notices = rows.start();
    for (std::size_t i = 0; i < Notices::kOfOneIssuerMax; ++i) {
        const std::string number = std::to_string(1000 + i) + "/TB-UBND";
        REQUIRE(notices.make_room(name_of(number), 100));
        notices.put(notice_of(make_notice(number), proof_for(number), {100 + i, 0}));
    }
    CHECK(code_of(notices.make_room(name_of("07/CĐ-UBND"), 200)) == "full");
    CHECK(notices.make_room(name_of("1000/TB-UBND"), 200));
    CHECK(notices.make_room({"dtn://18904-tyt/", 2026, name_of("07/CĐ-UBND").number}, 200));
    REQUIRE(notices.make_room(name_of("07/CĐ-UBND"), kLifetime_ms + 100));
    CHECK(notices.find(name_of("1000/TB-UBND")) == nullptr);
    CHECK(notices.size() == Notices::kOfOneIssuerMax - 1);
}

TEST_CASE("a damaged notice is said, and stays", "[registry][notices]") {
    google::protobuf::LogSilencer silence;
    NoticeRows rows;
    Notices before = rows.start();
    before.put(notice_of(make_notice(), proof_for("x"), {100, 0}));
    const auto& [name, value] = *rows.rows.begin();
    Notices notices{[](std::string, Bytes) {}, [](const std::string&) {}};
    CHECK(code_of(notices.restore_state("notice/00", value)) == "corrupt");
    for (std::size_t length = 0; length < 40; ++length)
        CHECK_FALSE(notices.restore_state(name, ByteView{value}.first(length)));
    CHECK(code_of(notices.restore_state("proof/00", value)) == "corrupt");
    CHECK(code_of(notices.restore_state("village/dh-07", value)) == "corrupt");
    CHECK(notices.restore_state("request/77", {}));
    CHECK(notices.size() == 0);
}
