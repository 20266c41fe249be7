// `tram notice publish`, `supersede` and `recall`: the daemon counts editions and says that a notice is
// published only when all of it is on its disk.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/device_site.h"
#include "daemon/cli/form.h"
#include "daemon/cli/notice.h"
#include "daemon/cli/notice_text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "daemon/cli/upload.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/rules.h"
#include "proto/admin/values.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace pb = admin::pb;
using api::pb::Reply;
using api::pb::Request;

struct PublishOptions {
    std::string file;
    std::vector<std::string> audio;   ///< LANG=FILE
    std::vector<std::string> attach;  ///< further files
    bool replace = false;
    std::string supersedes;  ///< document number
    std::uint32_t supersedes_year = 0;
};

struct RecallOptions {
    std::string number;
    std::uint32_t year = 0;
    bool yes = false;
};

struct Draft {
    pb::Message message;
    std::vector<std::string> files;  ///< in the order of the manifest
};

Outcome<void> add_recordings(Context& context, const PublishOptions& options, Draft& draft) {
    for (const std::string& each : options.audio) {
        const std::size_t equals = each.find('=');
        const auto language = admin::Language::parse(each.substr(0, equals));
        if (!language || equals == std::string::npos) {
            return failed(ErrorCode::kInvalidArgument, say(context, NoticeText::kAudioOption, each));
        }
        draft.files.push_back(each.substr(equals + 1));
        if (auto attached = attach(context, draft.files.back(), draft.message); !attached) return attached;
        draft.message.mutable_attachments()->rbegin()->set_language(language->text());
    }
    for (const std::string& file : options.attach) {
        draft.files.push_back(file);
        if (auto attached = attach(context, file, draft.message); !attached) return attached;
    }
    return {};
}

Outcome<Draft> read_notice(Context& context, const PublishOptions& options) {
    auto form = read_form(context, options.file);
    if (!form) return std::unexpected{form.error()};
    // Files are named on the command line; what the form says of them is left out.
    for (const std::string_view key : {"kind", "audio", "att"})
        form->erase(json::string_view{key.data(), key.size()});
    (*form)["kind"] = "notice";
    auto message = admin::message_from_value(to_value(*form));
    if (!message) return std::unexpected{failure_of(message.error())};
    admin::stamp(*message);
    if (!options.supersedes.empty()) message->mutable_notice()->set_supersedes(options.supersedes);
    if (options.supersedes_year != 0) message->mutable_notice()->set_supersedes_year(options.supersedes_year);
    if (!admin::check_secrecy(*message))
        return failed(ErrorCode::kSecret, std::string{admin::secret_refusal(tongue_of(context))});
    Draft draft{std::move(*message), {}};
    if (auto added = add_recordings(context, options, draft); !added) return std::unexpected{added.error()};
    return draft;
}

void print(Context& context, const std::string& number, std::uint32_t edition, bool recall) {
    switch (context.format) {
        case Format::kTable:
            context.out << printable(say(context, recall ? NoticeText::kRecallSent : NoticeText::kPublished,
                                         number, edition),
                                     context.ascii)
                        << "\n";
            break;
        case Format::kName: context.out << printable(number, context.ascii) << "\n"; break;
        case Format::kJson:
            write_json_line(
                context.out,
                json::object{{"document_number", number}, {"edition", edition}, {"recall", recall}});
            break;
    }
}

int send(Context& context, const Draft& draft, bool replace) {
    const auto encoded = admin::encode_message(draft.message);
    if (!encoded) return report(context, failure_of(encoded.error()));
    ApiClient client{context};
    Request request;
    request.mutable_publish_notice()->set_replace(replace);
    const ByteView frame{*encoded};
    const auto answer = client.call(request, Reply::kPublishNotice, &frame);
    if (!answer) return report(context, answer.error());
    const auto& opened = answer->reply.publish_notice();
    Upload upload{client, opened.token()};
    if (const auto sent = send_files(context, draft.files, draft.message, upload, opened.offset()); !sent) {
        upload.drop(sent.error());
        return report(context, sent.error());
    }
    if (const auto sent = upload.finish(); !sent) {
        upload.drop(sent.error());
        return report(context, sent.error());
    }
    print(context, draft.message.head().document_number(), opened.edition(), draft.message.notice().recall());
    return kExitFine;
}

int publish(Context& context, const PublishOptions& options) {
    const auto draft = read_notice(context, options);
    if (!draft) return report(context, draft.error());
    return send(context, *draft, options.replace);
}

int recall(Context& context, const RecallOptions& options) {
    if (const auto stop = confirmed(context, options.yes,
                                    say(context, NoticeText::kConfirmRecall, options.number), options.number))
        return *stop;
    Draft draft;
    admin::stamp(draft.message);
    draft.message.mutable_head()->set_kind(pb::KIND_NOTICE);
    draft.message.mutable_head()->set_document_number(options.number);
    draft.message.mutable_notice()->set_recall(true);
    draft.message.mutable_notice()->set_year(options.year);
    return send(context, draft, false);
}

void add_file_options(CLI::App& verb, PublishOptions& options) {
    verb.add_option("FILE", options.file, "JSON with the notice, - for standard input")->required();
    verb.add_option("--audio", options.audio,
                    "a recording: its language, = and its file; may be given several times")
        ->type_name("LANG=FILE")
        ->allow_extra_args(false);
    verb.add_option("--attach", options.attach,
                    "a further file that belongs to it; may be given several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
}

}  // namespace

void add_notice_publish(CLI::App& notice, Context& context, Action& action) {
    auto options = std::make_shared<PublishOptions>();
    auto* publish_verb =
        notice.add_subcommand("publish", "publish a notice of an office that is at this node");
    add_file_options(*publish_verb, *options);
    publish_verb->add_flag("--replace", options->replace, "a further edition of a notice of this number");
    publish_verb->callback(
        [=, &context, &action] { action = [options, &context] { return publish(context, *options); }; });

    auto newer = std::make_shared<PublishOptions>();
    auto* supersede_verb = notice.add_subcommand("supersede", "publish a notice in the place of another one");
    supersede_verb->add_option("OLD", newer->supersedes, "document number of the notice that it ends")
        ->required();
    supersede_verb->add_option("--old-year", newer->supersedes_year, "of that number, if not the same")
        ->type_name("YEAR");
    add_file_options(*supersede_verb, *newer);
    supersede_verb->callback(
        [=, &context, &action] { action = [newer, &context] { return publish(context, *newer); }; });

    auto withdrawn = std::make_shared<RecallOptions>();
    auto* recall_verb = notice.add_subcommand("recall", "withdraw a notice that was published here");
    recall_verb->add_option("NUMBER", withdrawn->number, "its document number")->required();
    recall_verb->add_option("--year", withdrawn->year, "of the number, if not this one")->type_name("YEAR");
    recall_verb->add_flag("--yes", withdrawn->yes, "do not ask");
    recall_verb->callback(
        [=, &context, &action] { action = [withdrawn, &context] { return recall(context, *withdrawn); }; });
}

}  // namespace tram::cli
