// The shell's clocks: the only place where the daemon asks what time it is.
#pragma once

#include "proto/base/time.h"

namespace tram::tramd {

class Clock {
  public:
    /// `trust_wall` false: the wall clock is never believed.
    explicit Clock(bool trust_wall) : trust_wall_{trust_wall} {}

    /// A wall clock that shows a time before this program was made has fallen back and is not believed.
    [[nodiscard]] Now now() const;

  private:
    bool trust_wall_;
};

}  // namespace tram::tramd
