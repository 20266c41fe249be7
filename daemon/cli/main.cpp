#include <csignal>
#include <cstdlib>
#include <google/protobuf/stubs/logging.h>
#include <iostream>
#include <unistd.h>

#include "daemon/cli/app.h"
#include "daemon/cli/terminal.h"

int main(int argc, char** argv) {
    // A reader that goes away is seen as EPIPE on the output and ends the program quietly.
    std::signal(SIGPIPE, SIG_IGN);
    // What protobuf says for itself is for programmers, and no line of standard error that anybody asked for.
    google::protobuf::SetLogHandler(nullptr);
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);

    tram::cli::Context context{.in = std::cin, .out = std::cout, .err = std::cerr, .version = TRAM_VERSION};
    context.in_terminal = ::isatty(STDIN_FILENO) == 1;
    context.out_terminal = ::isatty(STDOUT_FILENO) == 1;
    context.err_terminal = ::isatty(STDERR_FILENO) == 1;
    if (context.out_terminal) context.columns = tram::cli::terminal_columns();
    context.language = tram::cli::language_of_environment();
    const char* no_color = std::getenv("NO_COLOR");
    context.color = context.out_terminal && (no_color == nullptr || *no_color == '\0');
    return tram::cli::run({argv + 1, argv + argc}, context);
}
