#include "daemon/tramd/clock.h"

#include <algorithm>
#include <chrono>

namespace tram::tramd {

namespace {

constexpr std::uint64_t kProgramUnixSeconds = 1'767'225'600;  // 2026-01-01T00:00:00Z

}  // namespace

Now Clock::now() {
    using std::chrono::duration_cast;
    const auto steady = duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
    const auto unix_ms = duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count();
    constexpr auto kEpoch_ms = static_cast<Duration::rep>(kDtnEpochUnixSeconds * 1'000);
    const Duration::rep dtn_ms = std::max<Duration::rep>(unix_ms - kEpoch_ms, 1);
    return {Instant{steady}, DtnTime{static_cast<std::uint64_t>(dtn_ms)}};
}

DtnTime program_time() {
    return {(kProgramUnixSeconds - kDtnEpochUnixSeconds) * 1'000};
}

}  // namespace tram::tramd
