#include "tests/unit/cli/run.h"

#include <sstream>

#include "daemon/cli/app.h"

namespace tram::cli::test {

std::vector<std::string> Ran::lines() const {
    std::vector<std::string> result;
    std::istringstream in{out};
    for (std::string line; std::getline(in, line);)
        result.push_back(line);
    return result;
}

Ran run_tram(const FakeDaemon* daemon, std::vector<std::string> arguments, const Setting& setting) {
    std::istringstream in{setting.input};
    std::ostringstream out;
    std::ostringstream err;
    Context context{.in = in, .out = out, .err = err, .version = "test"};
    context.in_terminal = setting.in_terminal;
    context.out_terminal = setting.out_terminal;
    context.err_terminal = setting.err_terminal;
    context.language = setting.language;
    context.columns = setting.columns;
    context.color = setting.color;
    if (daemon != nullptr) arguments.insert(arguments.begin(), {"--api", daemon->endpoint()});
    const int exit_code = run(arguments, context);
    return {.exit_code = exit_code, .out = out.str(), .err = err.str()};
}

}  // namespace tram::cli::test
