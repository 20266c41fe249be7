// `tram update`, at an office: its next word about a dossier, and its official receipt. Reasons may be about
// a person: they come from files, and not from a command line that everybody on the machine can read.
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/form.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "daemon/cli/upload.h"
#include "proto/admin/dates.h"
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

struct UpdateOptions {
    std::string number;
    std::string kind;
    std::optional<std::uint32_t> state;
    std::string form_file;
    std::string reason_file;
    std::vector<std::string> need;
    std::string due;
    std::string respond_by;
    std::string code;
    std::string hand_over;
    bool presence = false;
    std::vector<std::string> attach;
    std::string key;
};

struct AcceptOptions {
    std::string number;
    std::string code;
    std::string due;
    std::string office_name;
    std::string accepted;
};

/// What a kind of update is by default.
struct Usual {
    pb::UpdateKind kind;
    pb::Form form;
    pb::DossierState state;
};

const std::map<std::string, Usual> kKinds{
    {"progress", {pb::UPDATE_PROGRESS, pb::FORM_NONE, pb::STATE_IN_PROGRESS}},
    {"supplement", {pb::UPDATE_SUPPLEMENT, pb::FORM_SUPPLEMENT, pb::STATE_SUPPLEMENT_NEEDED}},
    {"result", {pb::UPDATE_RESULT, pb::FORM_NONE, pb::STATE_DONE}},
    {"refusal", {pb::UPDATE_REFUSAL, pb::FORM_REFUSAL, pb::STATE_REFUSED}},
    {"delay", {pb::UPDATE_DELAY, pb::FORM_APOLOGY, pb::STATE_IN_PROGRESS}}};
const std::map<std::string, pb::HandOver> kHandOvers{
    {"kiosk", pb::HAND_OVER_KIOSK}, {"in-person", pb::HAND_OVER_IN_PERSON}, {"post", pb::HAND_OVER_POST}};

Outcome<pb::Message> read_form_file(Context& context, const std::string& file) {
    auto form = read_form(context, file);
    if (!form) return std::unexpected{form.error()};
    // Set here, or by the daemon.
    for (const std::string_view key : {"att", "file", "local_no", "from", "epoch", "seq", "issued"})
        form->erase(json::string_view{key.data(), key.size()});
    if (!form->contains("kind")) (*form)["kind"] = "progress";
    auto message = admin::message_from_value(to_value(*form));
    if (!message) return std::unexpected{failure_of(message.error())};
    if (!message->has_update())
        return failed(ErrorCode::kInvalidArgument, "kind: expected progress, supplement, result or delay");
    return *message;
}

Outcome<std::optional<std::int32_t>> read_day(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto day = admin::parse_day(text);
    if (!day) return std::unexpected{failure_of(day.error())};
    return *day;
}

Outcome<void> set_texts(Context& context, const UpdateOptions& options, pb::Update& update) {
    if (!options.reason_file.empty()) {
        const auto reason = read_input(context, options.reason_file, admin::kTextBytesMax);
        if (!reason) return std::unexpected{reason.error()};
        std::string text{as_text(*reason)};
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        update.set_reason(std::move(text));
    }
    for (const std::string& need : options.need)
        update.add_need(need);
    const auto due = read_day(options.due);
    if (!due) return std::unexpected{due.error()};
    if (*due) update.set_due_day(**due);
    const auto respond_by = read_day(options.respond_by);
    if (!respond_by) return std::unexpected{respond_by.error()};
    if (*respond_by) update.set_respond_by_day(**respond_by);
    return {};
}

Outcome<pb::Message> read_update(Context& context, const UpdateOptions& options) {
    pb::Message message;
    message.mutable_update();
    if (!options.form_file.empty()) {
        auto read = read_form_file(context, options.form_file);
        if (!read) return read;
        message = std::move(*read);
    }
    admin::stamp(message);
    message.mutable_head()->set_kind(pb::KIND_UPDATE);
    pb::Update& update = *message.mutable_update();
    std::string kind = options.kind;
    if (kind.empty() && options.form_file.empty()) kind = "progress";
    for (const auto& [name, usual] : kKinds) {
        if (name == kind) update.set_kind(usual.kind);
        if (update.kind() != usual.kind) continue;
        update.set_form(usual.form);
        if (update.state() == pb::STATE_UNSPECIFIED) update.set_state(usual.state);
    }
    if (options.state) update.set_state(static_cast<pb::DossierState>(*options.state));
    if (auto set = set_texts(context, options, update); !set) return std::unexpected{set.error()};
    if (!options.code.empty()) message.mutable_head()->set_dossier_code(options.code);
    if (!options.hand_over.empty()) update.set_hand_over(kHandOvers.at(options.hand_over));
    if (options.presence) update.set_need_presence(true);
    if (!admin::check_secrecy(message))
        return failed(ErrorCode::kSecret, std::string{admin::secret_refusal(tongue_of(context))});
    for (const std::string& file : options.attach) {
        if (auto attached = attach(context, file, message); !attached)
            return std::unexpected{attached.error()};
    }
    return message;
}

void print(Context& context, const UpdateOptions& options, const api::pb::SendUpdateReply& sent) {
    const Message text = sent.sent_before() ? Message::kUpdateSentBefore : Message::kUpdateSent;
    switch (context.format) {
        case Format::kTable: context.out << context.say(text, options.number, sent.sequence()) << "\n"; break;
        case Format::kName: context.out << sent.sequence() << "\n"; break;
        case Format::kJson:
            write_json_line(context.out, json::object{{"local_number", options.number},
                                                      {"sequence", sent.sequence()},
                                                      {"sent_before", sent.sent_before()}});
            break;
    }
}

int send(Context& context, const UpdateOptions& options) {
    if (options.kind.empty() && !options.state && options.form_file.empty()) {
        report(context, failed(ErrorCode::kInvalidArgument, context.say(Message::kNothingToSay)).error());
        return kExitUsage;
    }
    const auto message = read_update(context, options);
    if (!message) return report(context, message.error());
    const auto encoded = admin::encode_message(*message);
    if (!encoded) return report(context, failure_of(encoded.error()));
    ApiClient client{context};
    Request request;
    request.mutable_send_update()->set_local_number(options.number);
    request.mutable_send_update()->set_key(options.key);
    const ByteView frame{*encoded};
    const auto answer = client.call(request, Reply::kSendUpdate, &frame);
    if (!answer) return report(context, answer.error());
    const auto& opened = answer->reply.send_update();
    if (!opened.sent_before()) {
        Upload upload{client, opened.token()};
        auto sent = send_files(context, options.attach, *message, upload, opened.offset());
        if (sent) {
            if (const auto finished = upload.finish(); !finished) sent = std::unexpected{finished.error()};
        }
        if (!sent) {
            upload.drop(sent.error());
            return report(context, sent.error());
        }
    }
    print(context, options, opened);
    return kExitFine;
}

int accept(Context& context, const AcceptOptions& options) {
    Request request;
    auto& asked = *request.mutable_accept_dossier();
    const auto due = admin::parse_day(options.due);
    if (!due) return report(context, failure_of(due.error()));
    asked.set_local_number(options.number);
    asked.set_dossier_code(options.code);
    asked.set_due_day(*due);
    asked.set_office_name(options.office_name);
    if (!options.accepted.empty()) {
        const auto at = admin::parse_time(options.accepted);
        if (!at) return report(context, failure_of(at.error()));
        asked.set_accepted_unix_s(*at);
    }
    ApiClient client{context};
    const auto answer = client.call(request, Reply::kDone);
    if (!answer) return report(context, answer.error());
    switch (context.format) {
        case Format::kTable:
            context.out << context.say(Message::kDossierAccepted, options.number, options.code) << "\n";
            break;
        case Format::kName: context.out << options.number << "\n"; break;
        case Format::kJson:
            write_json_line(context.out,
                            json::object{{"local_number", options.number}, {"dossier_code", options.code}});
            break;
    }
    return kExitFine;
}

void add_send(CLI::App& update, Context& context, Action& action) {
    auto options = std::make_shared<UpdateOptions>();
    auto* verb =
        update.add_subcommand("send", "the office's next word about a dossier, sealed for its kiosk");
    verb->add_option("NUMBER", options->number, "the local number of the request")->required();
    verb->add_option("--kind", options->kind, "progress (with --state), supplement, result, refusal or delay")
        ->check(CLI::IsMember({"progress", "supplement", "result", "refusal", "delay"}))
        ->type_name("KIND");
    verb->add_option("--state", options->state, "1 to 10 (default: as usual for its kind)")
        ->check(CLI::Range(1, 10))
        ->type_name("NUMBER");
    verb->add_option("--form-file", options->form_file,
                     "JSON with the keys of an update; - for standard input")
        ->type_name("FILE");
    verb->add_option("--reason-file", options->reason_file, "why, from a file")->type_name("FILE");
    verb->add_option("--need", options->need, "a paper that is needed; may be given several times")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    verb->add_option("--due", options->due, "when the result will be there, 2026-12-31")->type_name("DAY");
    verb->add_option("--respond-by", options->respond_by, "until when to answer")->type_name("DAY");
    verb->add_option("--code", options->code, "the dossier's official code, the first time")
        ->type_name("CODE");
    verb->add_option("--hand-over", options->hand_over, "how the result reaches the citizen")
        ->check(CLI::IsMember({"kiosk", "in-person", "post"}))
        ->type_name("WAY");
    verb->add_flag("--presence", options->presence, "the citizen must come");
    verb->add_option("--attach", options->attach, "a file that belongs to it; may be given several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    verb->add_option("--idempotency-key", options->key,
                     "drawn by chance: asked for again with the same key, it is sent once")
        ->type_name("KEY");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return send(context, *options); }; });
}

}  // namespace

void add_update(CLI::App& app, Context& context, Action& action) {
    auto* update = app.add_subcommand("update", "an office's words about dossiers that came to it");
    update->require_subcommand(1);
    add_send(*update, context, action);
    auto options = std::make_shared<AcceptOptions>();
    auto* verb = update->add_subcommand("accept", "the official receipt (Mẫu 01) to who filed the request");
    verb->add_option("NUMBER", options->number, "the local number of the request")->required();
    verb->add_option("--code", options->code, "the official code, from the office's own system")
        ->required()
        ->type_name("CODE");
    verb->add_option("--due", options->due, "ngày hẹn trả, 2026-12-31")->required()->type_name("DAY");
    verb->add_option("--office-name", options->office_name, "the office's name as on its papers")
        ->required()
        ->type_name("TEXT");
    verb->add_option("--accepted", options->accepted, "when, 2026-11-24T09:12:00+07:00 (default: now)")
        ->type_name("TIME");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return accept(context, *options); }; });
}

}  // namespace tram::cli
