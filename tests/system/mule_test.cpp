// A carrier that is never connected to both sides at once: what one side hands in, the other side gets, once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/network.h"
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

/// The same without an address in any configuration: the carrier runs all the time, and the far end of its
/// one radio is at one side, at the other, or nowhere.
struct UntouchedJourney {
    UntouchedJourney() {
        for (DaemonProcess* each : {&a, &b, &c}) {
            each->config().discovery.enabled = true;
            each->config().links.reconnect_min = config::Links{}.reconnect_min;
            each->config().links.reconnect_max = config::Links{}.reconnect_max;
        }
        a.enter(at_a.name());
        b.enter(at_b.name());
        c.enter(at_c.name());
        at_c.ip({"link", "add", "radio", "type", "veth", "peer", "name", "radio", "netns", at_a.name()});
        at_c.ip({"addr", "add", "10.77.0.3/24", "dev", "radio"});
        at_c.ip({"link", "set", "radio", "up"});
        for (DaemonProcess* each : {&a, &b, &c})
            REQUIRE(each->start_and_wait());
    }

    [[nodiscard]] const Namespace& place_of(const DaemonProcess& met) const {
        return &met == &a ? at_a : at_b;
    }

    void come_to(DaemonProcess& met) {
        const Namespace& there = place_of(met);
        if (radio_at != &there) radio_at->ip({"link", "set", "radio", "netns", there.name()});
        radio_at = &there;
        there.ip({"addr", "replace", "10.77.0.1/24", "dev", "radio"});
        there.ip({"link", "set", "radio", "up"});
        REQUIRE(wait_until([&] { return waiting_for(met, kCarrier) && waiting_for(c, met.node_id()); }));
    }

    void leave(DaemonProcess& met) {
        radio_at->ip({"link", "set", "radio", "down"});
        REQUIRE(wait_until([&] { return !waiting_for(met, kCarrier) && !waiting_for(c, met.node_id()); }));
    }

    void meet(DaemonProcess& met) {
        come_to(met);
        REQUIRE(wait_until([&] {
            return waiting_for(met, kCarrier) == std::optional<std::uint64_t>{0} &&
                   waiting_for(c, met.node_id()) == std::optional<std::uint64_t>{0};
        }));
        leave(met);
    }

    /// The carrier is gone again when some bundles have moved.
    void meet_briefly(DaemonProcess& met) {
        const auto moved = [&] { return received_from(c, met.node_id()) + received_from(met, kCarrier); };
        const std::uint64_t before = moved();
        come_to(met);
        REQUIRE(wait_until(
            [&] {
                return moved() - before >= kBrief ||
                       (waiting_for(met, kCarrier) == std::optional<std::uint64_t>{0} &&
                        waiting_for(c, met.node_id()) == std::optional<std::uint64_t>{0});
            },
            kPatience, milliseconds{1}));
        leave(met);
    }

    TestDirectory directory;
    Namespace at_a;
    Namespace at_b;
    Namespace at_c;
    const Namespace* radio_at = &at_a;
    DaemonProcess a{directory, "a", side("dtn://village/", config::RouterKind::kStatic)};
    DaemonProcess b{directory, "b", side("dtn://commune/", config::RouterKind::kStatic)};
    DaemonProcess c{directory, "c", carrier(config::RouterKind::kDirect)};
};

TEST_CASE("a carrier that is found and lost by discovery alone delivers 2,000 bundles once and ends empty",
          "[system][mule][discovery]") {
    if (const auto why_not = why_no_namespaces()) {
        WARN("left out: " << *why_not);
        return;
    }
    UntouchedJourney journey;
    ApiClient at_a{journey.a.api()};
    ApiClient at_b{journey.b.api()};
    const Digests to_b = submit(at_a, {kAtB, kBundlesEachWay, 0, small_and_large});
    const Digests to_a = submit(at_b, {kAtA, kBundlesEachWay, kBundlesEachWay, small_and_large});

    for (int meeting = 0; meeting < 3; ++meeting) {
        journey.meet_briefly(journey.a);
        journey.meet_briefly(journey.b);
    }
    journey.meet(journey.a);
    journey.meet(journey.b);
    journey.meet(journey.a);
    Mailbox got_at_a;
    Mailbox got_at_b;
    collect(at_a, kAtA, got_at_a);
    collect(at_b, kAtB, got_at_b);

    CHECK(got_at_a.received == to_a);
    CHECK(got_at_b.received == to_b);
    CHECK(got_at_a.again == 0);
    CHECK(got_at_b.again == 0);
    CHECK(journey.a.stored() == 0);
    CHECK(journey.b.stored() == 0);
    CHECK(journey.c.stored() == 0);
}

}  // namespace
}  // namespace tram::harness
