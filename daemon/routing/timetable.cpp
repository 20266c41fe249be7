#include "daemon/routing/timetable.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr double kEarly = 3600.0;     // a visit that begins this much before its time is kept
constexpr double kLate = 2 * 3600.0;  // and so is one that is as much too late
constexpr double kPlannedAhead = 28 * 24 * 3600.0;
constexpr double kPriorVisits = 5.0;
constexpr double kPriorKept = 0.85;
constexpr double kCountMemory = 60.0;  // visits

constexpr double kSecond_ms = 1000.0;

double seconds(std::uint64_t ms) {
    return static_cast<double>(ms) / kSecond_ms;
}

}  // namespace

void Timetable::set_plan(const VisitPlan& plan, std::optional<double> wall_s) {
    visits_.clear();
    settled_s_ = wall_s;
    const std::size_t count = std::min(plan.visits.size(), VisitPlan::kVisitsMax);
    for (std::size_t i = 0; i < count; ++i) {
        const Visit& visit = plan.visits[i];
        const Tag a = node_tag(visit.a);
        const Tag b = node_tag(visit.b);
        if (a == b || visit.end_ms <= visit.start_ms || !(visit.probability > 0)) continue;
        if (visit.period_ms != 0 && visit.period_ms <= visit.end_ms - visit.start_ms) continue;
        const double until =
            visit.until_ms == 0 ? std::numeric_limits<double>::infinity() : seconds(visit.until_ms);
        visits_[pair_of(a, b)].push_back({seconds(visit.start_ms), seconds(visit.end_ms),
                                          seconds(visit.period_ms), until, std::min(visit.probability, 1.0)});
    }
    for (auto& [pair, planned] : visits_)
        std::ranges::sort(planned, {}, &Planned::start_s);
}

std::vector<Timetable::Pair> Timetable::pairs() const {
    std::vector<Pair> pairs;
    for (const auto& [pair, planned] : visits_)
        pairs.push_back(pair);
    return pairs;
}

void Timetable::expand(const Planned& planned, double from_s, double to_s, std::size_t max,
                       std::vector<PlannedVisit>& out) {
    const double ahead = from_s - planned.end_s;
    double skipped = 0;
    if (planned.period_s > 0 && ahead > 0) skipped = std::ceil(ahead / planned.period_s) * planned.period_s;
    for (std::size_t i = 0; i < max; ++i) {
        const double start = planned.start_s + skipped;
        const double end = planned.end_s + skipped;
        if (start >= to_s || start > planned.until_s) return;
        if (end > from_s) out.push_back({start, end, planned.chance});
        if (planned.period_s == 0) return;
        skipped += planned.period_s;
    }
}

std::vector<PlannedVisit> Timetable::visits(Pair pair, double wall_s, double duration_s) const {
    std::vector<PlannedVisit> result;
    const auto found = visits_.find(pair);
    if (found == visits_.end()) return result;
    for (const Planned& planned : found->second) {
        if (planned.start_s >= wall_s + duration_s) break;
        expand(planned, wall_s, wall_s + duration_s, kVisitsOfPairMax, result);
    }
    std::ranges::sort(result, {}, &PlannedVisit::start_s);
    result.resize(std::min(result.size(), kVisitsOfPairMax));
    return result;
}

bool Timetable::plans(Pair pair, double wall_s) const {
    return !visits(pair, wall_s - MakeUps::kLastSeconds, MakeUps::kLastSeconds + kPlannedAhead).empty();
}

void Timetable::met(Tag peer, double wall_s) {
    if (!visits_.contains(pair_of(self_, peer))) return;
    std::vector<double>& times = met_[peer];
    times.push_back(wall_s);
    make_ups_.met(peer, wall_s);
    if (times.size() > kMeetingsMax) times.erase(times.begin());
}

void Timetable::settle(double wall_s) {
    if (!settled_s_) settled_s_ = wall_s;
    if (wall_s < *settled_s_ + kLate / 4) return;
    for (const auto& [pair, planned] : visits_) {
        if (pair.first == self_ || pair.second == self_)
            settle_with(pair.first == self_ ? pair.second : pair.first, planned, wall_s);
    }
    settled_s_ = wall_s;
    make_ups_.settle(wall_s);
}

void Timetable::settle_with(Tag peer, const std::vector<Planned>& planned, double wall_s) {
    std::vector<PlannedVisit> over;
    for (const Planned& line : planned) {
        // Begun and not over is not yet settled: the window ends kLate after the visit.
        expand(line, *settled_s_ - kLate, wall_s, kVisitsOfPairMax, over);
    }
    const auto met = met_.find(peer);
    for (const PlannedVisit& visit : over) {
        if (visit.end_s + kLate > wall_s) continue;
        const double old = std::exp(-1 / kCountMemory);
        expected_ = expected_ * old + visit.chance;
        kept_ *= old;
        const auto in_time = [&](double at) {
            return at >= visit.start_s - kEarly && at <= visit.end_s + kLate;
        };
        if (met != met_.end() && std::ranges::any_of(met->second, in_time)) {
            kept_ += 1;
            continue;
        }
        make_ups_.missed(peer, visit.start_s);
        // It may have been made up before it was looked at.
        for (const double at_s : met != met_.end() ? met->second : std::vector<double>{})
            make_ups_.met(peer, at_s);
    }
}

std::vector<double> Timetable::make_up_times(Pair pair, double wall_s) const {
    if (pair.first != self_ && pair.second != self_) return {};
    return make_ups_.times(pair.first == self_ ? pair.second : pair.first, wall_s);
}

double Timetable::kept() const {
    const double part = (kept_ + kPriorKept * kPriorVisits) / (expected_ + kPriorVisits);
    return std::clamp(part, 0.02, 1.2);
}

void Timetable::encode(cbor::Writer& out) const {
    out.open_array(2);
    out.write_unsigned(static_cast<std::uint64_t>(expected_ * kSecond_ms));
    out.write_unsigned(static_cast<std::uint64_t>(kept_ * kSecond_ms));
}

void Timetable::decode(cbor::Reader& in) {
    in.open_array(2, 2);
    expected_ = seconds(std::min<std::uint64_t>(in.read_unsigned(), 1'000'000));
    kept_ = seconds(std::min<std::uint64_t>(in.read_unsigned(), 1'000'000));
}

}  // namespace tram::routing
