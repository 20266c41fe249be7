// tram-bench: figures for one machine and disk.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>

#include "tests/bench/bench.h"

namespace {

constexpr int kExitFailed = 2;
constexpr int kExitUsage = 64;

double ratio_of(const tram::bench::Row& row) {
    return row.reference > 0 ? row.bundles_per_s / row.reference : 0;
}

// Digits behind the point that the measurement does not support would only be noise.
double rounded(double value, double steps) {
    return static_cast<double>(static_cast<std::int64_t>(value * steps + 0.5)) / steps;
}

void print_json(const tram::bench::Row& row) {
    const boost::json::object object{{"case", row.name},
                                     {"size", row.size},
                                     {"concurrency", row.concurrency},
                                     {"bundles_per_s", rounded(row.bundles_per_s, 10)},
                                     {"mb_per_s", rounded(row.mb_per_s, 100)},
                                     {"reference", rounded(row.reference, 10)},
                                     {"ratio", rounded(ratio_of(row), 1000)}};
    std::cout << boost::json::serialize(object) << '\n' << std::flush;
}

void print_table(const tram::bench::Row& row) {
    fmt::print("{:<16} {:>8} {:>11} {:>13.0f} {:>9.1f} {:>10.0f} {:>6.2f}\n", row.name, row.size,
               row.concurrency, row.bundles_per_s, row.mb_per_s, row.reference, ratio_of(row));
    std::fflush(stdout);
}

int exit_code(const tram::Result<void>& done) {
    if (done) return 0;
    fmt::print(stderr, "error: {}: {}\n", tram::code_name(done.error().code), done.error().message);
    return kExitFailed;
}

void print_measure_json(const tram::bench::Measure& measure) {
    const boost::json::object object{
        {"case", measure.name},
        {"size", measure.size},
        {"value", rounded(measure.value, 100)},
        {"unit", measure.unit},
        {"reference", rounded(measure.reference, 100)},
        {"ratio", rounded(measure.reference > 0 ? measure.value / measure.reference : 0, 1000)}};
    std::cout << boost::json::serialize(object) << '\n' << std::flush;
}

void print_measure_table(const tram::bench::Measure& measure) {
    const std::string compared = measure.reference > 0 ? fmt::format("{:>12.1f} {:>6.2f}", measure.reference,
                                                                     measure.value / measure.reference)
                                                       : fmt::format("{:>12} {:>6}", "-", "-");
    fmt::print("{:<16} {:>9} {:>12.1f} {:<11} {}\n", measure.name, measure.size, measure.value, measure.unit,
               compared);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Measures tram on this machine."};
    app.name("tram-bench");
    app.require_subcommand(1);
    std::string format = "table";
    const auto add_output = [&](CLI::App* command) {
        command->add_option("-o,--output", format, "json: one object a row; table: for people")
            ->check(CLI::IsMember({"json", "table"}))
            ->capture_default_str();
    };

    tram::bench::StoreBenchOptions store_options;
    store_options.directory = "/var/tmp";
    CLI::App* store = app.add_subcommand(
        "store",
        "Durable inserts a second. \"reference\" is what bare RocksDB reaches with the same bytes in synced\n"
        "batches as large as the number of concurrent submitters.");
    store->add_option("--dir", store_options.directory, "Directory on the disk to measure (not a tmpfs)")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    store->add_option("--seconds", store_options.seconds, "Duration of each measurement")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    add_output(store);

    tram::bench::ForwardBenchOptions forward_options;
    forward_options.directory = "/var/tmp";
    forward_options.daemon = std::filesystem::path{argv[0]}.parent_path() / "tramd";
    CLI::App* forward = app.add_subcommand("forward",
                                           "Bundles a second through one carrier daemon, all synced. "
                                           "\"reference\" is what bare RocksDB reaches when\n"
                                           "it only inserts the same bytes in synced batches of 128.");
    forward->add_option("--dir", forward_options.directory, "Directory on the disk to measure (not a tmpfs)")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    forward->add_option("--daemon", forward_options.daemon, "The tramd program")
        ->check(CLI::ExistingFile)
        ->capture_default_str();
    forward->add_option("--seconds", forward_options.seconds, "Duration of each measurement")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    add_output(forward);

    tram::bench::SecurityBenchOptions security_options;
    CLI::App* security = app.add_subcommand("security",
                                            "Signatures of bundles, sealed messages, and sessions over TLS. "
                                            "\"reference\" is libsodium or OpenSSL alone.");
    security->add_option("--seconds", security_options.seconds, "Duration of each measurement")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    add_output(security);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }

    if (security->parsed()) {
        if (format == "table") {
            fmt::print("{:<16} {:>9} {:>12} {:<11} {:>12} {:>6}\n", "CASE", "SIZE", "VALUE", "UNIT",
                       "REFERENCE", "RATIO");
        }
        return exit_code(tram::bench::bench_security(
            security_options, format == "json" ? print_measure_json : print_measure_table));
    }
    if (format == "table") {
        fmt::print("{:<16} {:>8} {:>11} {:>13} {:>9} {:>10} {:>6}\n", "CASE", "SIZE", "CONCURRENCY",
                   "BUNDLES/S", "MB/S", "REFERENCE", "RATIO");
    }
    const tram::bench::RowSink print = format == "json" ? print_json : print_table;
    return exit_code(store->parsed() ? tram::bench::bench_store(store_options, print)
                                     : tram::bench::bench_forward(forward_options, print));
}
