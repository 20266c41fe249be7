// A few nodes with routers, without the node around them.
#pragma once

#include <string>

#include "daemon/routing/router.h"

namespace tram::routing::testing {

inline bpv7::Eid eid(const std::string& name) {
    return *bpv7::Eid::parse("dtn://" + name + "/");
}

constexpr std::uint64_t kHour_ms = 3'600'000;
constexpr std::uint64_t kDay_ms = 24 * kHour_ms;
/// A DTN time at the beginning of a week as the routers count them.
constexpr std::uint64_t kWall_ms = 1'400ULL * 7 * kDay_ms;

inline Time at(std::uint64_t node_ms, bool clock = true) {
    Time time{.node_ms = node_ms, .wall_ms = {}};
    if (clock) time.wall_ms = kWall_ms + node_ms;
    return time;
}

/// A message to `destination`; keep it while carried() is in use.
struct Letter {
    explicit Letter(const std::string& destination, std::uint64_t size = 10'000)
        : node{eid(destination)}, bytes{size} {}
    [[nodiscard]] Carried carried(const Bytes& note) const {
        return {.destination = node, .destination_node = node, .bytes = bytes, .note = note};
    }
    bpv7::Eid node;
    std::uint64_t bytes;
};

/// Greetings both ways, until both have nothing to add.
inline void talk(Router& a, const std::string& name_a, Router& b, const std::string& name_b, Time now) {
    for (const bool first : {true, false}) {
        Router* speaker = first ? &a : &b;
        Router* listener = first ? &b : &a;
        Bytes said = speaker->greet(eid(first ? name_b : name_a), now);
        for (bool back = first; !said.empty(); back = !back) {
            auto answer = listener->hear(eid(back ? name_a : name_b), said, now);
            if (!answer) return;
            said = *answer;
            std::swap(speaker, listener);
        }
    }
}

inline void meet(Router& a, const std::string& name_a, Router& b, const std::string& name_b,
                 std::uint64_t start_ms, std::uint64_t length_ms, bool clock = true) {
    a.contact_began(eid(name_b), at(start_ms, clock));
    b.contact_began(eid(name_a), at(start_ms, clock));
    talk(a, name_a, b, name_b, at(start_ms, clock));
    a.contact_ended(eid(name_b), at(start_ms + length_ms, clock));
    b.contact_ended(eid(name_a), at(start_ms + length_ms, clock));
}

}  // namespace tram::routing::testing
