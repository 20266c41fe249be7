// `tram bundle send`: says "queued" only when the daemon has the bundle on disk, and that it is not sealed.
#include <memory>
#include <ostream>
#include <string>

#include "daemon/cli/api_client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "daemon/cli/send_terms.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

/// The daemon has its own, usually lower limit; this one only bounds the memory of this program.
constexpr std::size_t kPayloadBytesMax = 1ULL << 30;
/// Large payloads get this much longer: slow disks write 4 MB/s.
constexpr std::size_t kBytesPerMillisecond = 4'000;

struct SendOptions {
    std::string file;
    SendTerms terms;
    bool report_delivery = false;
};

/// A payload that is large asks first: the daemon closes the connection on one that is far too large.
constexpr std::size_t kAskFirstBytes = 1'000'000;

Outcome<void> check_size(ApiClient& client, std::size_t size) {
    if (size < kAskFirstBytes) return {};
    Request request;
    request.mutable_status();
    const auto answer = client.call(request, Reply::kStatus);
    if (!answer) return std::unexpected{answer.error()};
    const std::uint64_t most = answer->reply.status().payload_bytes_max();
    if (size <= most) return {};
    return failed(ErrorCode::kTooLarge,
                  "the payload has " + std::to_string(size) + " bytes and this node takes at most " +
                      std::to_string(most),
                  "send it in parts, or raise links.bundle_max");
}

int send_bundle(Context& context, const SendOptions& options) {
    if (const auto good = check(options.terms); !good) return report(context, good.error());
    const auto payload = read_input(context, options.file, kPayloadBytesMax);
    if (!payload) return report(context, payload.error());

    Request request;
    auto& send = *request.mutable_send_bundle();
    copy(options.terms, send);
    send.set_report_delivery(options.report_delivery);

    ApiClient client{context};
    const ByteView view{*payload};
    if (const auto fits = check_size(client, view.size()); !fits) return report(context, fits.error());
    const Duration patience{static_cast<Duration::rep>(view.size() / kBytesPerMillisecond)};
    const auto answer = client.call(request, Reply::kSendBundle, &view, patience);
    if (!answer) return report(context, answer.error());
    const auto& sent = answer->reply.send_bundle();
    switch (context.format) {
        case Format::kTable:
            context.out << printable(context.say(Message::kQueued, sent.short_id(), sent.bundle_id()),
                                     context.ascii)
                        << "\n";
            context.err << context.say(Message::kWarning) << ": " << context.say(Message::kNotSealed) << "\n";
            break;
        case Format::kName: context.out << sent.short_id() << "\n"; break;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"short_id", sent.short_id()},
                                                             {"bundle_id", sent.bundle_id()},
                                                             {"payload_size", view.size()}});
            break;
    }
    return kExitFine;
}

}  // namespace

void add_bundle_send(CLI::App& bundle, Context& context, Action& action) {
    auto options = std::make_shared<SendOptions>();
    auto* send = bundle.add_subcommand("send", "send the contents of a file as one bundle");
    send->add_option("FILE", options->file, "the payload; - for standard input")->required();
    add_send_terms(*send, options->terms);
    send->add_flag("--report-delivery", options->report_delivery,
                   "ask for a status report when it is delivered");
    send->callback(
        [=, &context, &action] { action = [options, &context] { return send_bundle(context, *options); }; });
}

}  // namespace tram::cli
