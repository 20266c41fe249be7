#include "tests/system/harness/wait.h"

#include <thread>

namespace tram::harness {

bool wait_until(const std::function<bool()>& condition, milliseconds deadline, milliseconds interval) {
    const auto end = SteadyClock::now() + deadline;
    while (!condition()) {
        if (SteadyClock::now() >= end) return false;
        std::this_thread::sleep_for(interval);
    }
    return true;
}

}  // namespace tram::harness
