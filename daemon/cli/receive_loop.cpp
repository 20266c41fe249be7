#include "daemon/cli/receive_loop.h"

#include <algorithm>
#include <ostream>
#include <thread>

#include "daemon/cli/file_io.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

/// How long one request waits at the daemon; short, so that a daemon that went away is noticed.
constexpr Duration kWaitMax{2'000};
constexpr Duration kReconnectPause{500};

}  // namespace

void add_receive_options(CLI::App& verb, ReceiveOptions& options, const std::string& output) {
    add_endpoint(verb, "--endpoint", options.endpoint, "an endpoint of this node")->required();
    verb.add_option("--output", options.output, output)->type_name("DIR")->capture_default_str();
    verb.add_flag("--follow", options.follow, "go on waiting for more, through restarts of the daemon too");
    add_duration(verb, "--wait", options.wait,
                 "wait this long for the first (default: not at all; with --follow: for ever)");
    verb.add_option("--count", options.count, "stop after this many")
        ->check(CLI::PositiveNumber)
        ->type_name("COUNT");
    verb.footer("Exit status 1 when there was nothing to receive.");
}

/// How long to wait for the next one: nothing means that it is time to end.
std::optional<Duration> ReceiveLoop::time_left() const {
    if (options_.follow && !options_.wait) return kWaitMax;
    if (received_ > 0 && !options_.follow) return Duration{0};  // what is there, but no waiting for more
    const Duration wait = options_.wait.value_or(Duration{0});
    const auto waited = std::chrono::duration_cast<Duration>(Clock::now() - waiting_since_);
    if (waited >= wait && waited > Duration{0} && wait > Duration{0}) return std::nullopt;
    return std::clamp(wait - waited, Duration{0}, kWaitMax);
}

int ReceiveLoop::run(const Fetch& fetch) {
    // What is fetched and cannot be written is not handed out again before its lease ends.
    if (options_.output != "-") {
        if (const auto probe = NewFile::create(options_.output, "probe"); !probe)
            return report(context_, probe.error());
    }
    while (!enough() && context_.out.good()) {
        const auto wait = time_left();
        if (!wait) break;
        const auto step = fetch(*wait);
        if (!step) {
            if (wait_for_daemon(step.error())) continue;
            return report(context_, step.error());
        }
        said_reconnecting_ = false;
        if (*step == Step::kNothing) {
            if (*wait == Duration{0}) break;
            continue;
        }
        waiting_since_ = Clock::now();
        if (*step == Step::kGotBad) some_were_bad_ = true;
    }
    return result();
}

int ReceiveLoop::result() {
    if (received_ > 0) return some_were_bad_ ? kExitWarning : kExitFine;
    if (some_were_bad_) return kExitWarning;
    context_.err << printable(context_.say(Message::kNothingWaiting, options_.endpoint), context_.ascii)
                 << "\n";
    return kExitWarning;
}

/// With --follow, a daemon that restarts is waited for; true when it is worth trying again.
bool ReceiveLoop::wait_for_daemon(const Failure& failure) {
    if (!options_.follow || failure.code != code_name(ErrorCode::kUnavailable)) return false;
    if (!std::exchange(said_reconnecting_, true)) {
        context_.err << context_.say(Message::kReconnecting, context_.api) << std::endl;
    }
    std::this_thread::sleep_for(kReconnectPause);
    return time_left().has_value();
}

}  // namespace tram::cli
