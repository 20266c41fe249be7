#include "daemon/cli/notice.h"

#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/format.h"
#include "daemon/cli/notice_text.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"

namespace tram::cli {

namespace {

using api::pb::Notice;
using api::pb::Reply;
using api::pb::Request;

struct ListOptions {
    std::string search;
    bool all = false;
};

void add_row(const Context& context, Table& table, const Notice& notice) {
    table.add({notice.document_number(),
               admin::word(static_cast<admin::pb::Urgency>(notice.urgency()), tongue_of(context)),
               status_word(context, notice.status()), notice.title(), notice.from(),
               join(notice.languages(), " "), human_duration(notice.ago_ms()),
               human_duration(notice.remaining_ms())});
}

int list(Context& context, const ListOptions& options) {
    ApiClient client{context};
    JsonArray array{context.out};
    Table table{context.out,
                {{say(context, NoticeText::kDocumentNumber)},
                 {context.say(Message::kUrgency)},
                 {context.say(Message::kState)},
                 {say(context, NoticeText::kTitle)},
                 {context.say(Message::kOffice)},
                 {say(context, NoticeText::kLanguages)},
                 {context.say(Message::kAge), Align::kRight},
                 {context.say(Message::kLeft), Align::kRight}},
                context.ascii};
    std::string after;
    bool found = false;
    do {
        Request request;
        request.mutable_list_notices()->set_after(after);
        request.mutable_list_notices()->set_search(options.search);
        request.mutable_list_notices()->set_all(options.all);
        const auto answer = client.call(request, Reply::kListNotices);
        if (!answer) return report(context, answer.error());
        for (const Notice& each : answer->reply.list_notices().notices()) {
            found = true;
            switch (context.format) {
                case Format::kJson: array.add(to_json(each)); break;
                case Format::kName:
                    context.out << printable(each.document_number(), context.ascii) << "\n";
                    break;
                case Format::kTable: add_row(context, table, each); break;
            }
        }
        table.flush();
        const std::string next = answer->reply.list_notices().next_after();
        if (!next.empty() && next == after) {
            return report(context, failed(ErrorCode::kUnsupportedVersion,
                                          context.say(Message::kUnexpectedAnswer, context.api),
                                          context.say(Message::kUnexpectedAnswerRemedy))
                                       .error());
        }
        after = next;
    } while (!after.empty() && context.out.good());
    if (context.format == Format::kJson) array.finish();
    if (context.format == Format::kTable && !found)
        context.err << say(context, NoticeText::kNoNotices) << "\n";
    return kExitFine;
}

}  // namespace

void add_notice_options(CLI::App& verb, NoticeOptions& options) {
    verb.add_option("NUMBER", options.number, "its document number, such as 07/CĐ-UBND")->required();
    verb.add_option("--year", options.year, "where several years have this number")->type_name("YEAR");
    verb.add_option("--issuer", options.issuer, "where several offices have this number")
        ->check(problem_with_node_id)
        ->type_name("NODE");
}

api::pb::ShowNoticeRequest to_request(const NoticeOptions& options) {
    api::pb::ShowNoticeRequest request;
    request.set_document_number(options.number);
    request.set_year(options.year);
    request.set_issuer(options.issuer);
    return request;
}

std::string status_word(const Context& context, const std::string& status) {
    if (status == "current") return say(context, NoticeText::kCurrent);
    if (status == "superseded") return say(context, NoticeText::kSuperseded);
    if (status == "recalled") return say(context, NoticeText::kRecalled);
    if (status == "expired") return say(context, NoticeText::kExpired);
    if (status == "newer_program") return say(context, NoticeText::kNewer);
    return status;
}

std::string join(const google::protobuf::RepeatedPtrField<std::string>& texts, const std::string& between) {
    std::string out;
    for (const std::string& each : texts)
        out += (out.empty() ? "" : between) + each;
    return out;
}

void add_notice(CLI::App& app, Context& context, Action& action) {
    auto* notice = app.add_subcommand("notice", "notices of offices: published, shown, proved");
    notice->require_subcommand(1);
    add_notice_publish(*notice, context, action);

    auto options = std::make_shared<ListOptions>();
    auto* list_verb =
        notice->add_subcommand("list", "notices that are valid and for this node, the most urgent first");
    list_verb->add_option("--search", options->search, "words of title or number; tones make no difference")
        ->type_name("TEXT");
    list_verb->add_flag("--all", options->all, "also those that are over, and those for others");
    list_verb->callback(
        [=, &context, &action] { action = [options, &context] { return list(context, *options); }; });
    add_notice_show(*notice, context, action);
    add_notice_mark(*notice, context, action);
    add_notice_proof(*notice, context, action);
}

}  // namespace tram::cli
