// Planned visits of one node that did not take place, and when they may be made up: at the same hour on one
// of the next days. How often that happens is counted.
//
// All times are DTN seconds.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/routing/tag.h"

namespace tram::routing {

class MakeUps {
  public:
    static constexpr std::size_t kMissedMax = 64;
    static constexpr double kDaySeconds = 24 * 3600.0;
    static constexpr int kDays = 3;                       ///< after so many days it is not made up any more
    static constexpr double kWindowSeconds = 4 * 3600.0;  ///< from the planned hour on, each day
    /// After its planned begin, when a missed visit is not expected any more.
    static constexpr double kLastSeconds = kDays * kDaySeconds + kWindowSeconds;

    /// The visit with `peer` that was planned for `start_s` was missed. Of too many, the oldest is forgotten.
    void missed(Tag peer, double start_s);
    /// There was a contact with `peer` at `at_s`.
    void met(Tag peer, double at_s);
    /// Counts what is too late at `wall_s`.
    void settle(double wall_s);

    /// That a missed visit takes place on the first of the days that are left: a guess at first.
    [[nodiscard]] double chance() const;
    /// From when on missed visits with `peer` may be made up, ascending; without those that are over.
    [[nodiscard]] std::vector<double> times(Tag peer, double wall_s) const;
    /// With whom a visit was missed, each once.
    [[nodiscard]] std::vector<Tag> peers() const;

  private:
    struct Missed {
        Tag peer = kNoTag;
        double start_s = 0;
    };
    void count(bool made_up);

    std::vector<Missed> missed_;  // oldest first
    double missed_count_ = 0;     // old ones count less
    double made_up_count_ = 0;
};

}  // namespace tram::routing
