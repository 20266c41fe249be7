#include <catch2/catch.hpp>
#include <utility>

#include "tests/unit/node/neighbours_pair.h"

namespace tram::node::testing {

namespace {

constexpr std::uint64_t kQuota = 1'000'000;

NodeOptions options(const std::string& id, std::uint64_t quota = 20ULL << 30) {
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(id);
    made.quota_bytes = quota;
    return made;
}

void submit(Pair& pair, std::size_t end, const std::string& to, std::size_t bytes) {
    Submission letter;
    letter.destination = *bpv7::Eid::parse(to);
    letter.kind = bpv7::Kind::kRequest;
    letter.payload = Bytes{Buffer(bytes, 7)};
    pair.submit(end, letter);
}

std::uint64_t bytes(Pair& pair, std::size_t end) {
    return pair.node(end).custody().inventory().bytes();
}

std::uint64_t evicted(Pair& pair, std::size_t end) {
    return pair.node(end).custody().counters().bundles_evicted;
}

}  // namespace

TEST_CASE("one source fills its part of the room and no more", "[node][room]") {
    Pair pair{options("dtn://18904-a/"), options("dtn://18904-b/", kQuota)};
    pair.start();
    for (int i = 0; i < 20; ++i)
        submit(pair, 0, "dtn://18904-c/in", 60'000);
    pair.meet();
    // One source may take 90 % of the 98 % for copies.
    CHECK(bytes(pair, 1) <= 882'000);
    CHECK(bytes(pair, 1) > 780'000);
    CHECK(pair.held(0) == 20);
}

TEST_CASE("for what is for here copies of others' go, and what was made here stays", "[node][room]") {
    auto small = options("dtn://18904-b/", kQuota);
    small.source_percent_max = 100;
    Pair pair{options("dtn://18904-a/"), small};
    pair.start();
    for (int i = 0; i < 20; ++i)
        submit(pair, 0, "dtn://18904-c/in", 60'000);
    pair.meet();
    const std::uint64_t before = bytes(pair, 1);
    CHECK(before > 850'000);
    CHECK(before <= 980'000);
    SECTION("brought by a peer") {
        submit(pair, 0, "dtn://18904-b/in", 300'000);
        CHECK(pair.meet().refused == 0);
        CHECK(bytes(pair, 1) <= 980'000);
    }
    SECTION("made here") {
        submit(pair, 1, "dtn://18904-d/in", 298'000);
        submit(pair, 1, "dtn://18904-d/in", 298'000);
        submit(pair, 1, "dtn://18904-d/in", 298'000);
        CHECK(bytes(pair, 1) <= 950'000);
        CHECK(pair.held(1) == 3);
        const auto mine = evicted(pair, 1);
        submit(pair, 1, "dtn://18904-d/in", 298'000);
        CHECK(pair.held(1) == 3);
        CHECK(evicted(pair, 1) == mine);
    }
    CHECK(evicted(pair, 1) > 0);
    CHECK(pair.held(0) >= 20);
}

TEST_CASE("a full store gives up what is worth clearly less for what is worth more, and nothing else",
          "[node][room]") {
    auto large = options("dtn://18904-a/");
    auto small = options("dtn://18904-b/", kQuota);
    large.router = small.router = RouterKind::kEta;
    small.source_percent_max = GENERATE(80U, 100U);
    // Of what nobody knows the way for, the smaller is worth more.
    const std::size_t first = GENERATE(90'000UL, 3'000UL);
    const std::size_t then = first == 3'000 ? 90'000 : 3'000;
    Pair pair{large, small};
    pair.start();
    for (std::size_t sent = 0; sent < 1'200'000; sent += first)
        submit(pair, 0, "dtn://97-c/in", first);
    pair.meet();
    const std::size_t before = pair.held(1);
    CHECK(bytes(pair, 1) > 640'000);
    for (std::size_t sent = 0; sent < 400'000; sent += then)
        submit(pair, 0, "dtn://97-c/in", then);
    pair.meet();
    CHECK(bytes(pair, 1) <= 980'000);
    CHECK((evicted(pair, 1) > 0) == (then < first));
    CHECK((pair.held(1) > before) == (then < first));
}

TEST_CASE("a store that is full of what was made here takes in what is for here", "[node][room]") {
    Pair pair{options("dtn://18904-a/"), options("dtn://18904-b/", kQuota)};
    pair.start();
    for (int i = 0; i < 100; ++i)
        submit(pair, 1, "dtn://18904-d/in", 10'000);
    const std::size_t made = pair.held(1);
    CHECK(made < 100);
    CHECK(made > 85);
    submit(pair, 0, "dtn://18904-b/in", 20'000);
    CHECK(pair.meet().refused == 0);
    CHECK(pair.held(1) == made + 1);
}

TEST_CASE("where a scan has to wait a letter still finds room", "[node][room]") {
    Pair pair{options("dtn://18904-a/"), options("dtn://18904-b/", kQuota)};
    pair.start();
    const auto refused = [&](std::size_t length) {
        const std::size_t before = pair.held(1);
        submit(pair, 1, "dtn://18904-d/in", length);
        return pair.held(1) == before;
    };
    while (!refused(100'000)) {
    }
    CHECK(bytes(pair, 1) <= 900'000);
    for (int i = 0; i < 10; ++i)
        CHECK(!refused(2'000));
    CHECK(refused(100'000));
}

TEST_CASE("the only copy of a bundle is not given up", "[node][room]") {
    auto handing = options("dtn://18904-a/");
    handing.router = RouterKind::kStatic;
    handing.routes = {{"*", *bpv7::Eid::parse("dtn://18904-b/")}};
    auto small = options("dtn://18904-b/", kQuota);
    small.source_percent_max = 100;
    Pair pair{handing, small};
    pair.start();
    for (int i = 0; i < 10; ++i)
        submit(pair, 0, "dtn://18904-c/in", 60'000);
    pair.meet();
    CHECK(pair.held(0) == 0);
    CHECK(pair.held(1) == 10);
    for (int i = 0; i < 4; ++i)
        submit(pair, 1, "dtn://18904-d/in", 298'000);
    CHECK(evicted(pair, 1) == 0);
    CHECK(pair.held(1) == 11);
}

TEST_CASE("what is refused when it comes leaves no room promised", "[node][room]") {
    auto small = options("dtn://18904-b/", kQuota);
    small.bulk_percent_max = 10;
    Pair pair{options("dtn://18904-a/"), small};
    pair.start();
    Submission letter;
    letter.destination = *bpv7::Eid::parse("dtn://18904-c/in");
    letter.kind = bpv7::Kind::kBulk;
    letter.payload = Bytes{Buffer(80'000, 7)};
    for (int i = 0; i < 15; ++i)
        pair.submit(0, letter);
    bool sent = false;
    pair.at_quiet = [&] {
        if (std::exchange(sent, true)) return false;
        CHECK(pair.held(1) == 1);
        submit(pair, 0, "dtn://18904-c/in", 80'000);
        return true;
    };
    const auto met = pair.meet();
    CHECK(met.refused > 0);
    CHECK(pair.held(1) == 2);
}

TEST_CASE("a peer that was told later is told when there is room again", "[node][room]") {
    auto small = options("dtn://18904-b/", kQuota);
    small.source_percent_max = 100;
    Pair pair{options("dtn://18904-a/"), small};
    pair.start();
    submit(pair, 1, "dtn://18904-d/in", 800'000);
    for (int i = 0; i < 5; ++i)
        submit(pair, 0, "dtn://18904-c/in", 60'000);
    const auto key = pair.node(1).custody().inventory().entries().begin()->first;
    pair.at_quiet = [&] {
        if (pair.node(1).custody().inventory().find(key) == nullptr) return false;
        CHECK(bytes(pair, 1) <= 980'000);
        pair.give(1, input::Cancel{99, key});
        return true;
    };
    const auto met = pair.meet();
    CHECK(met.by_kind.count(5) == 1);
    CHECK(pair.held(1) == 5);
}

}  // namespace tram::node::testing
