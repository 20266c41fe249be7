// `tram bundle receive`: fetch, make durable, acknowledge, in this order. A crash at any point means that the
// bundle is handed out again and its file recognised, never that it is lost.
//
//   fetch -> file written and synced -> acknowledge -> one line of output
//
// The line comes even when the acknowledgement did not get through ("acknowledged": false): the payload is
// here. Such a bundle comes again with the same id.
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/receive_loop.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;
using Step = ReceiveLoop::Step;

class Receiver {
  public:
    Receiver(Context& context, const ReceiveOptions& options)
        : context_{context}, options_{options}, client_{context}, loop_{context, options} {}

    int run() {
        return loop_.run([this](Duration wait) { return fetch(wait); });
    }

  private:
    Outcome<Step> fetch(Duration wait);
    Outcome<void> keep(const Answer& answer);
    Outcome<void> write_out(const Answer& answer, boost::json::object& line);
    Outcome<void> acknowledge(const std::string& token);
    void print(const Answer& answer, const boost::json::object& line);

    Context& context_;
    const ReceiveOptions& options_;
    ApiClient client_;
    ReceiveLoop loop_;
};

Outcome<Step> Receiver::fetch(Duration wait) {
    Request request;
    auto& receive = *request.mutable_receive_bundle();
    receive.set_endpoint(options_.endpoint);
    receive.set_wait_ms(static_cast<std::uint64_t>(wait.count()));
    const auto answer = client_.call(request, Reply::kReceiveBundle, nullptr, wait);
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->reply.receive_bundle().found()) return Step::kNothing;
    if (answer->payload.size() != answer->reply.receive_bundle().payload_size()) {
        return failed(ErrorCode::kUnsupportedVersion, context_.say(Message::kUnexpectedAnswer, context_.api),
                      context_.say(Message::kUnexpectedAnswerRemedy));
    }
    if (auto kept = keep(*answer); !kept) return std::unexpected{kept.error()};
    return Step::kGotOne;
}

Outcome<void> Receiver::keep(const Answer& answer) {
    const auto& bundle = answer.reply.receive_bundle();
    boost::json::object line{{"short_id", bundle.short_id()}, {"bundle_id", bundle.bundle_id()},
                             {"source", bundle.source()},     {"destination", bundle.destination()},
                             {"urgency", bundle.urgency()},   {"kind", bundle.kind()},
                             {"age_ms", bundle.age_ms()},     {"payload_size", bundle.payload_size()}};
    if (auto written = write_out(answer, line); !written) return written;
    const auto acknowledged = acknowledge(bundle.token());
    line["acknowledged"] = acknowledged.has_value();
    loop_.count_one();
    print(answer, line);
    return acknowledged;
}

/// Where the payload goes. With JSON on standard output there is no place for raw bytes beside it.
Outcome<void> Receiver::write_out(const Answer& answer, boost::json::object& line) {
    if (options_.output != "-") {
        const std::filesystem::path directory{options_.output};
        const std::string name = file_name_of(answer.reply.receive_bundle().short_id());
        const auto stored = store_durably(context_, directory, name, answer.payload_view());
        if (!stored) return std::unexpected{stored.error()};
        line["file"] = (directory / name).string();
        line["already_there"] = *stored == Stored::kAlreadyThere;
        return {};
    }
    if (context_.format == Format::kJson) {
        line["payload_hex"] = to_hex(answer.payload_view());
        return {};
    }
    context_.out << as_text(answer.payload_view());
    context_.out.flush();
    if (context_.out.good()) return {};
    return failed(ErrorCode::kIo, context_.say(Message::kCannotWriteOutput, "-"));
}

Outcome<void> Receiver::acknowledge(const std::string& token) {
    Request request;
    request.mutable_acknowledge_bundle()->set_token(token);
    const auto answer = client_.call(request, Reply::kDone);
    if (!answer) return std::unexpected{answer.error()};
    return {};
}

void Receiver::print(const Answer& answer, const boost::json::object& line) {
    const auto& bundle = answer.reply.receive_bundle();
    const bool payload_on_stdout = options_.output == "-";
    switch (context_.format) {
        case Format::kJson: write_json_line(context_.out, line); break;
        case Format::kName:
            if (!payload_on_stdout) context_.out << bundle.short_id() << "\n";
            break;
        case Format::kTable:
            if (payload_on_stdout) break;
            context_.out << printable(context_.say(Message::kReceived, bundle.short_id(), bundle.source(),
                                                   human_size(bundle.payload_size()),
                                                   std::string{line.at("file").as_string()}),
                                      context_.ascii)
                         << "\n";
            break;
    }
    context_.out.flush();
}

int receive_bundles(Context& context, ReceiveOptions options) {
    if (options.output == "-" && context.format != Format::kJson) {
        // Payloads one after the other could not be told apart.
        if (options.follow || options.count > 1) {
            return report(context,
                          failed(ErrorCode::kInvalidArgument, context.say(Message::kOneOnStdout)).error());
        }
        options.count = 1;
    }
    return Receiver{context, options}.run();
}

}  // namespace

void add_bundle_receive(CLI::App& bundle, Context& context, Action& action) {
    auto options = std::make_shared<ReceiveOptions>();
    auto* receive = bundle.add_subcommand(
        "receive", "take the bundles that wait at an endpoint; each is acknowledged when its file is safe");
    add_receive_options(*receive, *options,
                        "directory for the payloads, named by short id; - for standard output");
    receive->callback([=, &context, &action] {
        action = [options, &context] { return receive_bundles(context, *options); };
    });
}

}  // namespace tram::cli
