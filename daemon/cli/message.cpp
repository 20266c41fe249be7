#include "daemon/cli/message.h"

#include <ostream>

#include "daemon/cli/format.h"

namespace tram::cli {

Progress::~Progress() {
    if (shown_) context_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(std::uint64_t bytes) {
    const std::uint64_t now = total_ == 0 ? 100 : percent(bytes, total_);
    if (!context_.err_terminal || shown_ == now) return;
    shown_ = now;
    context_.err << "\r" << context_.say(text_, now, human_size(total_)) << std::flush;
}

void add_message(CLI::App& app, Context& context, Action& action) {
    auto* message = app.add_subcommand("message", "messages: sealed or public, of any length");
    message->require_subcommand(1);
    add_message_send(*message, context, action);
    add_message_receive(*message, context, action);
}

}  // namespace tram::cli
