#include "tests/fuzz/plan_fuzz.h"

#include <memory>

#include "daemon/node/visit_times.h"
#include "daemon/routing/router.h"
#include "daemon/visits/plan_file.h"
#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/base/check.h"
#include "proto/base/time.h"

namespace tram::fuzz {

namespace {

/// Looks at the plan as node and router do, on its first day.
void use(const admin::VisitPlan& plan) {
    const std::int64_t unix_s = admin::start_of_day(plan.first_day);
    for (const admin::PlannedVisit& each : plan.visits) {
        const auto next = admin::next_start(plan, each, unix_s);
        TRAM_CHECK(next && *next >= unix_s && *next < admin::start_of_day(plan.last_day + 1));
        TRAM_CHECK(admin::times(plan, each) > 0);
    }
    routing::VisitPlan visits;
    node::add_visits(plan, visits);
    TRAM_CHECK(visits.visits.size() <= plan.visits.size());
    for (const routing::Visit& each : visits.visits) {
        TRAM_CHECK(each.start_ms < each.end_ms && each.start_ms <= each.until_ms);
        TRAM_CHECK(each.period_ms == 0 || each.period_ms > each.end_ms - each.start_ms);
        TRAM_CHECK(each.probability > 0 && each.probability <= 1);
        TRAM_CHECK(each.a.is_node_id() && each.b.is_node_id());
    }
    const auto host = bpv7::Eid::parse("dtn://" + plan.visits.front().host + "/");
    TRAM_CHECK(host.has_value());
    const auto router = routing::make_router({.kind = routing::Kind::kEta, .node_id = *host});
    const std::int64_t since = unix_s - static_cast<std::int64_t>(kDtnEpochUnixSeconds);
    const routing::Time now{.node_ms = 1,
                            .wall_ms = since > 0 ? static_cast<std::uint64_t>(since) * 1'000 : 1};
    router->set_plan(visits, now);
    const auto visitor = bpv7::Eid::parse("dtn://" + plan.visits.front().visitor + "/");
    (void)router->expected_ms(*visitor, now);
}

}  // namespace

void plan_decode(ByteView input) {
    const auto message = admin::decode_message(input);
    if (!message) return;
    const bool good = admin::check(*message).has_value();
    const auto plan = admin::plan_of(*message);
    TRAM_CHECK(plan || !good || !message->has_plan());
    if (!plan) return;
    TRAM_CHECK(plan->visits.size() <= admin::VisitPlan::kVisitsMax && !plan->visits.empty());
    const auto again = admin::plan_message(*plan);
    TRAM_CHECK(again || !good);
    if (again) {
        const auto read = admin::plan_of(*again);
        TRAM_CHECK(read && read->visits == plan->visits && read->commune == plan->commune);
        TRAM_CHECK(admin::plan_message(*read)->SerializeAsString() == again->SerializeAsString());
    }
    use(*plan);
}

void plan_file_read(std::string_view input) {
    const visits::PlanFile read = visits::parse_plan(input, "plan.toml");
    if (!read.problems.empty()) return;
    const auto message = admin::plan_message(read.plan);
    TRAM_CHECK(message.has_value());
    TRAM_CHECK(admin::plan_of(*message) == read.plan);
    use(read.plan);
}

}  // namespace tram::fuzz
