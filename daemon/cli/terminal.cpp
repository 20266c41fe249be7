#include "daemon/cli/terminal.h"

#include <cstring>
#include <istream>
#include <ostream>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

/// Standard input without echo, when it is a terminal.
class EchoOff {
  public:
    EchoOff() : changed_{::tcgetattr(STDIN_FILENO, &before_) == 0} {
        if (!changed_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent.c_lflag |= ECHONL;
        changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~EchoOff() {
        if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

  private:
    termios before_{};
    bool changed_;
};

}  // namespace

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::optional<std::string> ask(Context& context, const std::string& question) {
    context.out.flush();
    context.err << printable(question, context.ascii) << std::flush;
    std::string typed;
    if (!std::getline(context.in, typed)) return std::nullopt;
    return typed;
}

std::optional<std::string> ask_secret(Context& context, const std::string& question) {
    const EchoOff silent;
    return ask(context, question);
}

void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

}  // namespace tram::cli
