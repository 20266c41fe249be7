// `tram bundle send`: says "queued" only when the daemon has the bundle on disk.
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"

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
    std::string to;
    std::string from;
    std::string kind;
    Duration lifetime{0};
    std::uint32_t urgency = 0;
    bool report_delivery = false;
};

int send_bundle(Context& context, const SendOptions& options) {
    const auto payload = read_input(context, options.file, kPayloadBytesMax);
    if (!payload) return report(context, payload.error());

    Request request;
    auto& send = *request.mutable_send_bundle();
    send.set_destination(options.to);
    send.set_source(options.from);
    send.set_lifetime_ms(static_cast<std::uint64_t>(options.lifetime.count()));
    send.set_urgency(options.urgency);
    send.set_kind(options.kind);
    send.set_report_delivery(options.report_delivery);

    ApiClient client{context};
    const ByteView view{*payload};
    const Duration patience{static_cast<Duration::rep>(view.size() / kBytesPerMillisecond)};
    const auto answer = client.call(request, Reply::kSendBundle, &view, patience);
    if (!answer) return report(context, answer.error());
    const auto& sent = answer->reply.send_bundle();
    switch (context.format) {
        case Format::kTable:
            context.out << printable(context.say(Message::kQueued, sent.short_id(), sent.bundle_id()),
                                     context.ascii)
                        << "\n";
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
    add_endpoint(*send, "--to", options->to, "destination endpoint")->required();
    add_endpoint(*send, "--from", options->from, "source, an endpoint of this node (default: the node id)");
    add_duration(*send, "--lifetime", options->lifetime,
                 "how long it lives, such as \"7 d\" (default: as configured)");
    send->add_option("--urgency", options->urgency, "0 normal to 4 express at a given time")
        ->check(CLI::Range(0, 4))
        ->type_name("0..4")
        ->capture_default_str();
    send->add_option("--kind", options->kind,
                     "receipt, control, request, update, notice or bulk (default: bulk)")
        ->check(CLI::IsMember({"receipt", "control", "request", "update", "notice", "bulk"}))
        ->type_name("KIND");
    send->add_flag("--report-delivery", options->report_delivery,
                   "ask for a status report when it is delivered");
    send->callback(
        [=, &context, &action] { action = [options, &context] { return send_bundle(context, *options); }; });
}

}  // namespace tram::cli
