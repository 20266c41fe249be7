#include "daemon/routing/timetable.h"

#include <catch2/catch.hpp>

#include "daemon/routing/contact_model.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

constexpr double kDay = 24 * 3600.0;

double wall(double seconds) {
    return static_cast<double>(kWall_ms) / 1000 + seconds;
}

VisitPlan weekly() {
    return {
        {{eid("a"), eid("b"), kWall_ms, kWall_ms + kHour_ms, 7 * kDay_ms, kWall_ms + 100 * 7 * kDay_ms, 1}}};
}

}  // namespace

TEST_CASE("a repeated visit is found at any time until it ends", "[routing]") {
    Timetable timetable{node_tag(eid("x"))};
    timetable.set_plan(weekly(), std::nullopt);
    const auto pair = Timetable::pair_of(node_tag(eid("b")), node_tag(eid("a")));
    const auto visits = timetable.visits(pair, wall(50 * 7 * kDay + 7200), 28 * kDay);
    REQUIRE(visits.size() == 4);
    CHECK(visits.front().start_s == Approx(wall(51 * 7 * kDay)));
    CHECK(timetable.visits(pair, wall(101 * 7 * kDay), 28 * kDay).empty());
}

TEST_CASE("how far the plan is kept is counted", "[routing]") {
    const int kept_of_ten = GENERATE(0, 5, 10);
    Timetable timetable{node_tag(eid("a"))};
    timetable.set_plan(weekly(), wall(-kDay));
    CHECK(timetable.kept_visits().counted == 0);
    CHECK(timetable.kept_visits().part == Approx(0.85));
    for (int week = 0; week < 40; ++week) {
        const double start = wall(week * 7 * kDay);
        if (week % 10 < kept_of_ten) timetable.met(node_tag(eid("b")), start + 1200);
        timetable.settle(start + kDay);
    }
    CHECK(timetable.kept() == Approx(kept_of_ten / 10.0).margin(0.15));
    CHECK(timetable.kept_visits().counted > 5);
}

TEST_CASE("contacts teach their wait, their length and their slots", "[routing]") {
    ContactModel model{0};
    for (int week = 0; week < 12; ++week) {
        const double start = week * 7 * kDay + 3 * kDay + 9 * 3600;
        model.began(start, wall(start));
        model.ended(start + 1800);
    }
    const double now = 12 * 7 * kDay;
    CHECK(model.wait_s(now) > 3 * kDay);
    CHECK(model.wait_s(now) < 9 * kDay);
    const ContactSummary summary = model.summary(5, now);
    CHECK(length_of_code(summary.length) == Approx(1800).epsilon(0.3));
    REQUIRE(summary.slots.size() == 1);
    CHECK(summary.slots.front().slot == 3 * 12 + 4);
    CHECK(summary.slots.front().chance > 180);
}

TEST_CASE("a neighbour that stays away is expected later and later", "[routing]") {
    ContactModel model{0};
    for (int day = 1; day <= 10; ++day) {
        model.began(day * kDay, std::nullopt);
        model.ended(day * kDay + 600);
    }
    const double soon = model.wait_s(11 * kDay);
    CHECK(soon < 2 * kDay);
    CHECK(model.wait_s(60 * kDay) > 5 * soon);
}

}  // namespace tram::routing
