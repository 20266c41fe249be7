// `tram config`: what tram.toml says, and whether it is right. Needs no daemon.
#include <memory>
#include <ostream>

#include "daemon/cli/commands.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

struct ConfigOptions {
    std::string file;  ///< empty: the default, which may be absent
};

ConfigFile load(Context& context, const ConfigOptions& options) {
    ConfigFile file = read_config_file(options.file);
    if (file.absent) context.err << context.say(Message::kConfigAbsent, file.path) << "\n";
    return file;
}

int report_problems(Context& context, const std::vector<config::Problem>& problems) {
    for (const config::Problem& problem : problems) {
        context.err << printable(problem.to_string(), context.ascii) << "\n";
    }
    return kExitWarning;
}

int check_config(Context& context, const ConfigOptions& options) {
    const auto [file, loaded, absent] = load(context, options);
    const int exit_code = loaded.problems.empty() ? kExitFine : kExitWarning;
    if (context.format == Format::kJson) {
        boost::json::array problems;
        for (const config::Problem& problem : loaded.problems) {
            problems.push_back(boost::json::object{{"file", problem.file},
                                                   {"line", problem.line},
                                                   {"key", problem.key},
                                                   {"message", problem.message}});
        }
        write_json_line(context.out, boost::json::object{{"file", file},
                                                         {"valid", loaded.problems.empty()},
                                                         {"problems", std::move(problems)}});
        return exit_code;
    }
    if (!loaded.problems.empty()) return report_problems(context, loaded.problems);
    context.out << printable(context.say(Message::kConfigFine, file), context.ascii) << "\n";
    return exit_code;
}

int show_config(Context& context, const ConfigOptions& options) {
    const auto [file, loaded, absent] = load(context, options);
    if (!loaded.problems.empty()) return report_problems(context, loaded.problems);
    switch (context.format) {
        case Format::kTable: context.out << config::to_toml(loaded.config); break;
        case Format::kJson: context.out << config::to_json(loaded.config) << "\n"; break;
        case Format::kName: context.out << file << "\n"; break;
    }
    return kExitFine;
}

void add_verb(CLI::App& config, const char* verb, const char* description, Context& context, Action& action,
              int (*command)(Context&, const ConfigOptions&)) {
    auto options = std::make_shared<ConfigOptions>();
    auto* app = config.add_subcommand(verb, description);
    add_config_option(*app, options->file);
    app->callback([=, &context, &action] {
        action = [options, command, &context] { return command(context, *options); };
    });
}

}  // namespace

void add_config(CLI::App& app, Context& context, Action& action) {
    auto* config = app.add_subcommand("config", "the configuration file, tram.toml");
    config->require_subcommand(1);
    add_verb(*config, "check", "every problem of the file; exit status 1 when there is one", context, action,
             check_config);
    add_verb(*config, "show", "what applies: the file with the defaults filled in", context, action,
             show_config);
}

}  // namespace tram::cli
