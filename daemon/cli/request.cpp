#include "daemon/cli/request.h"

#include <functional>
#include <memory>
#include <optional>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::FiledRequest;
using api::pb::Reply;
using api::pb::Request;

struct ListOptions {
    std::string search;
    std::optional<std::uint32_t> state;
    std::string box;
};

void add_row(Context& context, Table& table, const FiledRequest& request) {
    const bool received = request.box() == "received";
    table.add({request.local_number(), context.say(received ? Message::kBoxReceived : Message::kBoxFiled),
               request.dossier_code(), state_text(context, request), request.procedure(), request.title(),
               request.office(), human_duration(request.ago_ms())});
}

Outcome<void> list_box(Context& context, ApiClient& client, const ListOptions& options, const char* box,
                       const std::function<void(const FiledRequest&)>& show, Table& table) {
    std::string after;
    do {
        Request request;
        auto& wanted = *request.mutable_list_requests();
        wanted.set_box(box);
        wanted.set_after(after);
        wanted.set_search(options.search);
        if (options.state) wanted.set_state(*options.state);
        const auto answer = client.call(request, Reply::kListRequests);
        if (!answer) return std::unexpected{answer.error()};
        for (const FiledRequest& each : answer->reply.list_requests().requests())
            show(each);
        table.flush();
        const std::string next = answer->reply.list_requests().next_after();
        if (!next.empty() && next == after) {
            return failed(ErrorCode::kUnsupportedVersion,
                          context.say(Message::kUnexpectedAnswer, context.api),
                          context.say(Message::kUnexpectedAnswerRemedy));
        }
        after = next;
    } while (!after.empty() && context.out.good());
    return {};
}

int list(Context& context, const ListOptions& options) {
    ApiClient client{context};
    JsonArray array{context.out};
    Table table{context.out,
                {{context.say(Message::kLocalNumber)},
                 {context.say(Message::kBox)},
                 {context.say(Message::kDossierCode)},
                 {context.say(Message::kState)},
                 {context.say(Message::kProcedure)},
                 {context.say(Message::kName)},
                 {context.say(Message::kOffice)},
                 {context.say(Message::kAge), Align::kRight}},
                context.ascii};
    bool found = false;
    const auto show = [&](const FiledRequest& each) {
        found = true;
        switch (context.format) {
            case Format::kJson: array.add(to_json(each)); break;
            case Format::kName: context.out << each.local_number() << "\n"; break;
            case Format::kTable: add_row(context, table, each); break;
        }
    };
    for (const char* box : {"filed", "received"}) {
        if (!options.box.empty() && options.box != box) continue;
        if (const auto listed = list_box(context, client, options, box, show, table); !listed)
            return report(context, listed.error());
    }
    if (context.format == Format::kJson) array.finish();
    if (context.format == Format::kTable && !found) context.err << context.say(Message::kNoRequests) << "\n";
    return kExitFine;
}

}  // namespace

std::string state_text(const Context& context, const FiledRequest& request) {
    std::string text = request.state() == 0 && request.arrived() ? context.say(Message::kArrived)
                                                                 : state_text(context, request.state());
    return request.withdrawal_asked() ? text + "; " + context.say(Message::kWithdrawalAsked) : text;
}

std::string state_text(const Context& context, std::uint32_t state) {
    if (state == 0) return context.say(Message::kNotHeard);
    return admin::word(static_cast<admin::pb::DossierState>(state), tongue_of(context));
}

void add_request(CLI::App& app, Context& context, Action& action) {
    auto* request = app.add_subcommand(
        "request", "requests to offices: those filed here, and those that came to an office here");
    request->require_subcommand(1);
    add_request_send(*request, context, action);
    add_request_show(*request, context, action);
    add_request_follow(*request, context, action);
    add_request_receive(*request, context, action);

    auto options = std::make_shared<ListOptions>();
    auto* list_verb = request->add_subcommand("list", "the requests, by local number");
    list_verb->add_option("--search", options->search, "words of the procedure; tones make no difference")
        ->type_name("TEXT");
    list_verb->add_option("--state", options->state, "only in this state, 1 to 10; 0: nothing heard yet")
        ->check(CLI::Range(0, 10))
        ->type_name("NUMBER");
    list_verb
        ->add_option("--box", options->box, "only those filed here, or only those received (default: both)")
        ->check(CLI::IsMember({"filed", "received"}))
        ->type_name("BOX");
    list_verb->callback(
        [=, &context, &action] { action = [options, &context] { return list(context, *options); }; });
}

}  // namespace tram::cli
