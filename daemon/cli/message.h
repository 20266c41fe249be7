// The verbs of `tram message`.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>

#include "daemon/cli/commands.h"
#include "daemon/cli/context.h"

namespace tram::cli {

void add_message_send(CLI::App& message, Context& context, Action& action);
void add_message_receive(CLI::App& message, Context& context, Action& action);

/// How many frames of content, or pieces, are on their way between program and daemon at a time.
inline constexpr std::size_t kInFlightMax = 4;

/// "42 % of 200 MB" on one line of a terminal, now and then; nothing elsewhere. Cleared at the end.
class Progress {
  public:
    Progress(Context& context, Message text, std::uint64_t total)
        : context_{context}, text_{text}, total_{total} {}
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t bytes);

  private:
    Context& context_;
    Message text_;
    std::uint64_t total_;
    std::optional<std::uint64_t> shown_;  // per cent
};

}  // namespace tram::cli
