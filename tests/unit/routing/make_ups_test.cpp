#include "daemon/routing/make_ups.h"

#include <catch2/catch.hpp>

#include "daemon/routing/outlook.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

constexpr double kDay = MakeUps::kDaySeconds;
constexpr Tag kKiosk = 7;
constexpr Tag kOther = 8;

/// The team that visits and the office that it comes from. The visit of each week on its second day at 08:00
/// has taken place for five weeks.
struct Teams {
    Teams() {
        VisitPlan plan;
        plan.visits.push_back({eid("lt"), eid("ks"), kWall_ms + kDay_ms + 8 * kHour_ms,
                               kWall_ms + kDay_ms + 10 * kHour_ms, 7 * kDay_ms, 0, 0.8});
        team.set_plan(plan, Moment{at(0)});
        office.set_plan(plan, Moment{at(0)});
        for (std::uint64_t week = 0; week < 5; ++week) {
            visit(week);
            meet(week * 7 * kDay_ms + 5 * kDay_ms);
        }
    }
    void visit(std::uint64_t week) {
        const std::uint64_t start = (week * 7 + 1) * kDay_ms + 8 * kHour_ms;
        team.contact_began(node_tag(eid("ks")), Moment{at(start)});
        team.contact_ended(node_tag(eid("ks")), Moment{at(start + kHour_ms)});
    }
    /// The two meet, and tell each other what they know.
    void meet(std::uint64_t at_ms) {
        const Moment now{at(at_ms)};
        team.contact_began(office.self(), now);
        office.contact_began(team.self(), now);
        const auto records = team.hear(office.self(), office.greet(team.self()), now);
        REQUIRE(records);
        REQUIRE(office.hear(team.self(), *records, now));
        team.contact_ended(office.self(), now);
        office.contact_ended(team.self(), now);
    }
    [[nodiscard]] double expected_days(const Outlook& who, std::uint64_t at_ms) const {
        return who.expected_s(team.self(), eid("ks"), Moment{at(at_ms)}).value_or(1e9) / kDay;
    }
    Outlook team{eid("lt")};
    Outlook office{eid("srv")};
};

}  // namespace

TEST_CASE("a missed visit may be made up on each of the next days", "[routing]") {
    MakeUps visits;
    visits.missed(kKiosk, 10 * kDay);
    visits.missed(kOther, 11 * kDay);
    CHECK(visits.times(kKiosk, 10.5 * kDay) == std::vector{11 * kDay, 12 * kDay, 13 * kDay});
    CHECK(visits.times(kKiosk, 11.1 * kDay).size() == 3);
    CHECK(visits.times(kKiosk, 11.2 * kDay) == std::vector{12 * kDay, 13 * kDay});
    CHECK(visits.peers().size() == 2);
    SECTION("and has been once they met") {
        visits.met(kKiosk, 12 * kDay);
        CHECK(visits.times(kKiosk, 12 * kDay).empty());
        CHECK(visits.peers() == std::vector{kOther});
    }
    SECTION("and not any more after that") {
        visits.settle(13.2 * kDay);
        CHECK(visits.times(kKiosk, 13.2 * kDay).empty());
        CHECK(visits.peers() == std::vector{kOther});
    }
    SECTION("and what was before it says nothing") {
        visits.met(kKiosk, 9 * kDay);
        CHECK(visits.peers().size() == 2);
    }
    SECTION("however many are missed, few are kept") {
        for (int i = 0; i < 1'000; ++i)
            visits.missed(kKiosk, 20 * kDay + i);
        CHECK(visits.times(kKiosk, 20 * kDay).size() == MakeUps::kMissedMax * MakeUps::kDays);
        CHECK(visits.times(kOther, 11 * kDay).empty());
    }
}

TEST_CASE("how often missed visits are made up is counted", "[routing]") {
    const int of_ten = GENERATE(0, 5, 10);
    MakeUps visits;
    for (int week = 0; week < 60; ++week) {
        visits.missed(kKiosk, 7 * week * kDay);
        if (week % 10 < of_ten) visits.met(kKiosk, (7 * week + 1) * kDay);
        visits.settle((7 * week + 5) * kDay);
    }
    const double on_no_day = (1 - visits.chance()) * (1 - visits.chance()) * (1 - visits.chance());
    CHECK(1 - on_no_day == Approx(of_ten / 10.0).margin(0.12));
}

TEST_CASE("who has missed a visit tells, and is taken for on the way there", "[routing]") {
    Teams teams;
    const std::uint64_t day = (5 * 7 + 1) * kDay_ms;
    const std::uint64_t evening = day + 17 * kHour_ms;
    const std::uint64_t morning = day + kDay_ms + 6 * kHour_ms;
    SECTION("it was missed") {
        teams.meet(evening);
        CHECK(teams.expected_days(teams.team, morning) < 4.5);
        CHECK(teams.expected_days(teams.office, morning) < 4.5);
        // Not for ever.
        CHECK(teams.expected_days(teams.office, morning + 7 * kDay_ms) > 5);
    }
    SECTION("it took place") {
        teams.visit(5);
        teams.meet(evening);
        CHECK(teams.expected_days(teams.office, morning) > 5);
    }
    SECTION("it was missed, and nobody has heard of it") {
        CHECK(teams.expected_days(teams.office, morning) > 5);
    }
}

}  // namespace tram::routing
