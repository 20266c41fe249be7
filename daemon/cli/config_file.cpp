#include "daemon/cli/config_file.h"

namespace tram::cli {

void add_config_option(CLI::App& app, std::string& file) {
    app.add_option("--config", file, std::string{"the file (default "} + kDefaultConfigFile + ")")
        ->envname("TRAM_CONFIG")
        ->type_name("FILE");
}

ConfigFile read_config_file(const std::string& file) {
    ConfigFile result;
    result.path = file.empty() ? kDefaultConfigFile : file;
    std::error_code failure;
    result.absent = file.empty() && !std::filesystem::exists(result.path, failure);
    if (!result.absent) result.loaded = config::load(result.path);
    return result;
}

Outcome<config::Config> configuration(const Context& context, const std::string& file) {
    ConfigFile read = read_config_file(file);
    if (read.loaded.problems.empty()) return std::move(read.loaded.config);
    return failed(ErrorCode::kInvalidArgument, read.loaded.problems.front().to_string(),
                  context.say(Message::kConfigRemedy, read.path));
}

}  // namespace tram::cli
