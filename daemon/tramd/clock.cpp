#include "daemon/tramd/clock.h"

#include <chrono>

namespace tram::tramd {

namespace {

// 2026-01-01T00:00:00Z: no working clock shows an earlier time.
constexpr std::uint64_t kEarliestUnixSeconds = 1'767'225'600;

}  // namespace

Now Clock::now() const {
    using std::chrono::duration_cast;
    const auto steady = duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
    Now now{Instant{steady}, std::nullopt};
    const auto unix_ms = duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count();
    if (trust_wall_ && unix_ms >= static_cast<Duration::rep>(kEarliestUnixSeconds * 1000)) {
        now.wall = DtnTime{static_cast<std::uint64_t>(unix_ms) - kDtnEpochUnixSeconds * 1000};
    }
    return now;
}

}  // namespace tram::tramd
