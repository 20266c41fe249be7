// A clock that is wrong harms nobody: neither the bundles that are stored nor the peers that are right.
#include "daemon/node/wall_clock.h"

#include <catch2/catch.hpp>

#include "tests/unit/node/desk.h"

namespace tram::node::testing {

namespace {

using Verdict = WallClock::Verdict;

constexpr DtnTime kTrue{kWall_ms};
constexpr DtnTime kYear2000{1};  // what a clock at 1970 is shown as
constexpr DtnTime kYear2040{1'262'304'000'000};

WallClock::Bounds bounds() {
    return {.trusted = true, .earliest = {}, .floor = kWall - kDay, .certificate_ends = kWall + 365 * kDay};
}

Verdict verdict(std::optional<DtnTime> wall, const WallClock::Bounds& within) {
    WallClock clock;
    const Now judged = clock.judge({Instant{Duration{1}}, wall}, within);
    CHECK(judged.wall.has_value() == (clock.verdict() == Verdict::kBelieved));
    CHECK(clock.reason().empty() == (clock.verdict() == Verdict::kBelieved));
    return clock.verdict();
}

DtnTime later(identity::UnixTime seconds) {
    return {static_cast<std::uint64_t>(static_cast<std::int64_t>(kWall_ms) + seconds * 1'000)};
}

/// A server with a bundle of the kiosk's in it, one hour old, that lives for a day.
struct Office {
    Commune commune;
    Device server = commune.enrol("dtn://18904-srv/");
    Device kiosk = commune.enrol("dtn://18904-ks07/");
    Device laptop = commune.enrol("dtn://18904-lt01/");
    Desk desk{server.options(), known()};

    [[nodiscard]] identity::TrustBundle known() const {
        identity::TrustBundle trust = commune.trust(server);
        trust.certificates.push_back(kiosk.signing);
        return trust;
    }
    TransferId bring(std::uint64_t sequence) {
        const TransferId transfer = desk.arrive(
            1, signed_wire({.source = "dtn://18904-ks07/in", .sequence = sequence, .created = later(-3'600)},
                           kiosk));
        desk.settle();
        return transfer;
    }
    void pass(Duration::rep ms) {
        desk.monotonic_ms += ms;
        if (desk.wall) desk.wall = desk.wall->plus(static_cast<std::uint64_t>(ms));
        desk.give(input::Tick{});
    }
};

}  // namespace

TEST_CASE("a clock is believed inside of its bounds only", "[node][clock]") {
    CHECK(verdict(kTrue, bounds()) == Verdict::kBelieved);
    CHECK(verdict(std::nullopt, bounds()) == Verdict::kAbsent);
    CHECK(verdict(kYear2000, bounds()) == Verdict::kBehind);
    CHECK(verdict(kYear2040, bounds()) == Verdict::kBeyond);
    CHECK(verdict(later(-kDay - WallClock::kFloorSlack_s), bounds()) == Verdict::kBelieved);
    CHECK(verdict(later(-kDay - WallClock::kFloorSlack_s - 1), bounds()) == Verdict::kBehind);
    CHECK(verdict(later(365 * kDay), bounds()) == Verdict::kBelieved);
    CHECK(verdict(later(365 * kDay + 1), bounds()) == Verdict::kBeyond);

    WallClock::Bounds off = bounds();
    off.trusted = false;
    CHECK(verdict(kTrue, off) == Verdict::kSwitchedOff);
    WallClock::Bounds made_later = bounds();
    made_later.earliest = later(1);
    CHECK(verdict(kTrue, made_later) == Verdict::kBehind);
    WallClock::Bounds without = bounds();
    without.certificate_ends = 0;
    CHECK(verdict(kYear2040, without) == Verdict::kBelieved);
}

TEST_CASE("a clock that is not believed says why and what to do", "[node][clock]") {
    WallClock clock;
    clock.judge({Instant{Duration{1}}, kYear2040}, bounds());
    CHECK(clock.reason() ==
          "the clock shows 2040-01-01, but the certificate of this device ended on 2027-11-05: "
          "either the clock is wrong (set it), or the certificate must be renewed (tram device "
          "request)");
    clock.judge({Instant{Duration{1}}, kYear2000}, bounds());
    CHECK(clock.reason() == "the clock is behind 2026-11-04, and that day has been: set the clock");
}

TEST_CASE("dates are those of the calendar", "[node][clock]") {
    CHECK(date_text(0) == "1970-01-01");
    CHECK(date_text(951'782'400) == "2000-02-29");
    CHECK(date_text(kWall) == "2026-11-05");
    CHECK(date_text(-5) == "1970-01-01");
    CHECK(date_text(std::numeric_limits<identity::UnixTime>::max()) == "9999-12-31");
}

TEST_CASE("the node tells when it begins and ceases to believe the clock", "[node][clock]") {
    Office office;
    CHECK(office.desk.node->wall_clock().reason().empty());
    office.desk.wall = kYear2040;
    office.desk.give(input::Tick{});
    CHECK(office.desk.last_notice(effect::Notify::What::kClock).starts_with("the clock shows 2040-01-01"));
    CHECK(office.desk.node->identity_state() == "expired");
    office.desk.give(input::Tick{});
    CHECK(std::ranges::count(office.desk.notices, effect::Notify::What::kClock, &effect::Notify::what) == 1);
    office.desk.wall = kTrue;
    office.desk.give(input::Tick{});
    CHECK(office.desk.notices.back().what == effect::Notify::What::kClock);
    CHECK(office.desk.notices.back().detail.empty());
    CHECK(office.desk.node->identity_state() == "good");
}

TEST_CASE("no bundle expires because the clock jumps while it is stored", "[node][clock]") {
    Office office;
    office.desk.peer_up(1, "dtn://18904-lt01/");
    REQUIRE(office.desk.accepted(office.bring(1)));
    for (const DtnTime wrong : {kYear2040, kYear2000, kTrue, kYear2000, kYear2040}) {
        office.desk.wall = wrong;
        office.pass(1'000);
        CHECK(office.desk.stored() == 1);
        office.desk.restart(office.server.options(), office.known());
        CHECK(office.desk.stored() == 1);
    }
    SECTION("and it does expire when its time is over") {
        office.pass(22 * 3'600'000);
        CHECK(office.desk.stored() == 1);
        office.pass(3'600'000);
        CHECK(office.desk.stored() == 0);
    }
}

TEST_CASE("with a wrong clock no valid bundle and no valid peer is refused", "[node][clock]") {
    const DtnTime wrong = GENERATE(kYear2000, kYear2040);
    Office office;
    office.desk.wall = wrong;
    CHECK(office.desk.node->accept_chain(office.laptop.chain, office.desk.now()).value_or("") ==
          "dtn://18904-lt01/");
    office.desk.peer_up(1, "dtn://18904-lt01/");
    CHECK(office.desk.accepted(office.bring(1)));

    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://18904-ks07/in");
    office.desk.give(input::Submit{1, submission});
    const auto sent = office.desk.transmitted(1);
    REQUIRE_FALSE(sent.empty());
    CHECK_FALSE(sent.back().primary.timestamp.time.known());

    SECTION("and when the clock was set right everything works again") {
        office.desk.wall = kTrue;
        office.desk.give(input::Submit{2, submission});
        CHECK(office.desk.transmitted(1).back().primary.timestamp.time == kTrue);
        CHECK(office.desk.accepted(office.bring(2)));
    }
}

TEST_CASE("a certificate that has run out is refused only by who knows the time", "[node][clock]") {
    Office office;
    const Device old = office.commune.enrol("dtn://18904-lt09/", 0, kWall - 40 * kDay, kWall - kDay);
    const auto refused = office.desk.node->accept_chain(old.chain, office.desk.now());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kCertificateExpired);
    office.desk.wall = kYear2040;
    CHECK(office.desk.node->accept_chain(old.chain, office.desk.now()));
}

TEST_CASE("what authorities have dated is remembered: no clock may be behind it", "[node][clock]") {
    Office office;
    const identity::UnixTime issued = kWall + 50 * kDay;
    office.desk.give(input::Trust{
        1, identity::encode_trust({.certificates = {}, .lists = {office.commune.revoke({}, issued)}})});
    office.desk.give(input::Tick{});
    CHECK(office.desk.node->wall_clock().verdict() == Verdict::kBehind);
    // Also when the list itself is forgotten: the directory of the device has never seen it.
    office.desk.restart(office.server.options(), office.known());
    CHECK(office.desk.node->wall_clock().verdict() == Verdict::kBehind);
    CHECK(office.desk.node->trust().time_floor() == issued);
    office.desk.wall = later(50 * kDay);
    office.desk.give(input::Tick{});
    CHECK(office.desk.node->wall_clock().verdict() == Verdict::kBelieved);
}

}  // namespace tram::node::testing
