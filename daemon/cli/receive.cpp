// `tram bundle receive`: fetch, make durable, acknowledge, in this order. A crash at any point means that the
// bundle is handed out again and its file recognised, never that it is lost.
//
//   fetch -> file written and synced -> acknowledge -> one line of output
//
// The line comes even when the acknowledgement did not get through ("acknowledged": false): the payload is
// here. Such a bundle comes again with the same id.
#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "daemon/cli/api_client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/format.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;
using Clock = std::chrono::steady_clock;

/// How long one request waits at the daemon; short, so that a daemon that went away is noticed.
constexpr Duration kWaitMax{2'000};
constexpr Duration kReconnectPause{500};

struct ReceiveOptions {
    std::string endpoint;
    std::string output = ".";
    std::optional<Duration> wait;
    std::uint64_t count = 0;  ///< 0: no limit
    bool follow = false;
};

class Receiver {
  public:
    Receiver(Context& context, const ReceiveOptions& options)
        : context_{context}, options_{options}, client_{context} {}

    int run();

  private:
    enum class Step : std::uint8_t { kGotOne, kNothing };

    Outcome<Step> step(Duration wait);
    Outcome<void> keep(const Answer& answer);
    Outcome<void> write_out(const Answer& answer, boost::json::object& line);
    Outcome<void> acknowledge(const std::string& token);
    void print(const Answer& answer, const boost::json::object& line);
    bool wait_for_daemon(const Failure& failure);
    [[nodiscard]] std::optional<Duration> time_left() const;
    [[nodiscard]] bool enough() const { return options_.count != 0 && received_ >= options_.count; }

    Context& context_;
    const ReceiveOptions& options_;
    ApiClient client_;
    std::uint64_t received_ = 0;
    Clock::time_point waiting_since_ = Clock::now();
    bool said_reconnecting_ = false;
};

/// How long to wait for the next bundle: nothing means that it is time to end.
std::optional<Duration> Receiver::time_left() const {
    if (options_.follow && !options_.wait) return kWaitMax;
    if (received_ > 0 && !options_.follow) return Duration{0};  // what is there, but no waiting for more
    const Duration wait = options_.wait.value_or(Duration{0});
    const auto waited = std::chrono::duration_cast<Duration>(Clock::now() - waiting_since_);
    if (waited >= wait && waited > Duration{0} && wait > Duration{0}) return std::nullopt;
    return std::clamp(wait - waited, Duration{0}, kWaitMax);
}

int Receiver::run() {
    while (!enough() && context_.out.good()) {
        const auto wait = time_left();
        if (!wait) break;
        const auto result = step(*wait);
        if (!result) {
            if (wait_for_daemon(result.error())) continue;
            return report(context_, result.error());
        }
        said_reconnecting_ = false;
        if (*result == Step::kGotOne) {
            waiting_since_ = Clock::now();
        } else if (*wait == Duration{0}) {
            break;
        }
    }
    if (received_ > 0) return kExitFine;
    context_.err << printable(context_.say(Message::kNothingWaiting, options_.endpoint), context_.ascii)
                 << "\n";
    return kExitWarning;
}

/// With --follow, a daemon that restarts is waited for; true when it is worth trying again.
bool Receiver::wait_for_daemon(const Failure& failure) {
    if (!options_.follow || failure.code != code_name(ErrorCode::kUnavailable)) return false;
    if (!std::exchange(said_reconnecting_, true)) {
        context_.err << context_.say(Message::kReconnecting, context_.api) << std::endl;
    }
    std::this_thread::sleep_for(kReconnectPause);
    return time_left().has_value();
}

Outcome<Receiver::Step> Receiver::step(Duration wait) {
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
    ++received_;
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
    add_endpoint(*receive, "--endpoint", options->endpoint, "an endpoint of this node")->required();
    receive
        ->add_option("--output", options->output,
                     "directory for the payloads, named by short id; - for standard output")
        ->type_name("DIR")
        ->capture_default_str();
    receive->add_flag("--follow", options->follow,
                      "go on waiting for more, through restarts of the daemon too");
    add_duration(*receive, "--wait", options->wait,
                 "wait this long for a bundle (default: not at all; with --follow: for ever)");
    receive->add_option("--count", options->count, "stop after this many")
        ->check(CLI::PositiveNumber)
        ->type_name("COUNT");
    receive->footer("Exit status 1 when there was nothing to receive.");
    receive->callback([=, &context, &action] {
        action = [options, &context] { return receive_bundles(context, *options); };
    });
}

}  // namespace tram::cli
