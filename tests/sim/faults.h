// What goes wrong in a simulation, and bugs that its checker must find.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/random.h"

namespace tram::sim {

/// A power cut at a known time.
struct PowerCut {
    std::int64_t at_us = 0;
    std::uint32_t node = 0;
    std::int64_t clock_wrong_us = 0;  ///< how long the clock shows 1970 afterwards; 0: it does not
};

/// Each happens at any node and time up to `until_us`, as often as is said.
struct Faults {
    double loss = 0;                 ///< part of the transfers that the link breaks under; it is back soon
    std::uint32_t crashes = 0;       ///< power cuts: what was not durable is forgotten
    std::uint32_t clock_resets = 0;  ///< power cuts after which the clock shows 1970, for up to three days
    std::uint32_t full_disks = 0;    ///< times that a disk has no room, for up to a day
    std::uint32_t hostile = 0;       ///< nodes that keep nothing of what they take and talk nonsense
    std::int64_t until_us = 0;       ///< 0: to the end
    std::vector<PowerCut> power_cuts{};  ///< these besides
};

/// Made to be found: what a node, or what it stands on, does wrong.
enum class Bug : std::uint8_t {
    kNone,
    kAcknowledgeEarly,  ///< what is written is said to be durable at once
    kForgetTombstones,  ///< a restart forgets what is over
    kExceedQuota,       ///< stores take four times of what they may
};

}  // namespace tram::sim
