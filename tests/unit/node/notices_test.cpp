// Notices from an office to a village and back: what is published, what takes the place of what, what is
// proved.
#include <catch2/catch.hpp>

#include "tests/unit/node/notice_world.h"

namespace tram::node::testing {

namespace {

namespace pb = admin::pb;
using tram::test::code_of;
using Why = registry::VillageReport::Why;

std::vector<std::string> texts(const std::set<admin::Language>& languages) {
    std::vector<std::string> tags;
    for (const admin::Language& each : languages)
        tags.push_back(each.text());
    return tags;
}

}  // namespace

TEST_CASE("a notice reaches its village, is shown there, and the office has the proof", "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    CHECK(at.status(kServer) == "current");
    CHECK(at.proof().why == Why::kNotTaken);
    at.contact(kServer, kLaptop);
    CHECK(at.proof().why == Why::kOnTheWay);
    CHECK(at.proof().last_taken->node_id == "dtn://18904-lt01/");
    at.contact(kLaptop, kKiosk);
    CHECK(at.status(kKiosk) == "current");
    CHECK(at.notice(kKiosk).title == notice_draft().head().title());
    const auto readable = at.world.host(kKiosk).node().messages().readable(
        {at.notice(kKiosk).source, at.notice(kKiosk).destination, at.notice(kKiosk).known.message_id()});
    REQUIRE(readable);
    const auto piece = at.world.read(readable->token, 0, kKiosk);
    REQUIRE(piece);
    CHECK(piece->last);
    CHECK(piece->digest == at.notice(kServer).known.digest());

    at.bring_back();
    CHECK(at.proof().proof.reach == admin::Reach::kReached);
    REQUIRE(at.mark({"vi", "bru"}, {"bru"}));
    REQUIRE(at.mark({}, {"bru", "vi"}));
    at.bring_back();
    const auto proof = at.proof();
    CHECK(proof.proof.reach == admin::Reach::kAnnounced);
    CHECK(texts(proof.proof.displayed) == std::vector<std::string>{"bru", "vi"});
    CHECK(proof.proof.times == 3);
    CHECK(proof.proof.by == std::vector<std::string>{"dtn://18904-ks07/"});
    CHECK(at.proof("DH-08").why == Why::kOnTheWay);
    CHECK(at.world.custody(kServer).counters().receipts_refused == 0);
}

TEST_CASE("what is known of notices survives crashes everywhere", "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.world.mesh.crash(kServer);
    CHECK(at.status(kServer) == "current");
    CHECK(at.proof().why == Why::kNotTaken);
    at.carry();
    for (const std::size_t host : {kKiosk, kLaptop, kServer})
        at.world.mesh.crash(host);
    at.world.mesh.settle();
    CHECK(at.status(kKiosk) == "current");
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 0);  // signed once, before the crash
    REQUIRE(at.mark({"vi"}, {}));
    at.world.mesh.crash(kKiosk);
    at.bring_back();
    at.world.mesh.crash(kServer);
    CHECK(at.proof().proof.reach == admin::Reach::kDisplayed);
    const auto& notice = at.notice(kKiosk);
    CHECK(at.world.host(kKiosk).node().messages().readable(
        {notice.source, notice.destination, notice.known.message_id()}));
}

TEST_CASE("an unfinished notice was never published", "[node][notices]") {
    NoticeWorld at;
    const auto opened = at.open(notice_draft());
    REQUIRE(opened);
    CHECK(opened->edition == 1);
    if (GENERATE(true, false)) {
        at.world.mesh.crash(kServer);
        CHECK(code_of(at.finish(opened->token, opened->offset, "a voice")) == "not_found");
    } else {
        CHECK(code_of(at.finish(opened->token, opened->offset, "another")) == "bad_crc");
    }
    CHECK(at.status(kServer) == "unknown");
    CHECK(at.publish(notice_draft()));
    CHECK(at.notice(kServer).known.edition() == 1);
}

TEST_CASE("a number is published once; a further edition takes the place of the one before",
          "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    at.bring_back();
    CHECK(code_of(at.publish(notice_draft())) == "duplicate");
    CHECK(code_of(at.publish(notice_draft("08/TB-UBND"), true)) == "not_found");
    pb::Message second = notice_draft();
    second.mutable_notice()->mutable_texts(0)->set_body("Bão đổi hướng.");
    REQUIRE(at.publish(second, true));
    CHECK(at.notice(kServer).known.edition() == 2);
    CHECK(at.proof().why == Why::kNotTaken);
    CHECK(at.proof().last_heard);
    at.carry();
    CHECK(at.notice(kKiosk).known.edition() == 2);
    at.bring_back();
    CHECK(at.proof().proof.reach == admin::Reach::kReached);
    // One chunk each of the second edition, and receipts.
    for (const std::size_t host : {kKiosk, kLaptop, kServer})
        CHECK(at.world.custody(host)
                  .inventory()
                  .chunks_of(at.notice(host).former.empty() ? MessageId{} : at.notice(host).former.front())
                  .empty());
}

TEST_CASE("a receipt for an earlier edition is no forgery, and its village was heard of", "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    pb::Message second = notice_draft();
    second.mutable_head()->set_title("Ứng phó bão số 13: tin mới");
    REQUIRE(at.publish(second, true));
    at.bring_back();
    CHECK(at.world.custody(kServer).counters().receipts_refused == 0);
    CHECK(at.proof().proof.reach == admin::Reach::kNotReached);
    REQUIRE(at.proof().last_heard);
    CHECK(at.proof().last_heard->node_id == "dtn://18904-ks07/");
}

TEST_CASE("a notice ends the one that it supersedes, whichever comes first", "[node][notices]") {
    NoticeWorld at;
    pb::Message newer = notice_draft("08/TB-UBND");
    newer.mutable_notice()->set_supersedes(kNotice);
    const bool newer_first = GENERATE(true, false);
    REQUIRE(at.publish(notice_draft()));
    if (!newer_first) at.carry();
    const std::size_t before = at.stored(kKiosk);
    CHECK(before == (newer_first ? 0 : 2));  // the notice and our receipt
    at.contact(kServer, kLaptop);            // the laptop has the old one either way
    REQUIRE(at.publish(newer));
    CHECK(at.status(kServer) == "superseded");
    at.contact(kServer, kKiosk);
    CHECK(at.status(kKiosk) == (newer_first ? "heard_of" : "superseded"));
    CHECK(at.status(kKiosk, "08/TB-UBND") == "current");
    at.contact(kLaptop, kKiosk);
    CHECK(at.status(kKiosk) == (newer_first ? "superseded" : "superseded"));
    CHECK(at.status(kLaptop) == "superseded");
    for (const std::size_t host : {kKiosk, kLaptop, kServer})
        CHECK(at.notices(host).book().list({}, 2'000).size() == 1);
    CHECK(code_of(at.mark({"vi"}, {})) == "outdated");
    CHECK(code_of(at.publish(notice_draft(), true)) == "outdated");
    at.world.mesh.crash(kKiosk);
    CHECK(at.status(kKiosk) == "superseded");
}

TEST_CASE("a recall takes the texts away and stays until its time is over", "[node][notices]") {
    NoticeWorld at;
    CHECK(code_of(at.recall()) == "not_found");
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    REQUIRE(at.recall());
    CHECK(code_of(at.recall()) == "duplicate");
    at.carry();
    for (const std::size_t host : {kKiosk, kLaptop, kServer}) {
        CHECK(at.status(host) == "recalled");
        CHECK(at.notice(host).texts.empty());
        CHECK(at.notice(host).title == notice_draft().head().title());
    }
    CHECK(code_of(at.mark({"vi"}, {})) == "outdated");
    at.bring_back();
    CHECK(at.proof().proof.reach == admin::Reach::kReached);
    at.wait(6ULL * 86'400'000);
    at.wait(registry::Notices::kRemembered_ms);
    CHECK(at.status(kKiosk) == "unknown");
}

TEST_CASE("a notice ends with its lifetime, clock or not", "[node][notices]") {
    NoticeWorld at;
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    if (GENERATE(true, false)) at.world.mesh.wall().reset();
    at.world.mesh.advance(Duration{5LL * 86'400'000 - 60'000});
    for (const std::size_t host : {kKiosk, kServer}) {
        at.world.host(host).give(input::Tick{});
        CHECK(at.status(host) == "current");
    }
    at.world.mesh.advance(Duration{120'000});
    for (const std::size_t host : {kKiosk, kServer}) {
        at.world.host(host).give(input::Tick{});
        CHECK(at.status(host) == "expired");
    }
    CHECK(code_of(at.mark({"vi"}, {})) == "expired");
    CHECK(at.notices(kKiosk).book().list({}, at.world.custody(kKiosk).node_time_ms()).empty());
}

TEST_CASE("a village that is joined later signs for what is here", "[node][notices]") {
    NoticeWorld at;
    at.configure(kKiosk, {}, {});
    REQUIRE(at.publish(notice_draft()));
    at.carry();
    at.bring_back();
    CHECK(at.proof().why == Why::kOnTheWay);
    CHECK(code_of(at.mark({"vi"}, {})) == "forbidden");
    REQUIRE(at.join(kKiosk, "18904/" + kVillage));
    REQUIRE(at.join(kKiosk, "18904/dh-07"));
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 1);
    at.world.mesh.crash(kKiosk);
    at.bring_back();
    CHECK(at.proof().proof.reach == admin::Reach::kReached);
    CHECK(code_of(at.join(kKiosk, "Dân Hóa")) == "invalid_argument");
}

TEST_CASE("a notice for other villages is carried, and not signed for", "[node][notices]") {
    NoticeWorld at;
    pb::Message message = notice_draft();
    message.mutable_notice()->set_audience("xa:18904/DH-08,Khâu Slôm");
    REQUIRE(at.publish(message));
    at.carry();
    at.bring_back();
    CHECK(at.status(kKiosk) == "current");
    CHECK(at.world.custody(kKiosk).counters().receipts_sent == 0);
    CHECK(code_of(at.mark({"vi"}, {})) == "forbidden");
    CHECK(at.proof("Khâu Slôm").why == Why::kOnTheWay);
    CHECK(at.notices(kServer).book().report(at.notice(kServer).known.name(), {})->size() == 2);
}

TEST_CASE("an office in a village needs no receipt for its own screen", "[node][notices]") {
    NoticeWorld at;
    at.configure(kServer, {"18904/" + kVillage}, {kVillage});
    REQUIRE(at.publish(notice_draft()));
    CHECK(at.proof().proof.reach == admin::Reach::kReached);
    REQUIRE(at.mark({"vi"}, {}, kServer));
    CHECK(at.proof().proof.reach == admin::Reach::kDisplayed);
    CHECK(at.world.custody(kServer).counters().receipts_sent == 0);
}

}  // namespace tram::node::testing
