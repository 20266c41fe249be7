// `tram visit show`: the plans that are known at this node, and how far they are kept.
#include <boost/json/array.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/visit.h"
#include "daemon/cli/visit_text.h"
#include "proto/admin/dates.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
using api::pb::ListPlansReply;
using api::pb::Plan;
using api::pb::Reply;
using api::pb::Request;

struct ShowOptions {
    std::string node;
};

std::string state_text(const Context& context, const std::string& state) {
    if (state == "in_force") return say(context, VisitText::kInForce);
    if (state == "not_yet") return say(context, VisitText::kNotYet);
    if (state == "over") return say(context, VisitText::kOver);
    if (state == "unknown") return say(context, VisitText::kNoClock);
    return state;
}

admin::PlannedVisit visit_of(const api::pb::PlannedVisit& from) {
    return {from.visitor(),     from.host(),      from.first_day(),   from.every_weeks(),
            from.from_minute(), from.to_minute(), from.probability(), from.note()};
}

std::vector<const api::pb::PlannedVisit*> chosen(const Plan& plan, const ShowOptions& options) {
    std::vector<const api::pb::PlannedVisit*> visits;
    for (const auto& each : plan.visits()) {
        if (options.node.empty() || each.visitor() == options.node || each.host() == options.node)
            visits.push_back(&each);
    }
    return visits;
}

std::string next_text(const Context& context, const ListPlansReply& reply,
                      const api::pb::PlannedVisit& visit) {
    if (!visit.has_next_unix_s() || !reply.has_wall_unix_s()) return "-";
    const auto now = static_cast<std::int64_t>(reply.wall_unix_s());
    if (visit.next_unix_s() <= now) return say(context, VisitText::kNow);
    return say(context, VisitText::kIn,
               human_duration(static_cast<std::uint64_t>(visit.next_unix_s() - now) * 1'000));
}

void print(Context& context, const ListPlansReply& reply, const ShowOptions& options) {
    for (const Plan& plan : reply.plans()) {
        context.out << printable(say(context, VisitText::kPlanLine, plan.number(), plan.commune(),
                                     node_label(plan.issuer()), admin::print_day(plan.first_day()),
                                     admin::print_day(plan.last_day()), state_text(context, plan.state())),
                                 context.ascii)
                    << "\n";
        admin::VisitPlan frame;
        frame.last_day = plan.last_day();
        std::vector<VisitRow> rows;
        for (const auto* each : chosen(plan, options)) {
            const admin::PlannedVisit visit = visit_of(*each);
            rows.push_back({visit, admin::times(frame, visit), next_text(context, reply, *each)});
        }
        print_visits(context, rows);
    }
    if (reply.plans().empty()) context.err << say(context, VisitText::kNoPlans) << "\n";
    if (reply.plans().empty() || !reply.has_kept()) return;
    context.out << (reply.kept().counted() > 0
                        ? say(context, VisitText::kKept, reply.kept().part(), reply.kept().counted())
                        : say(context, VisitText::kKeptGuess, reply.kept().part()))
                << "\n";
}

json::object to_json(const ListPlansReply& reply, const ShowOptions& options) {
    json::array plans;
    for (const Plan& plan : reply.plans()) {
        json::array visits;
        for (const auto* each : chosen(plan, options)) {
            json::object visit = visit_json(visit_of(*each));
            if (each->has_next_unix_s()) visit["next"] = admin::print_time(each->next_unix_s());
            visits.push_back(std::move(visit));
        }
        plans.push_back(json::object{{"commune", plan.commune()},
                                     {"number", plan.number()},
                                     {"issuer", plan.issuer()},
                                     {"title", plan.title()},
                                     {"first_day", admin::print_day(plan.first_day())},
                                     {"last_day", admin::print_day(plan.last_day())},
                                     {"state", plan.state()},
                                     {"visits", std::move(visits)}});
    }
    json::object out{{"plans", std::move(plans)}};
    if (reply.has_kept())
        out["kept"] = json::object{{"part", reply.kept().part()}, {"counted", reply.kept().counted()}};
    return out;
}

int show(Context& context, const ShowOptions& options) {
    ApiClient client{context};
    Request request;
    request.mutable_list_plans();
    const auto answer = client.call(request, Reply::kListPlans);
    if (!answer) return report(context, answer.error());
    const ListPlansReply& reply = answer->reply.list_plans();
    switch (context.format) {
        case Format::kTable: print(context, reply, options); break;
        case Format::kJson: write_json_line(context.out, to_json(reply, options)); break;
        case Format::kName:
            for (const Plan& each : reply.plans())
                context.out << printable(each.commune(), context.ascii) << " " << each.number() << "\n";
            break;
    }
    return kExitFine;
}

}  // namespace

void add_visit_show(CLI::App& visit, Context& context, Action& action) {
    auto options = std::make_shared<ShowOptions>();
    auto* verb = visit.add_subcommand("show", "the plans that are known here, and how far they are kept");
    verb->add_option("--node", options->node, "only visits of this node, such as 18904-ks07")
        ->type_name("NAME");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return show(context, *options); }; });
}

}  // namespace tram::cli
