// tram-faults: what the store does when the machine fails.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>

#include "tests/faults/power_cut.h"

namespace {

using tram::faults::PowerCutOptions;
using tram::faults::PowerCutReport;

constexpr int kExitFound = 1;
constexpr int kExitCannotTell = 3;
constexpr int kExitUsage = 64;

void print(const PowerCutReport& report, const PowerCutOptions& options, const std::string& format) {
    for (const std::string& finding : report.findings)
        fmt::print(stderr, "{}\n", finding);
    if (format == "json") {
        const boost::json::object object{{"cycles", report.cycles}, {"acked", report.acked},
                                         {"lost", report.lost},     {"duplicated", report.duplicated},
                                         {"torn", report.torn},     {"checks", report.checks},
                                         {"sync", options.sync},    {"seed", options.seed}};
        std::cout << boost::json::serialize(object) << '\n';
        return;
    }
    fmt::print("{:>8} {:>10} {:>6} {:>10} {:>6}\n", "CYCLES", "ACKED", "LOST", "DUPLICATED", "TORN");
    fmt::print("{:>8} {:>10} {:>6} {:>10} {:>6}\n", report.cycles, report.acked, report.lost,
               report.duplicated, report.torn);
}

int power_cut(const PowerCutOptions& options, const std::string& format) {
    const auto report = tram::faults::run_power_cuts(options);
    if (!report) {
        fmt::print(stderr, "error: {}: {}\n", tram::code_name(report.error().code), report.error().message);
        return kExitCannotTell;
    }
    print(*report, options, format);
    if (options.sync) return report->lost + report->duplicated + report->torn == 0 ? 0 : kExitFound;
    if (report->lost > 0) return 0;
    fmt::print(stderr, "the control run lost nothing: these power cuts prove nothing\n");
    return kExitFound;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Breaks what tramd stands on and checks that its promises hold."};
    app.name("tram-faults");
    app.require_subcommand(1);

    PowerCutOptions options;
    bool no_sync = false;
    std::string format = "table";
    CLI::App* cut = app.add_subcommand(
        "powercut",
        "Cut the power of a simulated disk at random moments while a store works on it, and check that\n"
        "everything acknowledged is there afterwards. The disk forgets unsynced data and directory entries\n"
        "and tears the last write. Exit 0: nothing lost, nothing back (with --no-sync: something lost, as "
        "it\n"
        "must be); 1: otherwise; 3: the store did not open.");
    cut->add_option("--cycles", options.cycles, "Power cuts")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    cut->add_option("--seed", options.seed, "Chooses moments, sizes and operations")->capture_default_str();
    cut->add_option("--threads", options.threads, "Threads that load the store")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    cut->add_flag("--no-sync", no_sync, "Control run: the store does not sync, so it must lose");
    cut->add_option("-o,--output", format, "json: one object; table: for people")
        ->check(CLI::IsMember({"json", "table"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }
    options.sync = !no_sync;
    return power_cut(options, format);
}
