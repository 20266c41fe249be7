#include "daemon/node/visit_times.h"

#include "proto/admin/dates.h"
#include "proto/base/time.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kWeek_ms = 7ULL * 24 * 3600 * 1000;
constexpr std::uint64_t kMinute_ms = 60'000;

/// DTN time, milliseconds; 0 before 2000.
std::uint64_t dtn_ms(std::int64_t unix_s) {
    const auto since = unix_s - static_cast<std::int64_t>(kDtnEpochUnixSeconds);
    return since > 0 ? static_cast<std::uint64_t>(since) * 1'000 : 0;
}

bpv7::Eid node_id(const std::string& name) {
    return bpv7::Eid::parse("dtn://" + name + "/").value_or(bpv7::Eid{});
}

}  // namespace

void add_visits(const admin::VisitPlan& plan, routing::VisitPlan& out) {
    const std::uint64_t ends = dtn_ms(admin::start_of_day(plan.last_day + 1));
    for (const admin::PlannedVisit& each : plan.visits) {
        const std::uint64_t day = dtn_ms(admin::start_of_day(each.first_day));
        if (day == 0) continue;
        if (out.visits.size() == routing::VisitPlan::kVisitsMax) return;
        out.visits.push_back(
            {.a = node_id(each.visitor),
             .b = node_id(each.host),
             .start_ms = day + each.from_minute * kMinute_ms,
             .end_ms = day + each.to_minute * kMinute_ms,
             .period_ms = each.every_weeks * kWeek_ms,
             .until_ms = ends - 1,
             .probability = static_cast<double>(each.probability) / admin::PlannedVisit::kCertain});
    }
}

}  // namespace tram::node
