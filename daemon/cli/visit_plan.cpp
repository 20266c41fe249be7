// `tram visit plan` and `tram visit sample`: a plan file is read here, and published by the daemon.
#include <boost/json/array.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "daemon/cli/visit.h"
#include "daemon/cli/visit_text.h"
#include "daemon/visits/plan_file.h"
#include "proto/admin/dates.h"
#include "proto/admin/message.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
using api::pb::Reply;
using api::pb::Request;

constexpr std::size_t kFileBytesMax = 1U << 20;

struct PlanOptions {
    std::string file;
    bool dry_run = false;
};

json::object to_json(const admin::VisitPlan& plan) {
    json::array visits;
    for (const admin::PlannedVisit& each : plan.visits)
        visits.push_back(visit_json(each));
    return {{"commune", plan.commune},
            {"number", plan.number},
            {"title", plan.title},
            {"first_day", admin::print_day(plan.first_day)},
            {"last_day", admin::print_day(plan.last_day)},
            {"visits", std::move(visits)}};
}

int show_understood(Context& context, const admin::VisitPlan& plan) {
    if (context.format == Format::kJson) {
        write_json_line(context.out, to_json(plan));
        return kExitFine;
    }
    std::vector<VisitRow> rows;
    for (const admin::PlannedVisit& each : plan.visits)
        rows.push_back({each, admin::times(plan, each), std::nullopt});
    print_visits(context, rows);
    context.err << say(context, VisitText::kUnderstood, plan.visits.size(), admin::print_day(plan.first_day),
                       admin::print_day(plan.last_day))
                << "\n";
    return kExitFine;
}

Outcome<admin::VisitPlan> read_plan(Context& context, const std::string& file) {
    const auto text = read_input(context, file, kFileBytesMax);
    if (!text) return std::unexpected{text.error()};
    auto read = visits::parse_plan(as_text(*text), file);
    for (const config::Problem& each : read.problems)
        context.err << printable(each.to_string(), context.ascii) << "\n";
    if (read.problems.empty()) return std::move(read.plan);
    return failed(ErrorCode::kMalformed, say(context, VisitText::kFileWrong, file, read.problems.size()),
                  say(context, VisitText::kFileWrongRemedy));
}

void print(Context& context, const admin::VisitPlan& plan, const api::pb::PublishPlanReply& published) {
    switch (context.format) {
        case Format::kTable:
            context.out << printable(say(context, VisitText::kPublished, published.number(),
                                         published.commune(), plan.visits.size(),
                                         admin::print_day(plan.first_day), admin::print_day(plan.last_day)),
                                     context.ascii)
                        << "\n";
            break;
        case Format::kName: context.out << published.number() << "\n"; break;
        case Format::kJson: {
            json::array unknown;
            for (const std::string& each : published.unknown_nodes())
                unknown.emplace_back(each);
            write_json_line(context.out, json::object{{"commune", published.commune()},
                                                      {"number", published.number()},
                                                      {"visits", plan.visits.size()},
                                                      {"unknown_nodes", std::move(unknown)}});
            break;
        }
    }
    for (const std::string& each : published.unknown_nodes()) {
        context.err << context.say(Message::kWarning) << ": "
                    << printable(say(context, VisitText::kUnknownNode, each), context.ascii) << "\n";
    }
}

int plan(Context& context, const PlanOptions& options) {
    const auto read = read_plan(context, options.file);
    if (!read) return report(context, read.error());
    if (options.dry_run) return show_understood(context, *read);
    const auto message = admin::plan_message(*read);
    if (!message) return report(context, failure_of(message.error()));
    const auto encoded = admin::encode_message(*message);
    if (!encoded) return report(context, failure_of(encoded.error()));
    ApiClient client{context};
    Request request;
    request.mutable_publish_plan();
    const ByteView frame{*encoded};
    const auto answer = client.call(request, Reply::kPublishPlan, &frame);
    if (!answer) return report(context, answer.error());
    print(context, *read, answer->reply.publish_plan());
    return kExitFine;
}

}  // namespace

void add_visit_plan(CLI::App& visit, Context& context, Action& action) {
    auto options = std::make_shared<PlanOptions>();
    auto* plan_verb =
        visit.add_subcommand("plan", "publish a plan of visits of the commune whose office is at this node");
    plan_verb->add_option("FILE", options->file, "TOML, see tram visit sample; - for standard input")
        ->required();
    plan_verb->add_flag("--dry-run", options->dry_run, "only show what was understood; needs no daemon");
    plan_verb->callback(
        [=, &context, &action] { action = [options, &context] { return plan(context, *options); }; });

    auto* sample_verb = visit.add_subcommand("sample", "a plan file with every key explained");
    sample_verb->callback([&context, &action] {
        action = [&context] {
            context.out << visits::sample_plan();
            return kExitFine;
        };
    });
}

}  // namespace tram::cli
