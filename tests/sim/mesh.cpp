#include "tests/sim/mesh.h"

#include <algorithm>
#include <array>

namespace tram::sim {

namespace {

constexpr std::int64_t kTrouble_s = 20'000;
constexpr std::int64_t kMeeting_s = 120;
constexpr int kRounds = 3;
constexpr std::int64_t kSecond_us = 1'000'000;

ContactPlan contacts_for(Random& random, NodeIndex nodes) {
    ContactPlan plan;
    plan.node_count = nodes;
    const std::uint64_t count = 15 + random.below(25);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto a = static_cast<NodeIndex>(random.below(nodes));
        const auto b = static_cast<NodeIndex>((a + 1 + random.below(nodes - 1)) % nodes);
        const auto start = static_cast<std::int64_t>(random.below(kTrouble_s - 200));
        plan.contacts.push_back({.start_s = start,
                                 .end_s = start + 1 + static_cast<std::int64_t>(random.below(40)),
                                 .a = std::min(a, b),
                                 .b = std::max(a, b)});
    }
    std::int64_t start = kTrouble_s + 100;
    for (int round = 0; round < kRounds; ++round) {
        for (NodeIndex a = 0; a < nodes; ++a) {
            for (NodeIndex b = a + 1; b < nodes; ++b) {
                plan.contacts.push_back({.start_s = start, .end_s = start + kMeeting_s, .a = a, .b = b});
                start += kMeeting_s + 1;
            }
        }
        // Whoever found no room tries again every hour.
        start += 4'000;
    }
    plan.contacts = merged(std::move(plan.contacts));
    plan.end_s = start;
    return plan;
}

/// Between all but the last node, which only carries.
Load load_for(Random& random, const ContactPlan& plan) {
    Load load;
    const NodeIndex ends = plan.node_count - 1;
    load.ttl_s = 200'000;
    load.buffers.assign(plan.node_count, 3'000'000);
    load.buffers[random.below(plan.node_count)] = 400'000 + random.below(400'000);
    const std::uint64_t count = 4 + random.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
        Message message;
        message.created_us = static_cast<std::int64_t>(random.below(kTrouble_s)) * kSecond_us;
        message.from = static_cast<NodeIndex>(random.below(ends));
        message.to = static_cast<NodeIndex>((message.from + 1 + random.below(ends - 1)) % ends);
        message.bytes = random.below(4) == 0 ? 100'000 + random.below(200'000) : 1'000 + random.below(40'000);
        load.messages.push_back(message);
    }
    std::ranges::stable_sort(load.messages, {}, &Message::created_us);
    return load;
}

}  // namespace

Outcome run_mesh(std::uint64_t number, Bug bug) {
    using routing::Kind;
    constexpr std::array kKinds{Kind::kDirect, Kind::kEpidemic, Kind::kSpray, Kind::kProphet, Kind::kEta};
    Random random{number};
    const ContactPlan contacts = contacts_for(random, static_cast<NodeIndex>(4 + random.below(3)));
    const Load load = load_for(random, contacts);
    WorldOptions options;
    options.router = kKinds.at(random.below(kKinds.size()));
    options.seed = number;
    options.disk_us = 1'000 + static_cast<std::int64_t>(random.below(400'000));
    options.bug = bug;
    options.heals = true;
    options.faults = {.loss = 0.02 * random.unit(),
                      .crashes = static_cast<std::uint32_t>(random.below(12)),
                      .clock_resets = static_cast<std::uint32_t>(random.below(3)),
                      .full_disks = static_cast<std::uint32_t>(random.below(3)),
                      .hostile = static_cast<std::uint32_t>(random.below(2)),
                      .until_us = kTrouble_s * kSecond_us};
    return World{contacts, load, std::move(options)}.run();
}

std::string replay_of(std::uint64_t number) {
    return "tram-sim --mesh " + std::to_string(number);
}

}  // namespace tram::sim
