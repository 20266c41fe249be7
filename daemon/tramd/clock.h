// The shell's clocks: the only place where the daemon asks what time it is.
#pragma once

#include "proto/base/time.h"

namespace tram::tramd {

/// What the machine's clocks show. Whether the wall clock is to be believed is the node's decision; before
/// 2000, the beginning of DTN time, it is shown as the first millisecond of that year.
class Clock {
  public:
    [[nodiscard]] static Now now();
};

/// When this program was made: no working clock shows an earlier time.
[[nodiscard]] DtnTime program_time();

}  // namespace tram::tramd
