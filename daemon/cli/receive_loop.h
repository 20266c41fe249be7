// What `bundle receive` and `message receive` have in common: going on until there is enough, nothing more
// comes, or the daemon is gone for good.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "daemon/cli/context.h"

namespace tram::cli {

struct ReceiveOptions {
    std::string endpoint;
    std::string output = ".";
    std::optional<Duration> wait;
    std::uint64_t count = 0;  ///< 0: no limit
    bool follow = false;
};

/// --endpoint, --output (described by `output`), --follow, --wait and --count.
void add_receive_options(CLI::App& verb, ReceiveOptions& options, const std::string& output);

class ReceiveLoop {
  public:
    enum class Step : std::uint8_t { kGotOne, kNothing, kGotBad };
    /// Fetches once, waiting at most that long. kGotBad: something was there, but no good; the reason is
    /// said.
    using Fetch = std::function<Outcome<Step>(Duration wait)>;

    ReceiveLoop(Context& context, const ReceiveOptions& options) : context_{context}, options_{options} {}

    /// The exit status. Failures that end the loop are reported.
    int run(const Fetch& fetch);
    /// One is here and safe, whatever comes of its acknowledgement.
    void count_one() { ++received_; }

  private:
    using Clock = std::chrono::steady_clock;

    bool wait_for_daemon(const Failure& failure);
    [[nodiscard]] std::optional<Duration> time_left() const;
    [[nodiscard]] bool enough() const { return options_.count != 0 && received_ >= options_.count; }
    int result();

    Context& context_;
    const ReceiveOptions& options_;
    std::uint64_t received_ = 0;
    bool some_were_bad_ = false;
    Clock::time_point waiting_since_ = Clock::now();
    bool said_reconnecting_ = false;
};

}  // namespace tram::cli
