// The plan as a timetable of each pair of nodes, and how far it is kept.
//
// A planned visit is never taken for certain: its probability is multiplied with the part of planned visits
// that were kept, which each node counts for its own and tells in its contact record.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/routing/make_ups.h"
#include "daemon/routing/tag.h"
#include "daemon/routing/visit_plan.h"

namespace tram::cbor {
class Reader;
class Writer;
}  // namespace tram::cbor

namespace tram::routing {

/// DTN seconds.
struct PlannedVisit {
    double start_s = 0;
    double end_s = 0;
    double chance = 1;
};

class Timetable {
  public:
    static constexpr std::size_t kVisitsOfPairMax = 48;

    using Pair = std::pair<Tag, Tag>;  ///< the smaller tag first
    static Pair pair_of(Tag a, Tag b) { return {std::min(a, b), std::max(a, b)}; }

    explicit Timetable(Tag self) : self_{self} {}

    void set_plan(const VisitPlan& plan, std::optional<double> wall_s);
    [[nodiscard]] bool empty() const { return visits_.empty(); }
    /// Whether visits of a pair are planned for the next weeks, or were in the last days.
    [[nodiscard]] bool plans(Pair pair, double wall_s) const;
    [[nodiscard]] std::vector<Pair> pairs() const;
    /// Of a pair, from `wall_s` on for `seconds`, by start; at most kVisitsOfPairMax.
    [[nodiscard]] std::vector<PlannedVisit> visits(Pair pair, double wall_s, double seconds) const;

    /// We are in contact with `peer` at `wall_s`.
    void met(Tag peer, double wall_s);
    /// Counts our own visits that are over at `wall_s`.
    void settle(double wall_s);
    /// Part of our own planned visits that were kept, 0.02 to 1.2: a guess at first.
    [[nodiscard]] double kept() const;
    [[nodiscard]] KeptVisits kept_visits() const { return {kept(), expected_}; }
    /// Of our own visits.
    [[nodiscard]] const MakeUps& make_ups() const { return make_ups_; }
    /// When a missed visit of a pair may still be made up; empty when we are none of the two.
    [[nodiscard]] std::vector<double> make_up_times(Pair pair, double wall_s) const;

    void encode(cbor::Writer& out) const;
    void decode(cbor::Reader& in);

  private:
    struct Planned {
        double start_s = 0;
        double end_s = 0;
        double period_s = 0;
        double until_s = 0;
        double chance = 1;
    };
    static constexpr std::size_t kMeetingsMax = 8;
    /// Appends those that end after `from_s` and begin before `to_s`; at most `max` of one line of the plan.
    static void expand(const Planned& planned, double from_s, double to_s, std::size_t max,
                       std::vector<PlannedVisit>& out);
    void settle_with(Tag peer, const std::vector<Planned>& planned, double wall_s);

    Tag self_;
    std::map<Pair, std::vector<Planned>> visits_;
    std::map<Tag, std::vector<double>> met_;  // wall times of the last contacts with those that we visit
    std::optional<double> settled_s_;         // visits that were over before are counted
    MakeUps make_ups_;
    double expected_ = 0;
    double kept_ = 0;
};

}  // namespace tram::routing
