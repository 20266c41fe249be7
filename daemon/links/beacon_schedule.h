// When beacons leave on one interface: a burst when it comes up, because the first ones are easily lost while
// a network settles, then one every few seconds, and one soon when somebody is heard who may not know us.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/base/time.h"

namespace tram::links {

class BeaconSchedule {
  public:
    static constexpr std::array<Duration, 6> kBurst = {Duration{0},   Duration{100},   Duration{250},
                                                       Duration{600}, Duration{1'200}, Duration{2'500}};
    static constexpr Duration kPeriod{5'000};
    /// Answers are as seldom as this however many ask: a beacon that was forged brings at most one.
    static constexpr Duration kAnswerGap{500};

    /// The interface came up, or got another address.
    void restart(Instant now) {
        burst_ = 0;
        began_ = now;
        next_ = now;
    }
    /// Somebody was heard who may not know us.
    void answer(Instant now) { next_ = std::min(next_, std::max(now, answered_ + kAnswerGap)); }
    [[nodiscard]] Instant next() const { return next_; }
    /// A beacon left; `random` is any number, evenly distributed. Beacons of nodes that began together drift
    /// apart.
    void sent(std::uint32_t random, Instant now) {
        answered_ = now;
        while (burst_ < kBurst.size() && began_ + kBurst.at(burst_) <= now)
            ++burst_;
        const auto jitter = Duration{static_cast<Duration::rep>(random) % (kPeriod.count() / 4)};
        next_ = burst_ < kBurst.size() ? began_ + kBurst.at(burst_) : now + kPeriod - jitter;
    }

  private:
    std::size_t burst_ = 0;
    Instant began_{};
    Instant answered_{};
    Instant next_{};
};

}  // namespace tram::links
