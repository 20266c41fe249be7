// `tram notice show`: everything about one notice, its text in the best language that there is, its
// recordings.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/format.h"
#include "daemon/cli/notice.h"
#include "daemon/cli/notice_content.h"
#include "daemon/cli/notice_text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "proto/admin/notice.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace pb = admin::pb;
using api::pb::Notice;
using api::pb::Reply;
using api::pb::Request;

struct ShowOptions {
    NoticeOptions notice;
    std::vector<std::string> languages;  ///< best first
    std::string save;                    ///< directory
};

Outcome<std::vector<admin::Language>> wished(const ShowOptions& options) {
    std::vector<admin::Language> languages;
    for (const std::string& tag : options.languages) {
        auto language = admin::Language::parse(tag);
        if (!language) return std::unexpected{failure_of(language.error())};
        languages.push_back(std::move(*language));
    }
    return languages;
}

void print_head(Context& context, const Notice& notice) {
    const auto line = [&](const std::string& title, const std::string& text) {
        if (text.empty()) return;
        context.out << printable(title + "  " + text, context.ascii) << "\n";
    };
    const std::string status = status_word(context, notice.status());
    line(say(context, NoticeText::kDocumentNumber), notice.document_number() + "  " + notice.doc_type());
    line(say(context, NoticeText::kTitle), notice.title());
    line(context.say(Message::kUrgency),
         admin::word(static_cast<pb::Urgency>(notice.urgency()), tongue_of(context)));
    line(context.say(Message::kState),
         notice.superseded_by().empty() ? status : status + "  " + notice.superseded_by());
    line(context.say(Message::kOffice), notice.from() + "  " + notice.issuer());
    line(say(context, NoticeText::kAudience), notice.audience());
    line(context.say(Message::kAge), human_duration(notice.ago_ms()));
    line(context.say(Message::kLeft), human_duration(notice.remaining_ms()));
    line(say(context, NoticeText::kLanguages), join(notice.languages(), " "));
    line(say(context, NoticeText::kRecordings), join(notice.audio(), " "));
    if (notice.loudspeaker() != 0)
        line(say(context, NoticeText::kLoudspeaker), std::to_string(notice.loudspeaker()));
    line(say(context, NoticeText::kDisplayedHere), join(notice.displayed(), " "));
    line(say(context, NoticeText::kAnnouncedHere), join(notice.announced(), " "));
}

json::object to_json(const pb::Text& text) {
    return {{"lang", text.language()}, {"title", text.title()}, {"body", text.body()}};
}

void print_json(Context& context, const Notice& notice, const ReadNotice* content) {
    json::object out = cli::to_json(notice);
    if (content != nullptr) {
        json::array texts;
        for (const pb::Text& each : content->message.notice().texts())
            texts.push_back(to_json(each));
        json::array files;
        for (const std::filesystem::path& each : content->files)
            files.emplace_back(each.string());
        out["texts"] = std::move(texts);
        out["files"] = std::move(files);
    }
    write_json_pretty(context.out, out);
}

/// The text in lines: what a terminal would take for a control character is none.
void print_text(Context& context, const pb::Message& message, const std::vector<admin::Language>& languages) {
    if (message.notice().texts().empty()) return;
    const auto chosen = static_cast<int>(admin::choose_text(message.notice(), languages));
    const pb::Text& text = message.notice().texts(chosen);
    context.out << "\n";
    if (!text.title().empty()) context.out << printable(text.title(), context.ascii) << "\n";
    std::string_view rest = text.body();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        context.out << printable(rest.substr(0, end), context.ascii) << "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

int show(Context& context, const ShowOptions& options) {
    const auto languages = wished(options);
    if (!languages) return report(context, languages.error());
    ApiClient client{context};
    Request request;
    *request.mutable_show_notice() = to_request(options.notice);
    const auto answer = client.call(request, Reply::kShowNotice);
    if (!answer) return report(context, answer.error());
    const auto& shown = answer->reply.show_notice();
    std::optional<ReadNotice> content;
    if (shown.has_content()) {
        const std::filesystem::path directory{options.save};
        auto read = read_notice_content(context, client, shown.content(),
                                        options.save.empty() ? nullptr : &directory);
        if (!read) return report(context, read.error());
        content = std::move(*read);
    }
    switch (context.format) {
        case Format::kJson: print_json(context, shown.notice(), content ? &*content : nullptr); break;
        case Format::kName:
            context.out << printable(shown.notice().document_number(), context.ascii) << "\n";
            break;
        case Format::kTable:
            print_head(context, shown.notice());
            if (!content) break;
            for (const std::filesystem::path& each : content->files)
                context.out << printable(say(context, NoticeText::kSavedAs, each.string()), context.ascii)
                            << "\n";
            print_text(context, content->message, *languages);
            break;
    }
    if (!content) context.err << say(context, NoticeText::kTextsGone) << "\n";
    return kExitFine;
}

}  // namespace

void add_notice_show(CLI::App& notice, Context& context, Action& action) {
    auto options = std::make_shared<ShowOptions>();
    auto* verb = notice.add_subcommand("show", "one notice with its text");
    add_notice_options(*verb, options->notice);
    verb->add_option("--lang", options->languages, "languages of the text, best first, such as bru,vi")
        ->delimiter(',')
        ->type_name("LANG");
    verb->add_option("--save", options->save, "write recordings and other files there")->type_name("DIR");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return show(context, *options); }; });
}

}  // namespace tram::cli
