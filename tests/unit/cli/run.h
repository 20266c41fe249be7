// Runs a command line inside of the test program and keeps what it printed.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/messages.h"
#include "tests/unit/cli/fake_daemon.h"

namespace tram::cli::test {

struct Ran {
    int exit_code = 0;
    std::string out;
    std::string err;

    [[nodiscard]] std::vector<std::string> lines() const;  ///< of `out`
};

struct Setting {
    std::string input = {};
    bool in_terminal = false;
    bool out_terminal = false;
    bool err_terminal = false;
    Language language = Language::kEnglish;
    std::size_t columns = 0;
    bool color = false;
};

/// `tram` with `arguments`; talks to `daemon` unless null.
Ran run_tram(const FakeDaemon* daemon, std::vector<std::string> arguments, const Setting& setting = {});

}  // namespace tram::cli::test
