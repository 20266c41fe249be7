// Visit plans: who is to visit whom in a commune, and when, so that routers know of contacts before they have
// seen any. The commune's office publishes them to everybody (docs/routing.md).
//
//   plan    a commune, a number, the days from which and until which it holds, and its visits
//   visit   two nodes, a day, from when to when, how probable, and whether it comes again every so many weeks
//
// The highest number counts, in whatever order plans come. Days and times are those of Viet Nam, which has
// one time zone and no summer time. Nodes are named as in certificates; they need not exist yet.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/error.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

struct PlannedVisit {
    static constexpr std::uint32_t kWeeksMax = 52;
    static constexpr std::uint32_t kCertain = 1'000;
    static constexpr std::uint32_t kMinutesOfDay = 24 * 60;

    std::string visitor;            ///< 18904-to-07; see is_local_name()
    std::string host;               ///< 18904-ks07
    std::int32_t first_day = 0;     ///< on which it takes place, days since 1970-01-01
    std::uint32_t every_weeks = 0;  ///< 0: once; up to kWeeksMax
    std::uint32_t from_minute = 0;  ///< of the day, below kMinutesOfDay
    std::uint32_t to_minute =
        0;  ///< above from_minute by at most a day; above kMinutesOfDay: of the next day
    std::uint32_t probability = 0;  ///< of taking place at about that time, in thousandths: 1 to kCertain
    std::string note{};             ///< for people, and public: at most kVisitNoteMax bytes
    friend auto operator<=>(const PlannedVisit&, const PlannedVisit&) = default;
};

struct VisitPlan {
    static constexpr std::size_t kVisitsMax = 4'000;
    static constexpr std::size_t kNodesMax = 1'000;
    static constexpr std::int32_t kDaysMax = 366;
    static constexpr std::size_t kVisitNoteMax = 160;

    std::string commune;         ///< five digits
    std::uint32_t number = 0;    ///< from 1; 0: not given yet
    std::int32_t first_day = 0;  ///< days since 1970-01-01
    std::int32_t last_day = 0;   ///< inclusive, at most kDaysMax days
    std::string title{};         ///< empty: "Lịch đi thôn"
    std::vector<PlannedVisit> visits{};
    std::optional<std::int64_t> issued_unix_s{};
    friend bool operator==(const VisitPlan&, const VisitPlan&) = default;
};

/// dtn://18904/~visits: the group that plans of a commune are sent to; `commune` is five digits.
std::string visits_group(std::string_view commune);

/// The message of a plan: visits sorted, those that are there twice once, text in its normal form. The same
/// plan gives the same bytes. Number 0 is let through, for whoever gives it one. Errors: as plan_of(), with
/// the place of a visit in `plan`; those of normalize().
Result<pb::Message> plan_message(const VisitPlan& plan);

/// What a message that has a plan says. Errors: invalid_argument (a name, day, time or number out of its
/// bounds; a visit of which neither node is of the commune, or outside of the plan's days), malformed (its
/// visits or nodes are not in order, or not there), too_large, personal_data (a note like a citizen id).
Result<VisitPlan> plan_of(const pb::Message& message);

/// When a visit of a plan begins, Unix seconds: the first time that is not over at `unix_s`, or nothing when
/// there is none any more.
std::optional<std::int64_t> next_start(const VisitPlan& plan, const PlannedVisit& visit, std::int64_t unix_s);
/// How often a visit takes place within the days of its plan.
std::uint32_t times(const VisitPlan& plan, const PlannedVisit& visit);

}  // namespace tram::admin
