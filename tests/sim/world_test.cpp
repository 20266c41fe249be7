#include "tests/sim/world.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/sim/oracle.h"
#include "tests/sim/random.h"

namespace tram::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

ContactPlan plan_of(const std::string& text) {
    auto plan = parse_contacts(text, "x");
    REQUIRE(plan);
    return *plan;
}

Load load_of(const ContactPlan& plan, std::vector<Message> messages, std::int64_t ttl_s = 10'000) {
    return {std::move(messages), std::vector<std::uint64_t>(plan.node_count, 100'000'000), ttl_s};
}

/// Many short meetings of a few nodes, and messages among them.
struct Small {
    explicit Small(std::uint64_t seed) {
        Random random{seed};
        std::string text;
        for (int i = 0; i < 60; ++i) {
            const std::uint64_t a = random.below(6);
            const std::uint64_t b = (a + 1 + random.below(5)) % 6;
            const std::uint64_t start = random.below(4'000);
            text += std::to_string(start) + " " + std::to_string(start + random.below(40)) + " " +
                    std::to_string(a) + " " + std::to_string(b) + "\n";
        }
        plan = plan_of(text);
        plan.end_s = 5'000;
        std::vector<Message> messages;
        for (int i = 0; i < 25; ++i) {
            const auto from = static_cast<NodeIndex>(random.below(plan.node_count));
            const auto to =
                static_cast<NodeIndex>((from + 1 + random.below(plan.node_count - 1)) % plan.node_count);
            messages.push_back({static_cast<std::int64_t>(random.below(3'000)) * kSecond, from, to,
                                1'000 + random.below(400'000)});
        }
        std::ranges::sort(messages, {}, &Message::created_us);
        load = load_of(plan, std::move(messages), 1'500);
    }
    [[nodiscard]] Outcome run(WorldOptions options) const { return World{plan, load, options}.run(); }
    ContactPlan plan;
    Load load;
};

TEST_CASE("a message takes as long as its bytes, hop by hop", "[sim]") {
    const ContactPlan plan = plan_of("10 20 0 1\n30 60 1 2\n");
    const Load load = load_of(plan, {{.created_us = 0, .from = 0, .to = 2, .bytes = 600'000}});
    const Outcome outcome = World{plan, load, {}}.run();
    REQUIRE(outcome.delivered_us[0]);
    // 4.8 s for the payload, some more for the headers of ten bundles and for disks.
    CHECK(*outcome.delivered_us[0] > 34'800'000);
    CHECK(*outcome.delivered_us[0] < 35'000'000);
    // Ten bundles twice, the receipt once, and what neighbours say to each other.
    CHECK(outcome.transfers > 21);
    CHECK(outcome.copies[0] == Approx(3.0));
    CHECK(outcome.sent_bytes > 1'200'000);
    CHECK(outcome.sent_bytes - outcome.control_bytes - outcome.receipt_bytes < 1'210'000);
    CHECK(outcome.control_bytes < 10'000);
    CHECK(outcome.receipt_bytes > 100);
    CHECK(outcome.receipt_bytes < 2'000);
    CHECK(outcome.violation_count == 0);
}

TEST_CASE("a transfer that is cut goes on in the next contact; one chunk at most goes again", "[sim]") {
    const ContactPlan plan = plan_of("10 13 0 1\n100 103 0 1\n");
    const Load load = load_of(plan, {{.created_us = 0, .from = 0, .to = 1, .bytes = 600'000}});
    const Outcome outcome = World{plan, load, {}}.run();
    REQUIRE(outcome.delivered_us[0]);
    CHECK(outcome.cut == 1);
    CHECK(outcome.sent_bytes < 605'000 + kChunkBytes);
    CHECK(*outcome.delivered_us[0] < 103 * kSecond);
}

TEST_CASE("a receipt frees carriers and the maker of what has arrived", "[sim]") {
    const ContactPlan plan = plan_of("10 20 0 1\n30 60 1 2\n70 80 0 1\n90 100 0 3\n");
    const Load load = load_of(plan, {{.created_us = 0, .from = 0, .to = 2, .bytes = 600'000}});
    const Outcome outcome = World{plan, load, {.verify = true}}.run();
    CHECK(outcome.delivered_us[0]);
    CHECK(outcome.confirmed == 1);
    // Node 3 came too late for a copy.
    CHECK(outcome.copies[0] == Approx(3.0));
    CHECK(outcome.violation_count == 0);
}

TEST_CASE("what goes to the group arrives at every member once", "[sim]") {
    const ContactPlan plan = plan_of("10 40 0 1\n50 90 1 2\n100 190 2 3\n200 290 1 3\n");
    Load load = load_of(plan, {{.created_us = 0, .from = 0, .to = kGroup, .bytes = 100'000}});
    load.members = {1, 3};
    const Outcome outcome = World{plan, load, {}}.run();
    REQUIRE(outcome.arrivals[0].size() == 2);
    CHECK(outcome.arrivals[0][1] > 100'000'000);
    CHECK(outcome.violation_count == 0);
}

TEST_CASE("both directions share the rate of a contact", "[sim]") {
    const ContactPlan plan = plan_of("10 60 0 1\n");
    const Load load = load_of(plan, {{0, 0, 1, 600'000}, {0, 1, 0, 600'000}});
    const Outcome outcome = World{plan, load, {}}.run();
    for (const auto& delivered : outcome.delivered_us) {
        REQUIRE(delivered);
        CHECK(*delivered > 19'000'000);
        CHECK(*delivered < 20'000'000);
    }
}

TEST_CASE("quotas hold, and what finds no room waits", "[sim]") {
    const ContactPlan plan = plan_of("10 20 0 1\n4000 4060 1 2\n4100 4200 0 1\n8000 8060 1 2\n");
    Load load = load_of(plan, {{0, 0, 2, 600'000}});
    // It is larger than what one source may take, 90 % of the 98 %: six chunks at a time.
    load.buffers[1] = 500'000;
    const Outcome outcome = World{plan, load, {}}.run();
    CHECK(outcome.violation_count == 0);
    REQUIRE(outcome.delivered_us[0]);
    CHECK(*outcome.delivered_us[0] > 8'000'000'000);
}

TEST_CASE("one seed gives one trace", "[sim]") {
    const Small small{3};
    const auto hash = [&](WorldOptions options) { return small.run(options).trace_hash; };
    CHECK(hash({.faults = {.crashes = 5}}) == hash({.faults = {.crashes = 5}}));
    CHECK(hash({.seed = 1, .faults = {.crashes = 5}}) != hash({.seed = 2, .faults = {.crashes = 5}}));
    CHECK(hash({}) != hash({.router = node::RouterKind::kDirect}));
    CHECK(Small{4}.run({}).trace_hash != hash({}));
}

TEST_CASE("what must hold holds through power cuts", "[sim]") {
    std::size_t delivered = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const Outcome outcome =
            Small{seed}.run({.seed = seed, .disk_us = 300'000, .faults = {.crashes = 40}});
        INFO("seed " << seed << (outcome.violations.empty() ? "" : ": " + outcome.violations.front()));
        CHECK(outcome.violation_count == 0);
        delivered += static_cast<std::size_t>(
            std::ranges::count_if(outcome.delivered_us, [](const auto& at) { return at.has_value(); }));
    }
    CHECK(delivered > 30 * 25 / 4);
}

TEST_CASE("acknowledging before it is durable is found out", "[sim]") {
    const Outcome outcome = Small{1}.run({.bug = Bug::kAcknowledgeEarly});
    REQUIRE(outcome.violation_count > 0);
    CHECK_THAT(outcome.violations.front(), Catch::Contains("before it was durable"));
}

TEST_CASE("nothing arrives before the oracle says that it can", "[sim]") {
    const Small small{9};
    const Oracle oracle{small.plan, 125'000};
    const Outcome outcome = small.run({});
    for (std::size_t i = 0; i < small.load.messages.size(); ++i) {
        const Message& message = small.load.messages[i];
        // Messages of one chunk: those of several overtake the oracle, which passes on whole ones
        // only.
        if (!outcome.delivered_us[i] || message.bytes > kChunkBytes) continue;
        const auto best = oracle.arrival_us(message, small.load.ttl_s);
        REQUIRE(best);
        CHECK(*best <= *outcome.delivered_us[i]);
    }
}

}  // namespace
}  // namespace tram::sim
