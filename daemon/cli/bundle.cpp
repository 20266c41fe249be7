// `tram bundle` show, trace, hold, release, cancel: what is done with one bundle by its name.
#include <istream>
#include <memory>
#include <ostream>

#include "config/quantity.h"
#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;
using api::pb::ShowBundleReply;
using api::pb::TraceBundleReply;

struct CancelOptions {
    std::string name;
    bool dry_run = false;
    bool yes = false;
};

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) {
        if (!result.empty()) result += ", ";
        result += text;
    }
    return result;
}

Outcome<Answer> show(ApiClient& client, const std::string& name) {
    Request request;
    request.mutable_show_bundle()->set_name(name);
    return client.call(request, Reply::kShowBundle);
}

void print_bundle(Context& context, const ShowBundleReply& shown) {
    const auto& bundle = shown.bundle();
    Table table{context.out, {{context.say(Message::kId)}, {bundle.short_id()}}, context.ascii};
    const auto row = [&](Message title, const std::string& value) {
        if (!value.empty()) table.add({context.say(title), value});
    };
    row(Message::kBundleId, bundle.bundle_id());
    row(Message::kState, bundle.state());
    row(Message::kFrom, bundle.source());
    row(Message::kTo, bundle.destination());
    row(Message::kReportTo, shown.report_to());
    row(Message::kKind, bundle.kind());
    row(Message::kUrgency, std::to_string(bundle.urgency()));
    row(Message::kSize, human_size(bundle.size()));
    row(Message::kFlags, fmt::format("{:#x}", shown.flags()));
    row(Message::kAge, human_duration(bundle.age_ms()));
    row(Message::kHere, human_duration(bundle.residence_ms()));
    row(Message::kLifetime, human_duration(shown.lifetime_ms()));
    row(Message::kLeft, human_duration(bundle.remaining_ms()));
    if (shown.fragment()) {
        row(Message::kFragment,
            context.say(Message::kFragmentOf, shown.fragment_offset(), shown.adu_length()));
    }
    row(Message::kWaitingFor, joined(bundle.waiting_for()));
    row(Message::kReceivedFrom, bundle.received_from());
    row(Message::kForwardedTo, joined(shown.forwarded_to()));
    table.flush();
}

int show_bundle(Context& context, const std::string& name) {
    ApiClient client{context};
    const auto answer = show(client, name);
    if (!answer) return report(context, answer.error());
    const ShowBundleReply& shown = answer->reply.show_bundle();
    switch (context.format) {
        case Format::kTable: print_bundle(context, shown); break;
        case Format::kName: context.out << shown.bundle().short_id() << "\n"; break;
        case Format::kJson: write_json_line(context.out, to_json(shown)); break;
    }
    return kExitFine;
}

void print_trace(Context& context, const TraceBundleReply& trace) {
    std::string line;
    for (const auto& step : trace.steps()) {
        line += step.what();
        if (!step.peer().empty()) {
            const auto direction = step.what() == "received" ? Message::kStepFrom : Message::kStepTo;
            line += " " + context.say(direction, node_label(step.peer()));
        }
        line += " (" + context.say(Message::kAgo, human_duration(step.ago_ms())) + ") -> ";
    }
    line += context.say(trace.here() ? Message::kStillHere : Message::kGone);
    context.out << printable(line, context.ascii) << "\n";
}

int trace_bundle(Context& context, const std::string& name) {
    ApiClient client{context};
    Request request;
    request.mutable_trace_bundle()->set_name(name);
    const auto answer = client.call(request, Reply::kTraceBundle);
    if (!answer) return report(context, answer.error());
    const TraceBundleReply& trace = answer->reply.trace_bundle();
    switch (context.format) {
        case Format::kTable: print_trace(context, trace); break;
        case Format::kName: context.out << trace.short_id() << "\n"; break;
        case Format::kJson: write_json_line(context.out, to_json(trace)); break;
    }
    return kExitFine;
}

/// Sends a request that is answered with Done and says what was done to `name`.
int do_to_bundle(Context& context, ApiClient& client, Request& request, Message done, const char* key,
                 const std::string& name) {
    const auto answer = client.call(request, Reply::kDone);
    if (!answer) return report(context, answer.error());
    switch (context.format) {
        case Format::kTable: context.out << printable(context.say(done, name), context.ascii) << "\n"; break;
        case Format::kName: context.out << name << "\n"; break;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"done", key}, {"name", name}});
            break;
    }
    return kExitFine;
}

int hold_bundle(Context& context, const std::string& name) {
    ApiClient client{context};
    Request request;
    request.mutable_hold_bundle()->set_name(name);
    return do_to_bundle(context, client, request, Message::kHeld, "held", name);
}

int release_bundle(Context& context, const std::string& name) {
    ApiClient client{context};
    Request request;
    request.mutable_release_bundle()->set_name(name);
    return do_to_bundle(context, client, request, Message::kReleased, "released", name);
}

/// True when the user types the first group of the short id.
bool confirmed(Context& context, const api::pb::Bundle& bundle) {
    const std::string word = bundle.short_id().substr(0, bundle.short_id().find('-'));
    context.err << printable(context.say(Message::kConfirmCancel, bundle.short_id(), bundle.destination(),
                                         human_size(bundle.size()), word),
                             context.ascii)
                << std::flush;
    std::string typed;
    return std::getline(context.in, typed) && typed == word;
}

int cancel_bundle(Context& context, const CancelOptions& options) {
    ApiClient client{context};
    const auto answer = show(client, options.name);
    if (!answer) return report(context, answer.error());
    const api::pb::Bundle bundle = answer->reply.show_bundle().bundle();
    if (options.dry_run) {
        if (context.format == Format::kJson) {
            write_json_line(context.out,
                            boost::json::object{{"would", "cancelled"}, {"bundle", to_json(bundle)}});
        } else {
            context.out << printable(context.say(Message::kWouldCancel, bundle.short_id(),
                                                 bundle.destination(), human_size(bundle.size())),
                                     context.ascii)
                        << "\n";
        }
        return kExitFine;
    }
    if (!options.yes && !context.in_terminal) {
        const auto needed =
            failed(ErrorCode::kInvalidArgument, context.say(Message::kNeedYes, bundle.short_id()));
        return report(context, needed.error());
    }
    if (!options.yes && !confirmed(context, bundle)) {
        context.err << context.say(Message::kNothingDone) << "\n";
        return kExitWarning;
    }
    // By the id that was shown: the name that was typed may be a prefix and fit something else by now.
    Request request;
    request.mutable_cancel_bundle()->set_name(bundle.short_id());
    return do_to_bundle(context, client, request, Message::kCancelled, "cancelled", bundle.short_id());
}

void add_named(CLI::App& bundle, const char* verb, const char* description, Context& context, Action& action,
               int (*command)(Context&, const std::string&)) {
    auto name = std::make_shared<std::string>();
    auto* app = bundle.add_subcommand(verb, description);
    app->add_option("NAME", *name, "short id or its beginning, bundle id, or key")->required();
    app->callback(
        [=, &context, &action] { action = [name, command, &context] { return command(context, *name); }; });
}

void add_cancel(CLI::App& bundle, Context& context, Action& action) {
    auto options = std::make_shared<CancelOptions>();
    auto* cancel = bundle.add_subcommand("cancel", "delete a bundle from this node");
    cancel->add_option("NAME", options->name, "short id or its beginning, bundle id, or key")->required();
    cancel->add_flag("--dry-run", options->dry_run, "say what would be deleted and do nothing");
    cancel->add_flag("--yes", options->yes, "do not ask");
    cancel->callback([=, &context, &action] {
        action = [options, &context] { return cancel_bundle(context, *options); };
    });
}

}  // namespace

void add_bundle(CLI::App& app, Context& context, Action& action) {
    auto* bundle = app.add_subcommand("bundle", "bundles: what is stored, sent and received here");
    bundle->require_subcommand(1);
    add_bundle_list(*bundle, context, action);
    add_named(*bundle, "show", "everything about one bundle", context, action, show_bundle);
    add_named(*bundle, "trace", "where a bundle came from and went", context, action, trace_bundle);
    add_named(*bundle, "hold", "keep a bundle from being forwarded or delivered", context, action,
              hold_bundle);
    add_named(*bundle, "release", "let a held bundle go on", context, action, release_bundle);
    add_cancel(*bundle, context, action);
    add_bundle_send(*bundle, context, action);
    add_bundle_receive(*bundle, context, action);
    add_bundle_decode(*bundle, context, action);
}

}  // namespace tram::cli
