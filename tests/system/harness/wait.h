// Polling: the only way these tests wait for another process.
#pragma once

#include <chrono>
#include <functional>

namespace tram::harness {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

/// Longer than anything takes that is going to happen at all, on a slow machine under sanitizers.
constexpr seconds kPatience{120};

/// Asks until `condition` holds (true) or `deadline` has passed (false). At least one answer is taken.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition, milliseconds deadline = kPatience,
                              milliseconds interval = milliseconds{10});

/// Milliseconds since `start`.
[[nodiscard]] inline std::int64_t elapsed_ms(SteadyClock::time_point start) {
    return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start).count();
}

}  // namespace tram::harness
