// What goes wrong in a simulated world.
#include "tests/sim/faults.h"

#include <algorithm>

#include "tests/sim/world.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr std::int64_t kSecond_us = 1'000'000;
constexpr std::int64_t kBackAfterCrash_us = 20 * kSecond_us;
constexpr double kClockWrongMax_us = 3 * 86'400e6;
constexpr double kDiskFullMax_us = 86'400e6;
// Of what a hostile node says.
constexpr double kGarbled = 0.2;

}  // namespace

void World::plan_faults() {
    const Faults& faults = options_.faults;
    const std::int64_t end_us = faults.until_us != 0 ? faults.until_us : contacts_.end_s * kSecond_us;
    const auto any_time = [&] {
        return static_cast<std::int64_t>(random_.uniform(0, static_cast<double>(end_us)));
    };
    const auto later = [&](std::int64_t from_us, double most_us) {
        return std::min(end_us, from_us + static_cast<std::int64_t>(random_.uniform(0, most_us)));
    };
    for (std::uint32_t i = 0; i < faults.crashes; ++i) {
        const std::int64_t at_us = any_time();
        plan(at_us, EventKind::kCrash, random_.below(hosts_.size()));
    }
    for (std::uint32_t i = 0; i < faults.clock_resets; ++i) {
        const std::int64_t at_us = any_time();
        const std::uint64_t node = random_.below(hosts_.size());
        plan(at_us, EventKind::kClockReset, node);
        plan(later(at_us, kClockWrongMax_us), EventKind::kClockSet, node);
    }
    for (std::uint32_t i = 0; i < faults.full_disks; ++i) {
        const std::int64_t at_us = any_time();
        const std::uint64_t node = random_.below(hosts_.size());
        plan(at_us, EventKind::kDiskFull, node);
        plan(later(at_us, kDiskFullMax_us), EventKind::kDiskFree, node);
    }
    for (const PowerCut& cut : faults.power_cuts) {
        plan(cut.at_us, cut.clock_wrong_us != 0 ? EventKind::kClockReset : EventKind::kCrash, cut.node);
        if (cut.clock_wrong_us != 0) plan(cut.at_us + cut.clock_wrong_us, EventKind::kClockSet, cut.node);
    }
}

/// Among those between whom nothing is sent.
void World::choose_hostile() {
    std::vector<NodeIndex> carriers;
    for (NodeIndex node = 0; node < hosts_.size(); ++node) {
        const bool sends =
            std::ranges::any_of(load_.messages, [&](const Message& m) { return m.from == node; });
        if (!sends && !receives(node) && !is_member(node)) carriers.push_back(node);
    }
    for (std::uint32_t i = 0; i < options_.faults.hostile && !carriers.empty(); ++i) {
        const auto chosen = static_cast<std::ptrdiff_t>(random_.below(carriers.size()));
        hosts_[carriers[static_cast<std::size_t>(chosen)]]->make_hostile();
        carriers.erase(carriers.begin() + chosen);
    }
}

void World::garble(Flight& flight) {
    if (flight.wire.empty() || random_.unit() >= kGarbled) return;
    const ByteView view = flight.wire.view();
    Buffer wire{view.begin(), view.end()};
    for (std::uint64_t i = 1 + random_.below(4); i > 0; --i)
        wire[random_.below(wire.size())] ^= static_cast<std::uint8_t>(1U << random_.below(8));
    if (random_.below(4) == 0) wire.resize(random_.below(wire.size()) + 1);
    flight.wire = Bytes{std::move(wire)};
}

// The device is back at once, but the links that it had are gone.
void World::crash(NodeIndex node) {
    std::vector<std::size_t> contacts;
    std::vector<std::pair<LinkId, NodeIndex>> others;
    for (const auto& [id, link] : links_) {
        if (std::ranges::find(link.ends, node) == link.ends.end()) continue;
        contacts.push_back(link.contact);
        others.emplace_back(id, link.ends[0] == node ? link.ends[1] : link.ends[0]);
    }
    Host& host = *hosts_[node];
    host.crash();
    for (const auto& [id, other] : others) {
        links_.erase(id);
        hosts_[other]->give(input::PeerDown{id, "out of range"});
    }
    for (const std::size_t contact : contacts) {
        link_of_[contact] = 0;
        plan(now_us_ + kBackAfterCrash_us, EventKind::kReconnect, contact);
    }
    host.start();
}

void World::fault(const Event& event) {
    const auto node = static_cast<NodeIndex>(event.subject);
    switch (event.kind) {
        case EventKind::kClockReset: hosts_[node]->reset_clock(); [[fallthrough]];
        case EventKind::kCrash: crash(node); break;
        case EventKind::kClockSet:
            hosts_[node]->set_clock();
            hosts_[node]->give(input::Tick{});
            break;
        case EventKind::kDiskFull: hosts_[node]->set_disk_full(true); break;
        case EventKind::kDiskFree: hosts_[node]->set_disk_full(false); break;
        default: break;
    }
}

}  // namespace tram::sim
