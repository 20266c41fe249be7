// Time as the pure code sees it: always handed in, never asked for.
//
//   Instant   a point on this process's monotonic clock, milliseconds; its zero means nothing
//   DtnTime   milliseconds since 2000-01-01T00:00:00Z (RFC 9171 4.2.6); zero means "no clock"
//   Now       both, the second only when the wall clock can be trusted
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

namespace tram {

using Duration = std::chrono::milliseconds;

/// Tag for time points that come from the shell's monotonic clock.
struct MonotonicClock {
    using duration = Duration;
    using rep = Duration::rep;
    using period = Duration::period;
    using time_point = std::chrono::time_point<MonotonicClock, Duration>;
    static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

/// DTN time, RFC 9171 4.2.6.
struct DtnTime {
    std::uint64_t milliseconds = 0;

    [[nodiscard]] constexpr bool known() const { return milliseconds != 0; }
    /// Saturating sum.
    [[nodiscard]] constexpr DtnTime plus(std::uint64_t more_ms) const {
        constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
        return {more_ms > kMax - milliseconds ? kMax : milliseconds + more_ms};
    }
    friend constexpr auto operator<=>(const DtnTime&, const DtnTime&) = default;
};

/// Seconds between 1970-01-01 and 2000-01-01, the two epochs.
inline constexpr std::uint64_t kDtnEpochUnixSeconds = 946'684'800;

struct Now {
    Instant monotonic;
    std::optional<DtnTime> wall;  ///< nothing while the wall clock is not trusted
};

}  // namespace tram
