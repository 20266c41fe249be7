#include "daemon/api/visit_views.h"

#include <optional>
#include <string>
#include <utility>

#include "daemon/node/flooding.h"
#include "daemon/node/wall_clock.h"
#include "proto/admin/dates.h"

namespace tram::api {

namespace {

std::string_view state_of(const admin::VisitPlan& plan, std::optional<std::int64_t> unix_s) {
    if (!unix_s) return "unknown";
    const std::int32_t today = admin::day_of(*unix_s);
    if (today < plan.first_day) return "not_yet";
    return today > plan.last_day ? "over" : "in_force";
}

pb::Plan view(const registry::KnownPlan& known, std::optional<std::int64_t> unix_s) {
    const admin::VisitPlan& plan = known.plan;
    pb::Plan out;
    out.set_commune(plan.commune);
    out.set_number(plan.number);
    out.set_issuer(known.issuer);
    out.set_first_day(plan.first_day);
    out.set_last_day(plan.last_day);
    out.set_title(plan.title);
    out.set_state(std::string{state_of(plan, unix_s)});
    out.set_message_id(std::string{as_text(known.message_id)});
    for (const admin::PlannedVisit& each : plan.visits) {
        pb::PlannedVisit& visit = *out.add_visits();
        visit.set_visitor(each.visitor);
        visit.set_host(each.host);
        visit.set_first_day(each.first_day);
        visit.set_every_weeks(each.every_weeks);
        visit.set_from_minute(each.from_minute);
        visit.set_to_minute(each.to_minute);
        visit.set_probability(each.probability);
        visit.set_note(each.note);
        const auto next = unix_s ? admin::next_start(plan, each, *unix_s) : std::nullopt;
        if (next) visit.set_next_unix_s(*next);
    }
    return out;
}

}  // namespace

Result<node::Input> plan_input(std::vector<Bytes>& frames, node::RequestId id) {
    if (frames.size() != 1)
        return fail(ErrorCode::kMalformed, "PublishPlan takes exactly one frame, the message");
    return node::input::PublishPlan{id, std::move(frames.front())};
}

void fill(pb::PublishPlanReply& out, const node::effect::Reply::Planned& planned) {
    out.set_commune(planned.commune);
    out.set_number(planned.number);
    out.set_message_id(std::string{as_text(planned.message_id)});
    for (const std::string& each : planned.unknown_nodes)
        out.add_unknown_nodes(each);
}

pb::ListPlansReply list_plans(const node::Node& node) {
    std::optional<std::int64_t> unix_s;
    if (const auto wall = node.custody().now().wall) unix_s = node::to_unix(*wall);
    pb::ListPlansReply reply;
    if (unix_s) reply.set_wall_unix_s(static_cast<std::uint64_t>(*unix_s));
    const std::string own = node::commune_of(node.options().node_id);
    for (const auto& [commune, known] : node.visit_plans().plans())
        if (commune == own) *reply.add_plans() = view(known, unix_s);
    for (const auto& [commune, known] : node.visit_plans().plans())
        if (commune != own) *reply.add_plans() = view(known, unix_s);
    if (const auto kept = node.copies().router().kept_visits()) {
        reply.mutable_kept()->set_part(kept->part);
        reply.mutable_kept()->set_counted(kept->counted);
    }
    return reply;
}

}  // namespace tram::api
