// Copies are bounded: what a router lets its copies make never grows, whoever meets whom.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "daemon/routing/eta.h"
#include "daemon/routing/holders.h"
#include "daemon/routing/spray.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

std::uint32_t copies_in(const Bytes& note, Kind kind) {
    if (kind == Kind::kEta) return Holders::decode(note, 0).value_or(Holders{}).spare;
    return note.size() < 3 ? 0U : static_cast<std::uint32_t>(note.view()[1] << 8U | note.view()[2]);
}

}  // namespace

TEST_CASE("copies that may still be made never become more", "[routing]") {
    const auto kind = GENERATE(Kind::kSpray, Kind::kEta);
    const auto seed = GENERATE(range(1, 11));
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    constexpr std::size_t kNodes = 12;
    std::vector<std::unique_ptr<Router>> routers;
    for (std::size_t i = 0; i < kNodes; ++i)
        routers.push_back(make_router({.kind = kind, .node_id = eid("n" + std::to_string(i))}));
    const Letter letter{"far", 1'000'000};
    std::map<std::size_t, Bytes> notes{{0, routers[0]->begin(letter.carried({}), at(0))}};
    const auto total = [&] {
        std::uint32_t sum = 0;
        for (const auto& [node, note] : notes)
            sum += copies_in(note, kind);
        return sum;
    };
    std::uint32_t before = total();
    REQUIRE(before > 3);
    const std::uint32_t made = before;
    for (int step = 0; step < 400; ++step) {
        const std::size_t a = random() % kNodes;
        const std::size_t b = random() % kNodes;
        if (a == b || !notes.contains(a)) continue;
        const Time now = at(static_cast<std::uint64_t>(step) * kHour_ms);
        const bpv7::Eid peer = eid("n" + std::to_string(b));
        const bpv7::Eid self = eid("n" + std::to_string(a));
        const Carried carried = letter.carried(notes[a]);
        // Also when it is there already: a transfer that was cut goes on.
        if (routers[a]->judge(carried, peer, now).copy == Verdict::Copy::kNone) continue;
        const Bytes shared = routers[a]->share(carried, peer, now);
        const Bytes old = notes.contains(b) ? notes[b] : Bytes{};
        const Bytes taken = routers[b]->taken(letter.carried(old), self, shared, now);
        const Bytes given = routers[a]->given(carried, peer, now);
        REQUIRE(shared.size() <= Router::kNoteBytesMax);
        REQUIRE(taken.size() <= Router::kNoteBytesMax);
        REQUIRE(given.size() <= Router::kNoteBytesMax);
        notes[a] = given;
        notes[b] = taken;
        REQUIRE(total() <= before);
        before = total();
    }
    CHECK(notes.size() > 1);
    CHECK(notes.size() <= made + 1);
}

TEST_CASE("a cut transfer goes on without a further copy", "[routing]") {
    const auto kind = GENERATE(Kind::kSpray, Kind::kEta);
    const auto router = make_router({.kind = kind, .node_id = eid("a"), .spray_copies = 2});
    const Letter letter{"far", 15'000'000};
    Bytes note = router->begin(letter.carried({}), at(0));
    for (int i = 0; i < 3; ++i) {
        CHECK(router->judge(letter.carried(note), eid("b"), at(0)).copy != Verdict::Copy::kNone);
        note = router->given(letter.carried(note), eid("b"), at(0));
        CHECK(copies_in(router->share(letter.carried(note), eid("b"), at(0)), kind) == 0);
    }
}

TEST_CASE("notes of other kinds and nonsense are as if there were none", "[routing]") {
    const auto kind = GENERATE(Kind::kSpray, Kind::kEta, Kind::kProphet);
    const auto router = make_router({.kind = kind, .node_id = eid("a")});
    std::mt19937_64 random{7};
    const Letter letter{"far"};
    for (int i = 0; i < 2'000; ++i) {
        Buffer bytes(random() % 80);
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(random() % 4 == 0 ? 1 : random());
        const Bytes note{bytes};
        const Bytes taken = router->taken(letter.carried(i % 2 == 0 ? Bytes{} : note), eid("b"), note, at(0));
        if (kind != Kind::kProphet) CHECK(taken.size() <= Router::kNoteBytesMax);
        CHECK(router->judge(letter.carried(note), eid("far"), at(0)).copy == Verdict::Copy::kDirect);
        CHECK(router->given(letter.carried(note), eid("b"), at(0)).size() <=
              std::max<std::size_t>(note.size(), 64));
    }
}

}  // namespace tram::routing
