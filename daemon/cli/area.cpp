// `tram area`: whose notices this node shows.
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/notice.h"
#include "daemon/cli/notice_text.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::Area;
using api::pb::Reply;
using api::pb::Request;

int list(Context& context) {
    ApiClient client{context};
    Request request;
    request.mutable_list_areas();
    const auto answer = client.call(request, Reply::kListAreas);
    if (!answer) return report(context, answer.error());
    const auto& areas = answer->reply.list_areas().areas();
    JsonArray array{context.out};
    Table table{context.out,
                {{say(context, NoticeText::kArea)}, {say(context, NoticeText::kAreaFrom)}},
                context.ascii};
    for (const Area& each : areas) {
        switch (context.format) {
            case Format::kJson: array.add(to_json(each)); break;
            case Format::kName: context.out << printable(each.text(), context.ascii) << "\n"; break;
            case Format::kTable:
                table.add({each.text(), say(context, each.configured() ? NoticeText::kAreaConfigured
                                                                       : NoticeText::kAreaJoined)});
                break;
        }
    }
    if (context.format == Format::kTable) table.flush();
    if (context.format == Format::kJson) array.finish();
    if (context.format == Format::kTable && areas.empty())
        context.err << say(context, NoticeText::kNoAreas) << "\n";
    return kExitFine;
}

int change(Context& context, const std::string& area, bool join) {
    ApiClient client{context};
    Request request;
    if (join) {
        request.mutable_join_area()->set_area(area);
    } else {
        request.mutable_leave_area()->set_area(area);
    }
    const auto answer = client.call(request, Reply::kDone);
    if (!answer) return report(context, answer.error());
    switch (context.format) {
        case Format::kTable:
            context.out << printable(say(context, join ? NoticeText::kAreaIn : NoticeText::kAreaLeft, area),
                                     context.ascii)
                        << "\n";
            break;
        case Format::kName: context.out << printable(area, context.ascii) << "\n"; break;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"area", area}, {"joined", join}});
            break;
    }
    return kExitFine;
}

}  // namespace

void add_area(CLI::App& app, Context& context, Action& action) {
    auto* area = app.add_subcommand("area", "communes, villages and tasks whose notices are shown here");
    area->require_subcommand(1);
    auto* list_verb = area->add_subcommand("list", "the areas of this node");
    list_verb->callback([&context, &action] { action = [&context] { return list(context); }; });
    for (const bool join : {true, false}) {
        auto text = std::make_shared<std::string>();
        auto* verb = area->add_subcommand(
            join ? "join" : "leave",
            join ? "show the notices of an area, and sign for them" : "leave an area that was joined");
        verb->add_option("AREA", *text, "18904, 18904/DH-07 or role:to-cong-nghe-so@18904")->required();
        verb->callback([=, &context, &action] {
            action = [text, join, &context] { return change(context, *text, join); };
        });
    }
}

}  // namespace tram::cli
