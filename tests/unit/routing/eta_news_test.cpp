// What eta makes of a place that it does not know yet.
#include <catch2/catch.hpp>

#include "daemon/routing/eta.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;
using Copy = Verdict::Copy;

namespace {

constexpr std::uint64_t kHuge = 1'000'000'000;  // of which there are no copies to spare

std::unique_ptr<Router> eta(const std::string& name) {
    return make_router({.kind = Kind::kEta, .node_id = eid(name)});
}

}  // namespace

TEST_CASE("what a peer says of itself counts in the same contact", "[routing]") {
    const auto server = eta("18904-srv");
    const auto phone = eta("18904-ph");
    const auto kiosk = eta("18904-ks");
    for (std::uint64_t day = 0; day < 6; ++day)
        meet(*phone, "18904-ph", *kiosk, "18904-ks", day * kDay_ms, kHour_ms);
    const std::uint64_t morning = 6 * kDay_ms;
    const Letter letter{"18904-ks", kHuge};
    const Bytes note = server->begin(letter.carried({}), at(morning));
    // It has looked at what it knows a moment ago.
    CHECK(server->judge(letter.carried(note), eid("18904-ph"), at(morning)).copy != Copy::kUtility);
    meet(*server, "18904-srv", *phone, "18904-ph", morning + kHour_ms / 4, kHour_ms / 12);
    CHECK(server->judge(letter.carried(note), eid("18904-ph"), at(morning + kHour_ms / 2)).copy ==
          Copy::kUtility);
}

TEST_CASE("a guess about a node that nobody has met keeps nothing back", "[routing]") {
    const auto server = eta("18904-srv");
    const auto team = eta("18904-lt");
    const auto other = eta("18904-ks01");
    meet(*team, "18904-lt", *other, "18904-ks01", 0, kHour_ms);
    for (std::uint64_t day = 40; day < 60; ++day)
        meet(*server, "18904-srv", *team, "18904-lt", day * kDay_ms, kHour_ms);
    const Time now = at(60 * kDay_ms);
    const Letter small{"18904-ks02", 10'000};
    Bytes note = server->begin(small.carried({}), now);
    REQUIRE(server->judge(small.carried(note), eid("18904-lt"), now).copy != Copy::kNone);

    // Nor does it count as a holder beside somebody who has been there.
    for (int i = 0; i < 8; ++i)
        note = server->given(small.carried(note), eid("18904-p" + std::to_string(i)), now);
    const auto phone = eta("18904-ph");
    const auto kiosk = eta("18904-ks02");
    for (std::uint64_t week = 0; week < 8; ++week)
        meet(*phone, "18904-ph", *kiosk, "18904-ks02", week * 7 * kDay_ms, kHour_ms);
    meet(*server, "18904-srv", *phone, "18904-ph", 60 * kDay_ms + kHour_ms, kHour_ms / 12);
    const Time later = at(60 * kDay_ms + 2 * kHour_ms);
    CHECK(server->judge(Letter{"18904-ks02", kHuge}.carried(note), eid("18904-ph"), later).copy ==
          Copy::kUtility);
}

}  // namespace tram::routing
