// Pauses between attempts to reach a peer: the first is short, each next one twice as long up to a bound.
// Jitter takes away up to half, so that nodes which lost the same peer do not call it in step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/base/time.h"

namespace tram::links {

class Backoff {
  public:
    Backoff(Duration shortest, Duration longest)
        : shortest_{std::max(shortest, Duration{1})}, longest_{std::max(longest, shortest_)} {}

    /// The next pause, in (half, whole] of its step; `random` is any number, evenly distributed.
    Duration next(std::uint32_t random) {
        const Duration step = step_.count() == 0 ? shortest_ : step_;
        step_ = step > longest_ / 2 ? longest_ : step * 2;
        return step - Duration{static_cast<Duration::rep>(random) % ((step.count() + 1) / 2)};
    }
    /// After success: begins with the shortest pause again.
    void reset() { step_ = Duration{0}; }

  private:
    Duration shortest_;
    Duration longest_;
    Duration step_{0};
};

}  // namespace tram::links
