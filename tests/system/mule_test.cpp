// A carrier that is never connected to both sides at once: what one side hands in, the other side gets, once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

constexpr std::uint64_t kBundlesEachWay = 1'000;
constexpr int kMeetingsMax = 200;
// Bundles that arrive before a brief meeting is cut off.
constexpr std::uint64_t kBrief = 150;

const std::string kAtA = "dtn://village/inbox";
const std::string kAtB = "dtn://commune/inbox";
const std::string kCarrier = "dtn://carrier/";

std::size_t small_and_large(std::uint64_t number) {
    return number % 100 == 0 ? 300'000 : 20 + number % 2'000;
}

config::Config side(const std::string& node_id, config::RouterKind router) {
    config::Config config = fast_config(node_id);
    config.routing.router = router;
    if (router == config::RouterKind::kStatic) config.routing.routes = {{"dtn://*", kCarrier}};
    return config;
}

config::Config carrier(config::RouterKind router) {
    config::Config config = fast_config(kCarrier);
    config.routing.router = router;
    return config;
}

/// Bundles for `peer` that `daemon` still has; nothing when they are not connected.
std::optional<std::uint64_t> waiting_for(DaemonProcess& daemon, const std::string& peer) {
    const pb::StatusReply status = daemon.status();
    const auto found = std::ranges::find(status.peers(), peer, &pb::Peer::node_id);
    if (found == status.peers().end() || !found->connected()) return std::nullopt;
    return found->queued_bundles();
}

std::uint64_t received_from(DaemonProcess& daemon, const std::string& peer) {
    const pb::StatusReply status = daemon.status();
    const auto found = std::ranges::find(status.peers(), peer, &pb::Peer::node_id);
    return found == status.peers().end() ? 0 : found->received_bundles();
}

/// The two sides, the carrier between them, and the applications' view of what went through.
struct Journey {
    explicit Journey(config::RouterKind side_router, config::RouterKind carrier_router)
        : a{directory, "a", side("dtn://village/", side_router)},
          b{directory, "b", side("dtn://commune/", side_router)},
          c{directory, "c", carrier(carrier_router)} {
        REQUIRE(a.start_and_wait());
        REQUIRE(b.start_and_wait());
    }

    void submit_both_ways() {
        ApiClient at_a{a.api()};
        ApiClient at_b{b.api()};
        to_b = submit(at_a, {kAtB, kBundlesEachWay, 0, small_and_large});
        to_a = submit(at_b, {kAtA, kBundlesEachWay, kBundlesEachWay, small_and_large});
    }

    void start_carrier_towards(DaemonProcess& met) {
        c.config().peers = {{met.node_id(), met.address()}};
        REQUIRE(c.start_and_wait());
    }

    /// The carrier comes, everything that either has for the other changes hands, and it leaves.
    void meet(DaemonProcess& met) {
        start_carrier_towards(met);
        REQUIRE(wait_until([&] {
            return waiting_for(met, kCarrier) == std::optional<std::uint64_t>{0} &&
                   waiting_for(c, met.node_id()) == std::optional<std::uint64_t>{0};
        }));
        REQUIRE(c.stop() == std::optional{0});
    }

    /// The carrier comes and is cut off in the middle, by SIGKILL, when some bundles have moved.
    void meet_briefly(DaemonProcess& met) {
        const std::uint64_t before = received_from(met, kCarrier);
        start_carrier_towards(met);
        REQUIRE(wait_until(
            [&] {
                return received_from(c, met.node_id()) + received_from(met, kCarrier) - before >= kBrief ||
                       (waiting_for(met, kCarrier) == std::optional<std::uint64_t>{0} &&
                        waiting_for(c, met.node_id()) == std::optional<std::uint64_t>{0});
            },
            kPatience, milliseconds{1}));
        c.kill();
    }

    void collect_both() {
        ApiClient at_a{a.api()};
        ApiClient at_b{b.api()};
        collect(at_a, kAtA, got_at_a);
        collect(at_b, kAtB, got_at_b);
    }

    std::uint64_t left_on_carrier() {
        c.config().peers.clear();
        REQUIRE(c.start_and_wait());
        return c.stored();
    }

    void check_delivered_once() const {
        CHECK(got_at_a.received == to_a);
        CHECK(got_at_b.received == to_b);
        CHECK(got_at_a.again == 0);
        CHECK(got_at_b.again == 0);
    }

    TestDirectory directory;
    DaemonProcess a;
    DaemonProcess b;
    DaemonProcess c;
    Digests to_a;
    Digests to_b;
    Mailbox got_at_a;
    Mailbox got_at_b;
};

TEST_CASE("a carrier between static sides delivers 2,000 bundles once and ends empty", "[system][mule]") {
    Journey journey{config::RouterKind::kStatic, config::RouterKind::kDirect};
    journey.submit_both_ways();

    journey.meet(journey.a);
    journey.meet(journey.b);
    journey.meet(journey.a);
    journey.collect_both();

    journey.check_delivered_once();
    CHECK(journey.a.stored() == 0);
    CHECK(journey.b.stored() == 0);
    CHECK(journey.left_on_carrier() == 0);
}

TEST_CASE("a carrier cut off in every meeting still delivers 2,000 bundles once", "[system][mule]") {
    Journey journey{config::RouterKind::kStatic, config::RouterKind::kDirect};
    journey.submit_both_ways();

    int meetings = 0;
    while (journey.got_at_a.received.size() < kBundlesEachWay ||
           journey.got_at_b.received.size() < kBundlesEachWay) {
        REQUIRE(++meetings <= kMeetingsMax);
        journey.meet_briefly(journey.a);
        journey.meet_briefly(journey.b);
        journey.collect_both();
    }

    CHECK(meetings >= 3);
    journey.check_delivered_once();
    journey.meet(journey.a);
    journey.meet(journey.b);
    CHECK(journey.a.stored() == 0);
    CHECK(journey.b.stored() == 0);
    CHECK(journey.left_on_carrier() == 0);
}

TEST_CASE("an epidemic carrier delivers 2,000 bundles once and drops what it has delivered",
          "[system][mule]") {
    Journey journey{config::RouterKind::kEpidemic, config::RouterKind::kEpidemic};
    journey.submit_both_ways();

    journey.meet(journey.a);
    journey.meet(journey.b);
    journey.meet(journey.a);
    journey.meet(journey.b);
    journey.collect_both();

    journey.check_delivered_once();
    CHECK(journey.left_on_carrier() == 0);
}

}  // namespace
}  // namespace tram::harness
