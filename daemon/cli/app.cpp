#include "daemon/cli/app.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <exception>
#include <map>
#include <ostream>

#include "daemon/cli/commands.h"
#include "daemon/cli/notice.h"
#include "daemon/cli/options.h"

namespace tram::cli {

namespace {

void add_global_options(CLI::App& app, Context& context) {
    static const std::map<std::string, Format> kFormats = {
        {"table", Format::kTable}, {"json", Format::kJson}, {"name", Format::kName}};
    app.add_option("--api", context.api, "ZeroMQ endpoint of the daemon")
        ->envname("TRAM_API")
        ->type_name("ENDPOINT")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "-o,--format", [&context](const std::string& name) { context.format = kFormats.at(name); },
           "how to print: table, json or name")
        ->check(CLI::IsMember(kFormats))
        ->type_name("FORMAT");
    add_duration(app, "--timeout", context.timeout, "how long to wait for the daemon (default 10 s)");
    app.add_flag("--ascii", context.ascii, "print only ASCII");
    app.set_version_flag("--version", "tram " + context.version, "print the version and exit");
}

int parse_and_run(CLI::App& app, const std::vector<std::string>& arguments, Context& context) {
    Action action;
    add_global_options(app, context);
    add_status(app, context, action);
    add_peer(app, context, action);
    add_bundle(app, context, action);
    add_message(app, context, action);
    add_receipt(app, context, action);
    add_request(app, context, action);
    add_update(app, context, action);
    add_notice(app, context, action);
    add_area(app, context, action);
    add_visit(app, context, action);
    add_config(app, context, action);
    add_device(app, context, action);
    add_audit(app, context, action);
    add_completion(app, context, action);
    try {
        std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
        app.parse(reversed);
    } catch (const CLI::ParseError& error) {
        if (app.exit(error, context.out, context.err) == 0) return finish_output(context, kExitFine);
        return kExitUsage;
    }
    return finish_output(context, action());
}

}  // namespace

int run(const std::vector<std::string>& arguments, Context& context) {
    try {
        CLI::App app{"Talks to tramd, the store-and-forward messaging daemon.", "tram"};
        app.require_subcommand(1);
        app.fallthrough();
        app.footer("Exit status: 0 fine, 1 warning, 2 critical, 3 cannot tell, 64 usage.");
        return parse_and_run(app, arguments, context);
    } catch (const std::exception& error) {
        return report(context, Failure{std::string{code_name(ErrorCode::kIo)}, error.what(), {}});
    }
}

}  // namespace tram::cli
