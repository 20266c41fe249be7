#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "proto/bpv7/codec.h"
#include "tests/unit/node/neighbours_pair.h"

namespace tram::node::testing {

namespace {

constexpr std::uint64_t kYear_ms = 365ULL * 24 * 3600 * 1000;
const std::string kA = "dtn://18904-a/";
const std::string kB = "dtn://18904-b/";
constexpr std::size_t kOfferKind = 2;
constexpr std::size_t kRangesKind = 1;

NodeOptions options(const std::string& id, RouterKind router = RouterKind::kEpidemic) {
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(id);
    made.router = router;
    return made;
}

Submission letter(const std::string& to, std::size_t bytes, bpv7::Urgency urgency = bpv7::Urgency::kNormal) {
    Submission made;
    made.destination = *bpv7::Eid::parse(to);
    made.urgency = urgency;
    made.payload = Bytes{Buffer(bytes, 7)};
    return made;
}

/// A message of `count` parts, as an application that cuts it itself sends them.
void submit_message(Pair& pair, const std::string& to, std::uint8_t id, std::uint64_t count,
                    std::size_t bytes) {
    for (std::uint64_t index = 0; index < count; ++index) {
        Submission part = letter(to, bytes);
        part.chunk = store::ChunkRecord{{id}, index, count};
        pair.submit(0, part);
    }
}

std::vector<std::size_t> sizes(const Pair::Counts& counts) {
    std::vector<std::size_t> found;
    for (const Bytes& wire : counts.bundles)
        found.push_back(bpv7::decode(wire)->bundle.payload().size());
    return found;
}

}  // namespace

TEST_CASE("neighbours send what the other wants, and the next time only what is new", "[node][sync]") {
    Pair pair{options(kA), options(kB)};
    pair.start();
    for (int i = 0; i < 20; ++i)
        pair.submit(0, letter("dtn://18904-c/in", 100));
    for (int i = 0; i < 5; ++i)
        pair.submit(1, letter("dtn://18904-d/in", 200));
    const auto first = pair.meet();
    CHECK(first.bundles.size() == 25);
    CHECK(first.refused == 0);
    CHECK(pair.held(0) == 25);
    CHECK(pair.held(1) == 25);
    pair.submit(0, letter("dtn://18904-c/in", 100));
    const auto second = pair.meet();
    CHECK(second.bundles.size() == 1);
    CHECK(second.by_kind.at(kOfferKind) == 1);
    CHECK(pair.meet().bundles.empty());
}

TEST_CASE("neighbours with routers of different kinds sync all the same", "[node][sync]") {
    const auto one = GENERATE(RouterKind::kEta, RouterKind::kEpidemic);
    const auto other = GENERATE(RouterKind::kProphet, RouterKind::kEta, RouterKind::kSpray);
    Pair pair{options(kA, one), options(kB, other)};
    pair.start();
    for (int contact = 0; contact < 3; ++contact) {
        pair.submit(0, letter(kB + "in", 100));
        pair.submit(1, letter(kA + "in", 100));
        const auto met = pair.meet();
        CHECK(met.refused == 0);
        CHECK(met.by_kind.at(kOfferKind) == 2);
        CHECK(met.bundles.size() == 2);
        pair.pass(3'600'000);
    }
}

TEST_CASE("what a peer has from elsewhere is offered and not sent", "[node][sync]") {
    Pair pair{options(kA), options(kB)};
    for (std::uint64_t n = 0; n < 50; ++n) {
        for (std::size_t end = 0; end < 2; ++end)
            pair.node(end).restore(stored_record(n, "dtn://18904-x/", "dtn://18904-c/in", kYear_ms));
    }
    pair.start();
    const auto first = pair.meet();
    CHECK(first.bundles.empty());
    CHECK(first.by_kind.at(kOfferKind) == 2);
    CHECK(pair.meet().by_kind.count(kOfferKind) == 0);
}

TEST_CASE("a repeated contact with 100,000 bundles held offers the 100 new ones only", "[node][sync]") {
    Pair pair{options(kA), options(kB)};
    for (std::uint64_t n = 0; n < 100'000; ++n) {
        for (std::size_t end = 0; end < 2; ++end)
            pair.node(end).restore(stored_record(n, "dtn://18904-x/", "dtn://18904-c/in", kYear_ms));
    }
    pair.start();
    CHECK(pair.meet().bundles.empty());
    for (int i = 0; i < 100; ++i)
        pair.submit(0, letter("dtn://18904-c/in", 100));
    const auto again = pair.meet();
    CHECK(again.bundles.size() == 100);
    CHECK(again.bytes < 10'000);
    WARN("again: " << again.bytes << " bytes of the sync, " << again.payload_bytes.at(kOfferKind)
                   << " of offers");
}

TEST_CASE("what everybody should hold is found by reconciliation", "[node][sync]") {
    Pair pair{options(kA, RouterKind::kDirect), options(kB, RouterKind::kStatic)};
    constexpr std::uint64_t kHeld = 100'000;
    for (std::uint64_t n = 0; n < kHeld; ++n) {
        for (std::size_t end = 0; end < 2; ++end) {
            const bool missing = n % 2'000 == end * 1'000;
            if (!missing)
                pair.node(end).restore(
                    stored_record(n, "dtn://18904-x/", "dtn://18904-srv/tram/receipts", kYear_ms));
        }
    }
    pair.start();
    const auto met = pair.meet();
    // Their bytes are not on these disks: that they set out is what counts.
    CHECK(met.by_kind.at(kRangesKind) <= 6);
    CHECK(met.payload_bytes.at(kRangesKind) < 50'000);
    WARN("ranges: " << met.by_kind.at(kRangesKind) << " messages, " << met.payload_bytes.at(kRangesKind)
                    << " bytes");
}

TEST_CASE("groups flood within their commune whatever the router, and nowhere else", "[node][sync]") {
    Pair pair{options(kA, RouterKind::kDirect), options(kB, RouterKind::kDirect)};
    pair.start();
    pair.submit(0, letter("dtn://18904/~notice", 300));
    pair.submit(0, letter("dtn://00901/~notice", 300));
    CHECK(pair.meet().bundles.size() == 1);
    CHECK(pair.held(1) == 1);
    CHECK(pair.meet().bundles.empty());
}

TEST_CASE("within a contact the urgent goes first, then what is small, then the rest", "[node][sync]") {
    Pair pair{options(kA), options(kB)};
    pair.start();
    pair.submit(0, letter(kB + "in", 40'000));
    pair.submit(0, letter("dtn://18904-c/in", 100));
    pair.submit(0, letter(kB + "in", 20'000));
    pair.submit(0, letter("dtn://18904-c/in", 60'000, bpv7::Urgency::kExpress));
    CHECK(sizes(pair.meet()) == std::vector<std::size_t>{60'000, 20'000, 40'000, 100});
}

TEST_CASE("a message that was cut goes on where it was, through whomever", "[node][sync]") {
    Pair pair{options(kA), options(kB)};
    pair.start();
    submit_message(pair, "dtn://18904-c/in", 9, 40, 10'000);
    const auto first = pair.meet(15);
    const std::size_t there = pair.held(1);
    CHECK(there >= 14);
    CHECK(there <= 15);
    const auto second = pair.meet();
    CHECK(second.bundles.size() == 40 - there);
    CHECK(pair.held(1) == 40);
    CHECK(second.refused == 0);
}

TEST_CASE("a peer that does not answer gets what the router names", "[node][sync]") {
    Node node{options(kA)};
    Now now{Instant{Duration{1'000}}, DtnTime{850'000'000'000}};
    node.start(now);
    node.step(input::Submit{1, letter("dtn://18904-c/in", 100)}, now);
    std::size_t sent = 0;
    const auto settle = [&] {
        for (bool more = true; more;) {
            more = false;
            for (Effect& effect : node.take_effects()) {
                more = true;
                if (const auto* persist = std::get_if<effect::Persist>(&effect))
                    node.step(input::Persisted{persist->ticket}, now);
                if (const auto* transmit = std::get_if<effect::Transmit>(&effect))
                    sent += transmit->key != kSyncMessage ? 1 : 0;
            }
        }
    };
    settle();
    node.step(
        input::PeerUp{
            .link = 1, .peer = *bpv7::Eid::parse(kB), .transfer_mru = 1 << 20, .address = "x", .syncs = true},
        now);
    settle();
    CHECK(sent == 0);
    SECTION("because it refuses") {
        node.step(input::Declined{1, kSyncMessage, Refusal::kNotAcceptable}, now);
    }
    SECTION("because it is silent") {
        now.monotonic += Sync::kHelloPatience + Duration{1};
        REQUIRE(node.next_timeout());
        CHECK(*node.next_timeout() <= now.monotonic);
        node.step(input::Tick{}, now);
    }
    settle();
    CHECK(sent == 1);
}

}  // namespace tram::node::testing
