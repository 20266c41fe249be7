#include "daemon/routing/estimator.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "proto/cbor/writer.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

constexpr Tag kSelf = 1'000;

/// Says to `knowledge`, as the node `origin` would, what its waits are.
void tell(Knowledge& knowledge, Tag origin, const std::vector<ContactSummary>& contacts) {
    ContactRecord record{.origin = origin, .area = 5, .number = 1, .contacts = contacts};
    cbor::Writer writer;
    writer.open_array(4);
    for (const std::uint64_t value : {1U, 1U, 9U})
        writer.write_unsigned(value);
    writer.open_array(1);
    record.encode(writer);
    REQUIRE(knowledge.hear(origin, writer.take(), 0));
}

}  // namespace

TEST_CASE("arrivals are those of the shortest ways, tried one by one", "[routing]") {
    const auto seed = GENERATE(range(1, 21));
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    constexpr std::size_t kNodes = 9;
    constexpr double kFar = 1e12;
    std::vector<std::vector<double>> wait(kNodes, std::vector<double>(kNodes, kFar));
    std::vector<std::vector<ContactSummary>> said(kNodes);
    for (std::size_t a = 0; a < kNodes; ++a) {
        for (std::size_t b = a + 1; b < kNodes; ++b) {
            if (random() % 3 != 0) continue;
            const auto code = static_cast<std::uint8_t>(random() % 40);
            wait[a][b] = wait[b][a] = wait_of_code(code);
            said[a].push_back({.peer = static_cast<Tag>(b + 1), .wait = code});
            said[b].push_back({.peer = static_cast<Tag>(a + 1), .wait = code});
        }
    }
    Knowledge knowledge{kSelf, kNoTag};
    for (std::size_t a = 0; a < kNodes; ++a)
        tell(knowledge, static_cast<Tag>(a + 1), said[a]);
    for (std::size_t via = 0; via < kNodes; ++via) {
        for (std::size_t a = 0; a < kNodes; ++a) {
            for (std::size_t b = 0; b < kNodes; ++b)
                wait[a][b] = std::min(wait[a][b], wait[a][via] + wait[via][b]);
        }
    }
    Estimator estimator;
    estimator.build(knowledge, Timetable{kSelf}, 50, std::nullopt);
    for (std::size_t a = 0; a < kNodes; ++a) {
        const auto arrivals = estimator.from(static_cast<Tag>(a + 1), kNoTag, {}, 50);
        for (std::size_t b = 0; b < kNodes; ++b) {
            if (a == b) continue;
            const auto found = estimator.to(arrivals, static_cast<Tag>(b + 1), kNoTag, 50);
            REQUIRE(found.has_value() == (wait[a][b] < Estimator::kLongestSeconds));
            if (found) REQUIRE(*found == Approx(wait[a][b]));
        }
    }
}

TEST_CASE("the wait for planned visits is the mean over what may happen", "[routing]") {
    const auto seed = GENERATE(range(1, 9));
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    VisitPlan plan;
    std::vector<std::pair<double, double>> slots;  // start, chance
    std::uint64_t start_ms = kHour_ms;
    for (int i = 0; i < 30; ++i) {
        start_ms += kHour_ms * (1 + random() % 20);
        const double chance = 0.3 + 0.1 * static_cast<double>(random() % 7);
        plan.visits.push_back(
            {eid("a"), eid("b"), kWall_ms + start_ms, kWall_ms + start_ms + kHour_ms, 0, 0, chance});
        slots.emplace_back(static_cast<double>(start_ms) / 1000, chance);
        start_ms += 2 * kHour_ms;
    }
    Timetable timetable{kSelf};
    timetable.set_plan(plan, static_cast<double>(kWall_ms) / 1000);
    const double kept = timetable.kept();
    Estimator estimator;
    estimator.build(Knowledge{kSelf, kNoTag}, timetable, 0, static_cast<double>(kWall_ms) / 1000);
    const auto found =
        estimator.to(estimator.from(node_tag(eid("a")), kNoTag, {}, 0), node_tag(eid("b")), kNoTag, 0);
    REQUIRE(found);

    // A pair that was never met: chance meetings at a fifth of once in 60 days until the last planned visit.
    constexpr double kUnmet = 60 * 24 * 3600.0;
    std::exponential_distribution<double> chance_meeting{0.2 / kUnmet};
    std::uniform_real_distribution<double> unit{0, 1};
    double sum = 0;
    constexpr int kTries = 100'000;
    for (int i = 0; i < kTries; ++i) {
        double first = slots.back().first + kUnmet;
        if (const double meeting = chance_meeting(random); meeting < slots.back().first) first = meeting;
        for (const auto& [start, chance] : slots) {
            if (unit(random) < chance * kept) first = std::min(first, start);
        }
        sum += first;
    }
    CHECK(*found == Approx(sum / kTries).epsilon(0.03));
}

TEST_CASE("a visit that is not planned again counts for a week when it is missed", "[routing]") {
    VisitPlan plan;
    plan.visits.push_back({eid("a"), eid("b"), kWall_ms + kHour_ms, kWall_ms + 2 * kHour_ms, 0, 0, 0.8});
    Timetable timetable{kSelf};
    timetable.set_plan(plan, static_cast<double>(kWall_ms) / 1000);
    Estimator estimator;
    const double missed = 1 - 0.8 * timetable.kept();
    const auto at = [&](double now_s) {
        estimator.build(Knowledge{kSelf, kNoTag}, timetable, now_s, static_cast<double>(kWall_ms) / 1000);
        const auto arrivals = estimator.from(node_tag(eid("a")), kNoTag, {}, now_s);
        return *estimator.to(arrivals, node_tag(eid("b")), kNoTag, now_s);
    };
    constexpr double kWeek = 7 * 24 * 3600.0;
    CHECK(at(0) == Approx(3600 + missed * kWeek).epsilon(0.001));
    CHECK(at(3'600) == Approx(missed * kWeek).epsilon(0.001));
    // After it nothing is left but chance.
    CHECK(at(3 * 3600.0) > 2 * kWeek);
}

TEST_CASE("without a clock the plan says nothing", "[routing]") {
    Timetable timetable{kSelf};
    timetable.set_plan({{{eid("a"), eid("b"), kWall_ms + kHour_ms, kWall_ms + 2 * kHour_ms, 0, 0, 1}}},
                       std::nullopt);
    Estimator estimator;
    estimator.build(Knowledge{kSelf, kNoTag}, timetable, 0, std::nullopt);
    const auto found =
        estimator.to(estimator.from(node_tag(eid("a")), kNoTag, {}, 0), node_tag(eid("b")), kNoTag, 0);
    REQUIRE(found);
    CHECK(*found == Approx(60 * 24 * 3600.0));
}

TEST_CASE("a claim that the other side does not confirm counts half", "[routing]") {
    Knowledge knowledge{kSelf, kNoTag};
    const std::uint8_t day = code_of_wait(24 * 3600);
    tell(knowledge, 1, {{.peer = 2, .wait = code_of_wait(60)}});
    tell(knowledge, 2, {{.peer = 1, .wait = day}});
    tell(knowledge, 3, {{.peer = 4, .wait = day}});
    tell(knowledge, 4, {});
    Estimator estimator;
    estimator.build(knowledge, Timetable{kSelf}, 0, std::nullopt);
    CHECK(*estimator.to(estimator.from(1, kNoTag, {}, 0), 2, kNoTag, 0) == Approx(wait_of_code(day)));
    CHECK(*estimator.to(estimator.from(3, kNoTag, {}, 0), 4, kNoTag, 0) == Approx(2 * wait_of_code(day)));
}

TEST_CASE("a contact that goes on does not count for who holds the message", "[routing]") {
    VisitPlan plan;
    plan.visits.push_back({eid("a"), eid("b"), kWall_ms, kWall_ms + kHour_ms, 7 * kDay_ms, 0, 1});
    Timetable timetable{kSelf};
    timetable.set_plan(plan, static_cast<double>(kWall_ms) / 1000);
    Estimator estimator;
    estimator.build(Knowledge{kSelf, kNoTag}, timetable, 600, static_cast<double>(kWall_ms) / 1000);
    const Tag a = node_tag(eid("a"));
    const Tag b = node_tag(eid("b"));
    const auto counted = estimator.to(estimator.from(a, kNoTag, {}, 600), b, kNoTag, 600);
    const auto later = estimator.to(estimator.from(a, kNoTag, std::vector{b}, 600), b, kNoTag, 600);
    REQUIRE(counted);
    REQUIRE(later);
    CHECK(*counted < 6 * 24 * 3600.0);
    CHECK(*later > 6 * 24 * 3600.0);
}

TEST_CASE("a node that nobody has heard of is looked for in its area", "[routing]") {
    Knowledge knowledge{kSelf, kNoTag};
    const std::uint8_t day = code_of_wait(24 * 3600);
    tell(knowledge, 1, {{.peer = 2, .wait = day}});
    tell(knowledge, 2, {{.peer = 1, .wait = day}});
    Estimator estimator;
    estimator.build(knowledge, Timetable{kSelf}, 0, std::nullopt);
    const auto arrivals = estimator.from(1, kNoTag, {}, 0);
    CHECK(estimator.to(arrivals, 77, 5, 0).value_or(0) > wait_of_code(day));
    CHECK_FALSE(estimator.to(arrivals, 77, 6, 0));
}

}  // namespace tram::routing
