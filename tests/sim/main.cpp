// tram-sim: how well a router does over recorded or planned contacts, with the real node.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>

#include "tests/sim/chart.h"
#include "tests/sim/figures.h"
#include "tests/sim/mesh.h"
#include "tests/sim/scenario.h"
#include "tests/sim/visits.h"

namespace {

using namespace tram;
using namespace tram::sim;

constexpr int kExitFailed = 2;
constexpr int kExitViolated = 3;
constexpr int kExitUsage = 64;
// Certificates of the simulated commune are good for a year.
constexpr std::int64_t kTraceMax_s = 340LL * 86'400;
constexpr std::uint64_t kFaultsMax = 10'000;

using routing::Kind;
const std::map<std::string, Kind> kRouters{{"direct", Kind::kDirect},     {"static", Kind::kStatic},
                                           {"epidemic", Kind::kEpidemic}, {"spray", Kind::kSpray},
                                           {"prophet", Kind::kProphet},   {"eta", Kind::kEta}};
const std::map<std::string, LoadKind> kLoads{{"normal", LoadKind::kNormal}, {"heavy", LoadKind::kHeavy}};

template <class Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& values) {
    std::vector<std::string> names;
    for (const auto& [name, value] : values)
        names.push_back(name);
    return names;
}

struct Arguments {
    std::string contacts;
    std::string plan;
    std::string output = "table";
    std::string svg;
    std::vector<std::string> buffers;
    double plan_probability = 0.8;
    double plan_failure = 0;
    std::optional<std::uint64_t> mesh;
    std::vector<std::string> scenarios;
    CLI::Option* router = nullptr;
    LoadOptions load;
    WorldOptions world;
};

/// CLI11 takes -1 for a very large number, and nan for one in any range.
CLI::Validator count_up_to(std::uint64_t most) {
    const auto wrong = [most](const std::string& text) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool good = error == std::errc{} && end == text.data() + text.size() && value <= most;
        return good ? std::string{} : fmt::format("'{}' is not a whole number up to {}", text, most);
    };
    return CLI::Validator{wrong, "COUNT"};
}

CLI::Validator part_from(double least) {
    const auto wrong = [least](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool good =
            error == std::errc{} && end == text.data() + text.size() && value >= least && value <= 1;
        return good ? std::string{} : fmt::format("'{}' is not a number from {} to 1", text, least);
    };
    return CLI::Validator{wrong, "PART"};
}

void add_faults(CLI::App& app, Arguments& arguments) {
    Faults& faults = arguments.world.faults;
    const CLI::Validator times = count_up_to(kFaultsMax);
    app.add_option("--loss", faults.loss, "part of the transfers that links break under")
        ->check(part_from(0));
    app.add_option("--crashes", faults.crashes, "power cuts, at any node and time")->check(times);
    app.add_option("--clock-resets", faults.clock_resets,
                   "power cuts after which a clock shows 1970 for a while")
        ->check(times);
    app.add_option("--full-disks", faults.full_disks, "times that a disk is full for a while")->check(times);
    app.add_option("--hostile", faults.hostile, "carriers that keep nothing and talk nonsense")->check(times);
    app.add_option("--plan-failure", arguments.plan_failure, "part of the planned visits that do not happen")
        ->check(part_from(0))
        ->needs("--plan");
}

void add_options(CLI::App& app, Arguments& arguments) {
    app.add_option("--contacts", arguments.contacts, "contact file: start_s end_s a b")
        ->check(CLI::ExistingFile);
    app.add_option("--plan", arguments.plan,
                   "what was planned, in the same shape, or a plan of tram visit plan that ends in .toml")
        ->check(CLI::ExistingFile);
    app.add_option("--plan-probability", arguments.plan_probability, "that a planned visit takes place")
        ->check(part_from(0.01));
    arguments.router =
        app.add_option_function<std::string>(
               "--router", [&](const std::string& name) { arguments.world.router = kRouters.at(name); },
               "direct, static, epidemic, spray, prophet or eta")
            ->check(CLI::IsMember(names_of(kRouters)));
    app.add_option_function<std::string>(
           "--load", [&](const std::string& name) { arguments.load.kind = kLoads.at(name); },
           "normal or heavy")
        ->check(CLI::IsMember(names_of(kLoads)));
    app.add_option("--seed", arguments.world.seed, "of messages and faults")->check(count_up_to(~0ULL));
    app.add_option("--messages", arguments.load.messages, "how many are sent")->check(count_up_to(1'000'000));
    app.add_option("--ttl", arguments.load.ttl_s, "lifetime of messages, seconds")
        ->check(count_up_to(kTraceMax_s));
    app.add_option("--rate", arguments.world.rate, "of a contact, bytes a second")
        ->check(CLI::Range(1'000, 1'000'000'000));
    app.add_option("--buffer", arguments.buffers, "NODES=BYTES, such as 41-90=50M");
    app.add_option("--window", arguments.world.window_bytes, "bytes under way on a link; 0: the node's own")
        ->check(count_up_to(1ULL << 40U));
    app.add_flag("--verify", arguments.world.verify, "check the signatures of bundles, too");
    app.add_option("--svg", arguments.svg, "draw delivery over time into this file");
    app.add_option("--scenario", arguments.scenarios,
                   "instead: places, and whether it works there: TOML files")
        ->check(CLI::ExistingFile);
    app.add_option("--mesh", arguments.mesh, "instead: the small mesh with all faults that has this number")
        ->check(count_up_to(~0ULL));
    app.add_option("-o,--output", arguments.output, "table or json")->check(CLI::IsMember({"table", "json"}));
    add_faults(app, arguments);
}

int failed(const Error& error) {
    fmt::print(stderr, "error: {}: {}\n", code_name(error.code), error.message);
    return kExitFailed;
}

int verdict(const Outcome& outcome) {
    for (const std::string& violation : outcome.violations)
        fmt::print(stderr, "violated: {}\n", violation);
    return outcome.violation_count == 0 ? 0 : kExitViolated;
}

/// Reads what is asked for; the plan goes to every node, and what fails of it is taken out of the contacts.
Result<ContactPlan> contacts_for(Arguments& arguments) {
    auto contacts = read_contacts(arguments.contacts);
    if (!contacts) return contacts;
    if (contacts->end_s > kTraceMax_s)
        return fail(ErrorCode::kInvalidArgument, arguments.contacts + " is longer than 340 days");
    if (arguments.plan.empty()) return contacts;
    const auto plan = read_planned(arguments.plan, arguments.plan_probability);
    if (!plan) return std::unexpected{plan.error()};
    arguments.world.plan = std::make_shared<const routing::VisitPlan>(plan->visits);
    Random random{arguments.world.seed};
    return without_visits(std::move(*contacts), plan->contacts, arguments.plan_failure, random);
}

Result<void> draw(const Arguments& arguments, const Load& load, std::vector<Curve> curves) {
    std::ofstream file{arguments.svg, std::ios::binary};
    file << chart(load, curves, "delivered, part of the messages");
    if (!file.flush()) return fail(ErrorCode::kIo, arguments.svg + " cannot be written");
    return {};
}

int run(Arguments& arguments) {
    const auto contacts = contacts_for(arguments);
    if (!contacts) return failed(contacts.error());
    if (!arguments.svg.empty() && !std::ofstream{arguments.svg, std::ios::app})
        return failed({ErrorCode::kIo, arguments.svg + " cannot be written"});
    for (const std::string& text : arguments.buffers) {
        const auto rule = parse_buffer_rule(text);
        if (!rule) return failed(rule.error());
        if (rule->last >= contacts->node_count)
            return failed({ErrorCode::kInvalidArgument, "--buffer " + text + ": the last node is " +
                                                            std::to_string(contacts->node_count - 1)});
        arguments.load.buffers.push_back(*rule);
    }
    const auto load = make_load(*contacts, arguments.load, arguments.world.seed);
    if (!load) return failed(load.error());
    World world{*contacts, *load, arguments.world};
    const Outcome outcome = world.run();
    const auto earliest = earliest_arrivals(*contacts, *load, arguments.world.rate);
    const Figures figures = figures_of(*load, find_best(*load, earliest), outcome);
    std::cout << (arguments.output == "json" ? to_json(figures, outcome) : to_text(figures, outcome));
    if (!arguments.svg.empty()) {
        const auto drawn =
            draw(arguments, *load, {{"oracle", "#888", earliest}, {"router", "#06c", outcome.delivered_us}});
        if (!drawn) return failed(drawn.error());
    }
    return verdict(outcome);
}

/// One line for each criterion; whether all hold.
int run_scenario(const std::string& path, const Arguments& arguments) {
    auto scenario = read_scenario(path);
    if (!scenario) return failed(scenario.error());
    if (arguments.router->count() != 0) scenario->world.router = arguments.world.router;
    World world{scenario->contacts, scenario->load, scenario->world};
    const Outcome outcome = world.run();
    int result = verdict(outcome);
    fmt::print("{}: {} nodes, {} contacts, {} messages\n", scenario->name, scenario->contacts.node_count,
               scenario->contacts.contacts.size(), scenario->load.messages.size());
    for (const Criterion& each : judge(*scenario, outcome)) {
        if (!each.holds()) result = kExitViolated;
        fmt::print("  {}  {}: {:.4f} of {} within {:g} days, at least {:g} asked\n",
                   each.holds() ? "works " : "FAILED", each.load, each.reached, each.asked, each.days,
                   each.delivered);
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Replays contacts with the real node and says what arrived, when, and at what cost."};
    Arguments arguments;
    add_options(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }
    if (arguments.mesh) {
        const Outcome outcome = run_mesh(*arguments.mesh);
        fmt::print("mesh {}: {} events, {} violations\n", *arguments.mesh, outcome.events,
                   outcome.violation_count);
        return verdict(outcome);
    }
    int result = 0;
    for (const std::string& path : arguments.scenarios)
        result = std::max(result, run_scenario(path, arguments));
    if (!arguments.scenarios.empty()) return result;
    if (!arguments.contacts.empty()) return run(arguments);
    fmt::print(stderr, "error: name a contact file: --contacts FILE\n");
    return kExitUsage;
}
