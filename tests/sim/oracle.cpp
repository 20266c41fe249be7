#include "tests/sim/oracle.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <queue>
#include <utility>

namespace tram::sim {

Oracle::Oracle(const ContactPlan& plan, std::uint64_t rate) : neighbours_(plan.node_count) {
    std::map<std::pair<NodeIndex, NodeIndex>, std::vector<Meeting>> pairs;
    for (const Contact& contact : plan.contacts) {
        pairs[{contact.a, contact.b}].push_back({contact.start_s * 1'000'000, contact.end_s * 1'000'000,
                                                 contact.rate != 0 ? contact.rate : rate});
    }
    for (const auto& [pair, meetings] : pairs) {
        neighbours_[pair.first].push_back({pair.second, meetings});
        neighbours_[pair.second].push_back({pair.first, meetings});
    }
}

std::optional<std::int64_t> Oracle::after(const Neighbour& neighbour, std::int64_t from_us,
                                          std::uint64_t bytes, std::int64_t until_us) {
    auto meeting = std::ranges::upper_bound(neighbour.meetings, from_us, {}, &Meeting::end_us);
    for (; meeting != neighbour.meetings.end() && meeting->start_us < until_us; ++meeting) {
        const std::int64_t begin = std::max(meeting->start_us, from_us);
        const std::int64_t need_us = transfer_us(bytes, meeting->rate);
        const std::int64_t there_us = meeting->end_us - begin;
        if (there_us >= need_us) return begin + need_us;
        bytes -= static_cast<std::uint64_t>(there_us) * meeting->rate / 1'000'000;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Oracle::arrival_us(const Message& message, std::int64_t ttl_s) const {
    using Reached = std::pair<std::int64_t, NodeIndex>;
    const std::int64_t until_us = message.created_us + ttl_s * 1'000'000;
    std::vector<std::int64_t> earliest(neighbours_.size(), std::numeric_limits<std::int64_t>::max());
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> front;
    earliest[message.from] = message.created_us;
    front.emplace(message.created_us, message.from);
    while (!front.empty()) {
        const auto [time, node] = front.top();
        front.pop();
        if (node == message.to) return time;
        if (earliest[node] != time) continue;
        for (const Neighbour& neighbour : neighbours_[node]) {
            const auto there = after(neighbour, time, message.bytes, until_us);
            if (!there || *there > until_us || *there >= earliest[neighbour.node]) continue;
            earliest[neighbour.node] = *there;
            front.emplace(*there, neighbour.node);
        }
    }
    return std::nullopt;
}

}  // namespace tram::sim
