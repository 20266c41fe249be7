// Asking the person at the terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/cli/context.h"

namespace tram::cli {

/// Columns of the terminal that standard output is; 0 when it is none or does not tell.
std::size_t terminal_columns();

/// Prints `question` and reads a line; nothing at the end of the input.
std::optional<std::string> ask(Context& context, const std::string& question);

/// As ask(), while what is typed does not show.
std::optional<std::string> ask_secret(Context& context, const std::string& question);

/// Overwrites the text before it is given up.
void wipe(std::string& text);

}  // namespace tram::cli
