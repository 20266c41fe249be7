// tramd: reads the configuration, starts the daemon, runs until it is told to stop.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <google/protobuf/stubs/logging.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "config/load.h"
#include "daemon/tramd/daemon.h"
#include "daemon/tramd/version.h"

namespace {

constexpr const char* kDefaultFile = "/etc/tram/tram.toml";
constexpr int kExitUsage = 64;
constexpr int kExitConfig = 78;  // EX_CONFIG of sysexits.h

void set_up_log(tram::config::LogLevel level) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("tramd"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    switch (level) {
        case tram::config::LogLevel::kError: spdlog::set_level(spdlog::level::err); break;
        case tram::config::LogLevel::kWarning: spdlog::set_level(spdlog::level::warn); break;
        case tram::config::LogLevel::kInfo: spdlog::set_level(spdlog::level::info); break;
        case tram::config::LogLevel::kDebug: spdlog::set_level(spdlog::level::debug); break;
    }
}

/// What protobuf says for itself, about text that is no UTF-8 for example, would go to standard error. Where
/// it says it is logged, and not its words: they may quote what came. At level debug, so that nobody who
/// sends nonsense fills the log.
void log_of_protobuf(google::protobuf::LogLevel level, const char* file, int line, const std::string&) {
    const bool fatal = level == google::protobuf::LOGLEVEL_FATAL;
    spdlog::log(fatal ? spdlog::level::critical : spdlog::level::debug, "protobuf complains at {}:{}",
                std::filesystem::path{file}.filename().string(), line);
}

int run(const std::string& named, bool check_only) {
    const std::string file = named.empty() ? kDefaultFile : named;
    const tram::config::Loaded loaded =
        named.empty() ? tram::config::load_or_default(file) : tram::config::load(file);
    for (const tram::config::Problem& problem : loaded.problems) {
        std::fprintf(stderr, "%s\n", problem.to_string().c_str());
    }
    if (!loaded.problems.empty()) return kExitConfig;
    if (check_only) {
        std::printf("%s is fine\n", file.c_str());
        return 0;
    }
    set_up_log(loaded.config.log.level);
    google::protobuf::SetLogHandler(log_of_protobuf);
    tram::tramd::Daemon daemon{loaded.config};
    if (const auto started = daemon.start(); !started) {
        spdlog::critical("tramd cannot start: {}", started.error().message);
        return 1;
    }
    return daemon.run();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"tramd: store-and-forward daemon for administrative messages over BPv7 and TCPCLv4"};
    std::string file;
    bool check_only = false;
    app.add_option("-c,--config", file,
                   std::string{"Configuration file (default "} + kDefaultFile + ", which may be missing)")
        ->type_name("FILE");
    app.add_flag("--check", check_only, "Check the configuration and exit");
    app.set_version_flag("--version", tram::tramd::kVersion);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }
    try {
        return run(file, check_only);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tramd: %s\n", error.what());
        return 1;
    }
}
