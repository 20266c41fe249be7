// Which tram.toml a command reads.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "config/load.h"
#include "daemon/cli/context.h"

namespace tram::cli {

inline constexpr const char* kDefaultConfigFile = "/etc/tram/tram.toml";

/// --config FILE, or TRAM_CONFIG; `file` stays empty for the default.
void add_config_option(CLI::App& app, std::string& file);

struct ConfigFile {
    std::string path;
    config::Loaded loaded;
    bool absent = false;  ///< the default one, which need not be there: the defaults apply
};
ConfigFile read_config_file(const std::string& file);

/// The configuration for a command that is about something else. Errors: invalid_argument (it has problems).
Outcome<config::Config> configuration(const Context& context, const std::string& file);

}  // namespace tram::cli
