// The command line of `tram` as a whole.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/context.h"

namespace tram::cli {

/// Reads `arguments` (without the program's name), runs the command, and returns the exit status. Never
/// throws.
int run(const std::vector<std::string>& arguments, Context& context);

}  // namespace tram::cli
