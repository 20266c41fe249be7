#include "daemon/cli/request.h"

#include <chrono>
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
};

std::string state_text(const Context& context, std::uint32_t state) {
    if (state == 0) return context.say(Message::kNotHeard);
    return admin::word(static_cast<admin::pb::DossierState>(state), tongue_of(context));
}

std::string day_text(std::int32_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

void add_row(Context& context, Table& table, const FiledRequest& request) {
    table.add({request.local_number(), request.dossier_code(), state_text(context, request.state()),
               request.procedure(), request.title(), request.office(), human_duration(request.ago_ms())});
}

int list(Context& context, const ListOptions& options) {
    ApiClient client{context};
    JsonArray array{context.out};
    Table table{context.out,
                {{context.say(Message::kLocalNumber)},
                 {context.say(Message::kDossierCode)},
                 {context.say(Message::kState)},
                 {context.say(Message::kProcedure)},
                 {context.say(Message::kName)},
                 {context.say(Message::kOffice)},
                 {context.say(Message::kAge), Align::kRight}},
                context.ascii};
    std::string after;
    bool found = false;
    do {
        Request request;
        auto& wanted = *request.mutable_list_requests();
        wanted.set_after(after);
        wanted.set_search(options.search);
        if (options.state) wanted.set_state(*options.state);
        const auto answer = client.call(request, Reply::kListRequests);
        if (!answer) return report(context, answer.error());
        for (const FiledRequest& each : answer->reply.list_requests().requests()) {
            found = true;
            switch (context.format) {
                case Format::kJson: array.add(to_json(each)); break;
                case Format::kName: context.out << each.local_number() << "\n"; break;
                case Format::kTable: add_row(context, table, each); break;
            }
        }
        table.flush();
        const std::string next = answer->reply.list_requests().next_after();
        if (!next.empty() && next == after) {
            return report(context, failed(ErrorCode::kUnsupportedVersion,
                                          context.say(Message::kUnexpectedAnswer, context.api),
                                          context.say(Message::kUnexpectedAnswerRemedy))
                                       .error());
        }
        after = next;
    } while (!after.empty() && context.out.good());
    if (context.format == Format::kJson) array.finish();
    if (context.format == Format::kTable && !found) context.err << context.say(Message::kNoRequests) << "\n";
    return kExitFine;
}

void print_shown(Context& context, const api::pb::ShowRequestReply& shown) {
    const FiledRequest& request = shown.request();
    const auto line = [&](Message title, const std::string& text) {
        if (text.empty()) return;
        context.out << printable(context.say(title) + "  " + text, context.ascii) << "\n";
    };
    line(Message::kLocalNumber, request.local_number());
    line(Message::kDossierCode, request.dossier_code());
    line(Message::kState, state_text(context, request.state()));
    line(Message::kProcedure, request.procedure() + "  " + request.title());
    line(Message::kOffice, request.office() + "  " + shown.destination());
    line(Message::kAge, human_duration(request.ago_ms()));
    line(Message::kFiles, std::to_string(request.attachments()) + "  " + human_size(request.content_bytes()));
    if (request.has_due_day()) line(Message::kDue, day_text(request.due_day()));
    line(Message::kHere, shown.parts_here() == 0
                             ? context.say(Message::kMessagePartsGone)
                             : context.say(Message::kMessageParts, shown.parts_here(), shown.parts()));
    std::string taken;
    for (const std::string& node : shown.handed_to())
        taken += (taken.empty() ? "" : " ") + node;
    line(Message::kMessageTakenBy, taken);
    if (request.missing() != 0) line(Message::kMissingWords, std::to_string(request.missing()));
    std::string words;
    for (const auto& word : shown.history())
        words += (words.empty() ? "" : ", ") + std::to_string(word.sequence()) + " " +
                 state_text(context, word.state());
    line(Message::kWords, words);
}

int show(Context& context, const std::string& number) {
    ApiClient client{context};
    Request request;
    request.mutable_show_request()->set_local_number(number);
    const auto answer = client.call(request, Reply::kShowRequest);
    if (!answer) return report(context, answer.error());
    const auto& shown = answer->reply.show_request();
    switch (context.format) {
        case Format::kJson: write_json_pretty(context.out, to_json(shown)); break;
        case Format::kName: context.out << shown.request().local_number() << "\n"; break;
        case Format::kTable: print_shown(context, shown); break;
    }
    return kExitFine;
}

}  // namespace

void add_request(CLI::App& app, Context& context, Action& action) {
    auto* request = app.add_subcommand("request", "requests to offices that were filed here");
    request->require_subcommand(1);
    add_request_send(*request, context, action);

    auto options = std::make_shared<ListOptions>();
    auto* list_verb = request->add_subcommand("list", "the requests, by local number");
    list_verb->add_option("--search", options->search, "words of the procedure; tones make no difference")
        ->type_name("TEXT");
    list_verb->add_option("--state", options->state, "only in this state, 1 to 10; 0: nothing heard yet")
        ->check(CLI::Range(0, 10))
        ->type_name("NUMBER");
    list_verb->callback(
        [=, &context, &action] { action = [options, &context] { return list(context, *options); }; });

    auto number = std::make_shared<std::string>();
    auto* show_verb = request->add_subcommand("show", "everything that is known of one request");
    show_verb->add_option("NUMBER", *number, "its local number")->required();
    show_verb->callback(
        [=, &context, &action] { action = [number, &context] { return show(context, *number); }; });
}

}  // namespace tram::cli
