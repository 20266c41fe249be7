// What follows a request under its number: `tram request supplement`, `withdraw` and `hand-over`.
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/form.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/admin/text.h"
#include "proto/admin/values.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace pb = admin::pb;
using api::pb::Reply;
using api::pb::Request;

struct FollowOptions {
    std::string number;
    std::string form;
    std::vector<std::string> attach;
    std::string note_file;
    std::string key;
};

struct HandOverOptions {
    std::string number;
    std::string witness;
    std::string evidence;
};

Outcome<pb::Message> read_part(Context& context, const FollowOptions& options, pb::RequestPurpose purpose) {
    json::object form;
    if (!options.form.empty()) {
        auto read = read_form(context, options.form);
        if (!read) return std::unexpected{read.error()};
        form = std::move(*read);
    }
    // Set here, or by the daemon.
    for (const std::string_view key : {"kind", "proc", "att", "created", "local_no", "purpose", "part"})
        form.erase(json::string_view{key.data(), key.size()});
    form["kind"] = "request";
    auto message = admin::message_from_value(to_value(form));
    if (!message) return std::unexpected{failure_of(message.error())};
    admin::stamp(*message);
    message->mutable_head()->set_local_number(options.number);
    message->mutable_request()->set_purpose(purpose);
    if (!options.note_file.empty()) {
        const auto note = read_input(context, options.note_file, admin::kTextBytesMax);
        if (!note) return std::unexpected{note.error()};
        message->mutable_request()->set_note(std::string{as_text(*note)});
    }
    if (!admin::check_secrecy(*message))
        return failed(ErrorCode::kSecret, std::string{admin::secret_refusal(tongue_of(context))});
    for (const std::string& file : options.attach) {
        if (auto attached = attach(context, file, *message); !attached)
            return std::unexpected{attached.error()};
    }
    return *message;
}

int follow(Context& context, const FollowOptions& options, pb::RequestPurpose purpose) {
    const bool says_something =
        !options.attach.empty() || !options.note_file.empty() || !options.form.empty();
    if (purpose == pb::PURPOSE_SUPPLEMENT && !says_something) {
        report(context, failed(ErrorCode::kInvalidArgument, context.say(Message::kNothingToSend)).error());
        return kExitUsage;
    }
    const auto message = read_part(context, options, purpose);
    if (!message) return report(context, message.error());
    return file_request(context, *message, options.attach, options.key);
}

Outcome<void> read_evidence(Context& context, const std::string& file, api::pb::HandOverRequest& to) {
    pb::Message holder;
    if (auto read = attach(context, file, holder); !read) return read;
    const pb::Attachment& evidence = holder.attachments(0);
    if (evidence.media_type() == "image/png") to.set_evidence(pb::EVIDENCE_PNG);
    if (evidence.media_type() == "image/jpeg") to.set_evidence(pb::EVIDENCE_JPEG);
    if (evidence.media_type() == "application/pdf") to.set_evidence(pb::EVIDENCE_PDF);
    to.set_evidence_digest(evidence.sha256());
    if (to.evidence() != pb::EVIDENCE_NONE) return {};
    return failed(ErrorCode::kInvalidArgument, "--evidence: expected a .png, .jpg or .pdf");
}

int hand_over(Context& context, const HandOverOptions& options) {
    Request request;
    auto& asked = *request.mutable_hand_over();
    asked.set_local_number(options.number);
    asked.set_witness(options.witness);
    if (!options.evidence.empty()) {
        if (auto read = read_evidence(context, options.evidence, asked); !read)
            return report(context, read.error());
    }
    ApiClient client{context};
    const auto answer = client.call(request, Reply::kDone);
    if (!answer) return report(context, answer.error());
    switch (context.format) {
        case Format::kTable:
            context.out << context.say(Message::kHandedOverTo, options.number) << "\n";
            break;
        case Format::kName: context.out << options.number << "\n"; break;
        case Format::kJson:
            write_json_line(context.out,
                            json::object{{"local_number", options.number}, {"handed_over", true}});
            break;
    }
    return kExitFine;
}

std::shared_ptr<FollowOptions> add_common(CLI::App& verb) {
    auto options = std::make_shared<FollowOptions>();
    verb.add_option("NUMBER", options->number, "the local number of the request")->required();
    verb.add_option("--attach", options->attach, "a file that belongs to it; may be given several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    verb.add_option("--note-file", options->note_file, "a note for the office, from a file")
        ->type_name("FILE");
    verb.add_option("--idempotency-key", options->key,
                    "drawn by chance: asked for again with the same key, it is filed once")
        ->type_name("KEY");
    return options;
}

}  // namespace

void add_request_follow(CLI::App& request, Context& context, Action& action) {
    auto* supplement = request.add_subcommand("supplement", "send what the office has asked for");
    const auto papers = add_common(*supplement);
    supplement->add_option("--form", papers->form, "JSON with form, as for send; - for standard input")
        ->type_name("FILE");
    supplement->callback([=, &context, &action] {
        action = [papers, &context] { return follow(context, *papers, pb::PURPOSE_SUPPLEMENT); };
    });
    auto* withdraw = request.add_subcommand("withdraw", "ask the office to give the dossier up");
    const auto withdrawal = add_common(*withdraw);
    withdraw->callback([=, &context, &action] {
        action = [withdrawal, &context] { return follow(context, *withdrawal, pb::PURPOSE_WITHDRAWAL); };
    });

    auto options = std::make_shared<HandOverOptions>();
    auto* verb =
        request.add_subcommand("hand-over", "the citizen has the result: sign a receipt that says so");
    verb->add_option("NUMBER", options->number, "the local number of the request")->required();
    verb->add_option("--witness", options->witness, "the team that saw it, such as 18904-to-12")
        ->type_name("TEAM");
    verb->add_option("--evidence", options->evidence,
                     "the signed paper as .png, .jpg or .pdf: its digest goes along, the file stays here")
        ->type_name("FILE");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return hand_over(context, *options); }; });
}

}  // namespace tram::cli
