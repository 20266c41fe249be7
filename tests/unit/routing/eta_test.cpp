#include "daemon/routing/eta.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;
using Copy = Verdict::Copy;

namespace {

std::unique_ptr<Router> eta(const std::string& name) {
    return make_router({.kind = Kind::kEta, .node_id = eid(name)});
}

/// A kiosk is visited by a team each day, which is at the server each evening; a stranger is met at noon.
struct Village {
    std::unique_ptr<Router> kiosk = eta("ks");
    std::unique_ptr<Router> team = eta("lt");
    std::unique_ptr<Router> server = eta("srv");
    std::unique_ptr<Router> stranger = eta("st");
    std::uint64_t day = 0;

    void live(std::uint64_t days, bool clock = true) {
        for (const std::uint64_t end = day + days; day < end; ++day) {
            meet(*kiosk, "ks", *team, "lt", day * kDay_ms + 9 * kHour_ms, kHour_ms, clock);
            meet(*kiosk, "ks", *stranger, "st", day * kDay_ms + 12 * kHour_ms, kHour_ms / 4, clock);
            meet(*team, "lt", *server, "srv", day * kDay_ms + 17 * kHour_ms, kHour_ms, clock);
        }
    }
};

}  // namespace

TEST_CASE("eta learns who carries where, with and without a clock", "[routing]") {
    const bool clock = GENERATE(true, false);
    Village village;
    village.live(20, clock);
    const std::uint64_t morning = village.day * kDay_ms + 9 * kHour_ms;
    village.kiosk->contact_began(eid("lt"), at(morning, clock));
    village.team->contact_began(eid("ks"), at(morning, clock));
    const Letter letter{"srv", 20'000'000};
    const Bytes note = village.kiosk->begin(letter.carried({}), at(morning, clock));
    CHECK(village.kiosk->judge(letter.carried(note), eid("lt"), at(morning, clock)).copy == Copy::kUtility);
    CHECK(village.kiosk->judge(letter.carried(note), eid("st"), at(morning, clock)).copy != Copy::kUtility);
    CHECK(village.team->judge(letter.carried(note), eid("ks"), at(morning, clock)).copy != Copy::kUtility);
    CHECK(village.team->judge(letter.carried(note), eid("srv"), at(morning, clock)).copy == Copy::kDirect);
    const auto expected = village.team->expected_ms(eid("srv"), at(morning, clock));
    REQUIRE(expected);
    CHECK(*expected < 2 * kDay_ms);
}

TEST_CASE("eta gives no second copy where a known holder is as good", "[routing]") {
    Village village;
    village.live(20);
    const std::uint64_t morning = village.day * kDay_ms + 9 * kHour_ms;
    const Letter letter{"srv", 1'000'000'000};
    Bytes note = village.kiosk->begin(letter.carried({}), at(morning));
    note = village.kiosk->known_at(letter.carried(note), eid("lt"), at(morning));
    const auto other = eta("l2");
    // Another team that is no better than the first.
    for (std::uint64_t day = 0; day < 20; ++day)
        meet(*other, "l2", *village.server, "srv", day * kDay_ms + 17 * kHour_ms, kHour_ms);
    meet(*other, "l2", *village.kiosk, "ks", morning + kHour_ms, kHour_ms);
    note = village.kiosk->given(letter.carried(note), eid("st"), at(morning + 2 * kHour_ms));
    CHECK(village.kiosk->judge(letter.carried(note), eid("l2"), at(morning + 2 * kHour_ms)).copy ==
          Copy::kNone);
    // When the first should have arrived and no receipt has come, it no longer counts.
    const std::uint64_t later = morning + 5 * kDay_ms + 3 * kHour_ms;
    CHECK(village.kiosk->judge(letter.carried(note), eid("l2"), at(later)).copy == Copy::kUtility);
}

TEST_CASE("eta makes many copies of what is small and few of what is large", "[routing]") {
    const auto router = eta("a");
    const auto copies = [&](std::uint64_t bytes) {
        const Letter letter{"far", bytes};
        Bytes note = router->begin(letter.carried({}), at(0));
        int count = 0;
        for (; count < 200; ++count) {
            const bpv7::Eid peer = eid("p" + std::to_string(count));
            if (router->judge(letter.carried(note), peer, at(0)).copy == Copy::kNone) break;
            note = router->given(letter.carried(note), peer, at(0));
        }
        return count;
    };
    CHECK(copies(10'000) > 15);
    CHECK(copies(1'000'000) > copies(10'000'000));
    CHECK(copies(20'000'000) >= 1);
    CHECK(copies(20'000'000) <= 3);
}

TEST_CASE("what is offered is worth there what it is worth once it is there", "[routing]") {
    Village village;
    village.live(20);
    const Time morning = at(village.day * kDay_ms + 9 * kHour_ms);
    const Letter letter{"srv", GENERATE(10'000, 20'000'000)};
    Bytes note = village.kiosk->begin(letter.carried({}), morning);
    if (GENERATE(false, true)) note = village.kiosk->known_at(letter.carried(note), eid("st"), morning);
    const Bytes shared = village.kiosk->share(letter.carried(note), eid("lt"), morning);
    CHECK(shared.size() <= Router::kNoteBytesMax);
    const Bytes taken = village.team->taken(letter.carried({}), eid("ks"), shared, morning);
    const double worth = village.team->worth(letter.carried(taken), morning);
    CHECK(worth > 0);
    // The giver's estimate is not quite that of the taker.
    const double offered = village.team->worth_offered(letter.bytes, shared, morning);
    CHECK(offered > worth / 4);
    CHECK(offered < worth * 4);
    // To somebody else it says nothing, and neither does nonsense.
    CHECK(village.server->worth_offered(letter.bytes, shared, morning) == 0);
    for (std::size_t length = 0; length < shared.size(); ++length) {
        const double cut = village.team->worth_offered(letter.bytes, shared.view().first(length), morning);
        CHECK(cut >= 0);
    }
}

TEST_CASE("what is there sooner is worth more, and a letter more than a scan", "[routing]") {
    Village village;
    village.live(20);
    const Time evening = at(village.day * kDay_ms + 16 * kHour_ms);
    const auto worth = [&](const std::string& to, std::uint64_t bytes) {
        const Letter letter{to, bytes};
        return village.team->worth(letter.carried({}), evening);
    };
    CHECK(worth("srv", 1'000'000) > worth("st", 1'000'000));
    CHECK(worth("srv", 10'000) > worth("srv", 1'000'000));
    CHECK(worth("srv", 10'000) < 10 * worth("srv", 1'000'000));
}

TEST_CASE("what is saved is read back to the same answers", "[routing]") {
    Village village;
    village.live(15);
    const Time now = at(village.day * kDay_ms);
    const Bytes saved = village.kiosk->save(now);
    CHECK(saved.size() <= Router::kStateBytesMax);
    const auto again = eta("ks");
    again->restore(saved);
    for (const char* name : {"srv", "lt", "st"}) {
        const auto before = village.kiosk->expected_ms(eid(name), now);
        const auto after = again->expected_ms(eid(name), now);
        REQUIRE(before);
        REQUIRE(after);
        CHECK(static_cast<double>(*after) == Approx(static_cast<double>(*before)).epsilon(0.05));
    }
    for (std::size_t length = 0; length < saved.size(); length += 7) {
        const auto half = eta("ks");
        half->restore(saved.view().first(length));
        CHECK_FALSE(half->expected_ms(eid("srv"), now));
    }
}

TEST_CASE("the state stays bounded after thousands of neighbours and a hostile peer", "[routing]") {
    const auto router = eta("a");
    for (int i = 0; i < 3'000; ++i) {
        const auto peer = eid("p" + std::to_string(i));
        const auto ms = static_cast<std::uint64_t>(i) * 60'000;
        router->contact_began(peer, at(ms));
        router->contact_ended(peer, at(ms + 30'000));
    }
    CHECK(router->save(at(3'000 * 60'000)).size() <= Router::kStateBytesMax);
    CHECK(router->greet(eid("p1"), at(3'000 * 60'000)).size() <= Router::kGossipBytesMax);
}

TEST_CASE("a plan is used before anything was learned", "[routing]") {
    const auto kiosk = eta("ks");
    VisitPlan plan;
    plan.visits.push_back(
        {eid("ks"), eid("lt"), kWall_ms + 9 * kHour_ms, kWall_ms + 10 * kHour_ms, 7 * kDay_ms, 0, 1});
    plan.visits.push_back(
        {eid("lt"), eid("srv"), kWall_ms + 17 * kHour_ms, kWall_ms + 18 * kHour_ms, 7 * kDay_ms, 0, 1});
    kiosk->set_plan(plan, at(0));
    const Letter letter{"srv", 1'000'000'000};
    const Bytes note =
        kiosk->given(letter.carried(kiosk->begin(letter.carried({}), at(0))), eid("st"), at(0));
    const Time now = at(9 * kHour_ms + 60'000);
    kiosk->contact_began(eid("lt"), now);
    CHECK(kiosk->judge(letter.carried(note), eid("lt"), now).copy == Copy::kUtility);
}

}  // namespace tram::routing
