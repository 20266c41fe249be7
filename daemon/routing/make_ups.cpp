#include "daemon/routing/make_ups.h"

#include <algorithm>
#include <cmath>

namespace tram::routing {

namespace {

constexpr double kPriorMissed = 4.0;
constexpr double kPriorMadeUp = 0.5;
constexpr double kCountKept = 0.97;  // of the weight of a missed visit, with each later one

}  // namespace

void MakeUps::missed(Tag peer, double start_s) {
    missed_.push_back({peer, start_s});
    if (missed_.size() > kMissedMax) missed_.erase(missed_.begin());
}

void MakeUps::met(Tag peer, double at_s) {
    std::erase_if(missed_, [&](const Missed& visit) {
        const bool made_up =
            visit.peer == peer && at_s > visit.start_s && at_s <= visit.start_s + kLastSeconds;
        if (made_up) count(true);
        return made_up;
    });
}

void MakeUps::settle(double wall_s) {
    std::erase_if(missed_, [&](const Missed& visit) {
        const bool over = wall_s > visit.start_s + kLastSeconds;
        if (over) count(false);
        return over;
    });
}

void MakeUps::count(bool made_up) {
    missed_count_ = missed_count_ * kCountKept + 1;
    made_up_count_ = made_up_count_ * kCountKept + (made_up ? 1 : 0);
}

double MakeUps::chance() const {
    const double made_up = (made_up_count_ + kPriorMadeUp * kPriorMissed) / (missed_count_ + kPriorMissed);
    return 1 - std::pow(1 - made_up, 1.0 / kDays);
}

std::vector<double> MakeUps::times(Tag peer, double wall_s) const {
    std::vector<double> times;
    for (const Missed& visit : missed_) {
        for (int day = 1; day <= kDays && visit.peer == peer; ++day) {
            const double at_s = visit.start_s + day * kDaySeconds;
            if (at_s + kWindowSeconds > wall_s) times.push_back(at_s);
        }
    }
    std::ranges::sort(times);
    return times;
}

std::vector<Tag> MakeUps::peers() const {
    std::vector<Tag> peers;
    for (const Missed& visit : missed_) {
        if (std::ranges::find(peers, visit.peer) == peers.end()) peers.push_back(visit.peer);
    }
    return peers;
}

}  // namespace tram::routing
