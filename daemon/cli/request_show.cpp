// `tram request show`: what is known of one request, and with --reveal what it says. Revealing is written to
// the audit log of the daemon, with the number and without a word of what was read.
#include <boost/json/array.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/content.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "proto/admin/dates.h"
#include "proto/admin/words.h"

namespace tram::cli {

namespace {

using api::pb::FiledRequest;
using api::pb::Reply;
using api::pb::Request;

struct ShowOptions {
    std::string number;
    std::string box;
    bool reveal = false;
    std::string save;
};

class Lines {
  public:
    explicit Lines(Context& context) : context_{context} {}
    void operator()(Message title, const std::string& text) const {
        if (text.empty()) return;
        context_.out << printable(context_.say(title) + "  " + text, context_.ascii) << "\n";
    }

  private:
    Context& context_;
};

void print_shown(Context& context, const api::pb::ShowRequestReply& shown) {
    const FiledRequest& request = shown.request();
    const Lines line{context};
    const bool received = request.box() == "received";
    line(Message::kLocalNumber, request.local_number());
    line(Message::kDossierCode, request.dossier_code());
    line(Message::kState, state_text(context, request));
    line(Message::kProcedure, request.procedure() + "  " + request.title());
    line(Message::kOffice, request.office() + "  " + shown.destination());
    if (received) line(Message::kVillage, request.from() + "  " + request.village());
    line(Message::kAge, human_duration(request.ago_ms()));
    line(Message::kFiles, std::to_string(request.attachments()) + "  " + human_size(request.content_bytes()));
    if (request.parts() != 0) line(Message::kFollowed, std::to_string(request.parts()));
    if (request.has_due_day()) line(Message::kDue, admin::print_day(request.due_day()));
    if (!received) {
        line(Message::kHere, shown.parts_here() == 0
                                 ? context.say(Message::kMessagePartsGone)
                                 : context.say(Message::kMessageParts, shown.parts_here(), shown.parts()));
    }
    std::string taken;
    for (const std::string& node : shown.handed_to())
        taken += (taken.empty() ? "" : " ") + node;
    line(Message::kMessageTakenBy, taken);
    if (request.missing() != 0) line(Message::kMissingWords, std::to_string(request.missing()));
    std::string words;
    std::size_t here = 0;
    for (const auto& word : shown.history()) {
        words += (words.empty() ? "" : ", ") + std::to_string(word.sequence()) + " " +
                 state_text(context, word.state());
        here += word.here() ? 1 : 0;
    }
    line(Message::kWords, words);
    if (here != 0) context.err << context.say(Message::kToReveal, here, request.local_number()) << "\n";
}

void print_update(Context& context, const admin::pb::Message& message) {
    const admin::pb::Update& update = message.update();
    const Lines line{context};
    const std::string code = update.issuer_epoch() == 0 ? "" : std::to_string(update.issuer_epoch()) + "/";
    context.out << context.say(Message::kRevealed, code + std::to_string(update.sequence())) << "  "
                << printable(admin::word(update.kind(), tongue_of(context)), context.ascii) << "\n";
    line(Message::kName, message.head().title());
    line(Message::kState, state_text(context, update.state()));
    line(Message::kReason, update.reason());
    for (const std::string& need : update.need())
        line(Message::kNeeded, need);
    if (update.has_respond_by_day()) line(Message::kRespondBy, admin::print_day(update.respond_by_day()));
    if (update.has_due_day()) line(Message::kDue, admin::print_day(update.due_day()));
    if (update.need_presence()) line(Message::kPresence, context.say(Message::kYes));
}

void print_content(Context& context, const Content& content, const std::string& directory) {
    const Lines line{context};
    if (content.message.has_update()) {
        print_update(context, content.message);
    } else {
        context.out << printable(context.say(Message::kRevealed, content.message.request().part()),
                                 context.ascii)
                    << "\n";
        write_json_pretty(context.out, to_json(content, {}));
    }
    for (const auto& attachment : content.message.attachments())
        line(Message::kFiles, attachment.name() + "  " + human_size(attachment.bytes()));
    line(Message::kSavedIn, directory);
}

std::string directory_name(const std::string& number, const api::pb::Content& content) {
    if (content.sequence() != 0) {
        const std::string epoch = content.epoch() == 0 ? "" : std::to_string(content.epoch()) + "-";
        return number + "-word-" + epoch + std::to_string(content.sequence());
    }
    return content.part() == 0 ? number : number + "." + std::to_string(content.part());
}

Outcome<void> reveal_one(Context& context, ApiClient& client, const ShowOptions& options,
                         const api::pb::Content& found, boost::json::array& all) {
    const Readable readable{found.token(), found.piece_count(), found.content_bytes()};
    const boost::json::object more{{"message_id", to_hex(as_bytes(found.message_id()))}};
    bool bad = false;
    std::string directory;
    Outcome<Content> content = [&]() -> Outcome<Content> {
        if (options.save.empty()) return read_content(context, client, readable, nullptr, bad);
        auto staging = Staging::create(options.save, found.token());
        if (!staging) return std::unexpected{staging.error()};
        auto read = read_content(context, client, readable, &staging->path(), bad);
        if (!read) return read;
        const auto placed =
            store_content(context, *staging, *read, directory_name(options.number, found), more);
        if (!placed) return std::unexpected{placed.error()};
        directory = placed->directory.string();
        return read;
    }();
    if (!content) return std::unexpected{content.error()};
    switch (context.format) {
        case Format::kJson: {
            boost::json::object object = to_json(*content, more);
            if (!directory.empty()) object["directory"] = directory;
            all.push_back(std::move(object));
            break;
        }
        case Format::kName:
            if (!directory.empty()) context.out << directory << "\n";
            break;
        case Format::kTable: print_content(context, *content, directory); break;
    }
    return {};
}

int show(Context& context, const ShowOptions& options) {
    ApiClient client{context};
    Request request;
    request.mutable_show_request()->set_local_number(options.number);
    request.mutable_show_request()->set_box(options.box);
    const auto answer = client.call(request, Reply::kShowRequest);
    if (!answer) return report(context, answer.error());
    const auto& shown = answer->reply.show_request();
    boost::json::object object = to_json(shown);
    if (context.format == Format::kTable) print_shown(context, shown);
    if (context.format == Format::kName) context.out << shown.request().local_number() << "\n";
    if (options.reveal) {
        Request asked;
        asked.mutable_reveal_request()->set_local_number(options.number);
        asked.mutable_reveal_request()->set_box(shown.request().box());
        const auto revealed = client.call(asked, Reply::kRevealRequest);
        if (!revealed) return report(context, revealed.error());
        boost::json::array all;
        for (const auto& content : revealed->reply.reveal_request().contents()) {
            if (auto good = reveal_one(context, client, options, content, all); !good)
                return report(context, good.error());
        }
        object["contents"] = std::move(all);
    }
    if (context.format == Format::kJson) write_json_pretty(context.out, object);
    return kExitFine;
}

}  // namespace

void add_request_show(CLI::App& request, Context& context, Action& action) {
    auto options = std::make_shared<ShowOptions>();
    auto* verb = request.add_subcommand("show", "everything that is known of one request");
    verb->add_option("NUMBER", options->number, "its local number")->required();
    verb->add_option("--box", options->box, "filed or received (default: where it is)")
        ->check(CLI::IsMember({"filed", "received"}))
        ->type_name("BOX");
    auto* reveal = verb->add_flag("--reveal", options->reveal,
                                  "also what it says, as far as it is here; written to the audit log");
    verb->add_option("--save", options->save, "put what is revealed, with attachments, into this directory")
        ->needs(reveal)
        ->type_name("DIR");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return show(context, *options); }; });
}

}  // namespace tram::cli
