// The shell's monotonic clock, in the terms of the pure code: the only place of this folder that asks for
// the time.
#pragma once

#include <chrono>

#include "proto/base/time.h"

namespace tram::links {

/// Now, rounded down to whole milliseconds.
inline Instant monotonic_now() {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return Instant{std::chrono::floor<Duration>(since_start)};
}

/// The same point in time on the clock that timers run on.
inline std::chrono::steady_clock::time_point to_steady(Instant instant) {
    return std::chrono::steady_clock::time_point{instant.time_since_epoch()};
}

}  // namespace tram::links
