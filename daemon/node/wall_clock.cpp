#include "daemon/node/wall_clock.h"

#include <algorithm>
#include <chrono>

namespace tram::node {

identity::UnixTime to_unix(DtnTime time) {
    return static_cast<identity::UnixTime>(time.milliseconds / 1'000 + kDtnEpochUnixSeconds);
}

std::string date_text(identity::UnixTime time) {
    using namespace std::chrono;
    constexpr identity::UnixTime kLatest = 253'402'300'799;  // 9999-12-31T23:59:59Z
    const sys_seconds moment{seconds{std::clamp<identity::UnixTime>(time, 0, kLatest)}};
    const year_month_day day{floor<days>(moment)};
    const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) +
           "-" + two(static_cast<unsigned>(day.day()));
}

Now WallClock::judge(Now raw, const Bounds& bounds) {
    bounds_ = bounds;
    shown_ = raw.wall.value_or(DtnTime{});
    const identity::UnixTime shown = to_unix(shown_);
    if (!bounds.trusted) {
        verdict_ = Verdict::kSwitchedOff;
    } else if (!raw.wall) {
        verdict_ = Verdict::kAbsent;
    } else if (shown_ < bounds.earliest || shown + kFloorSlack_s < bounds.floor) {
        verdict_ = Verdict::kBehind;
    } else if (bounds.certificate_ends != 0 && shown > bounds.certificate_ends) {
        verdict_ = Verdict::kBeyond;
    } else {
        verdict_ = Verdict::kBelieved;
    }
    if (verdict_ != Verdict::kBelieved) raw.wall.reset();
    return raw;
}

std::string WallClock::reason() const {
    switch (verdict_) {
        case Verdict::kBelieved: return "";
        case Verdict::kSwitchedOff: return "the configuration says so (node.clock_trusted)";
        case Verdict::kAbsent: return "this machine shows no time";
        case Verdict::kBehind:
            return "the clock is behind " + date_text(std::max(bounds_.floor, to_unix(bounds_.earliest))) +
                   ", and that day has been: set the clock";
        case Verdict::kBeyond:
            return "the clock shows " + date_text(to_unix(shown_)) +
                   ", but the certificate of this device ended on " + date_text(bounds_.certificate_ends) +
                   ": either the clock is wrong (set it), or the certificate must be renewed (tram device "
                   "request)";
    }
    return "";
}

}  // namespace tram::node
