// tram-sim: how well a router does over recorded or planned contacts, with the real node.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <map>

#include "tests/sim/figures.h"

namespace {

using namespace tram;
using namespace tram::sim;

constexpr int kExitFailed = 2;
constexpr int kExitViolated = 3;
constexpr int kExitUsage = 64;

using routing::Kind;
const std::map<std::string, Kind> kRouters{{"direct", Kind::kDirect},     {"static", Kind::kStatic},
                                           {"epidemic", Kind::kEpidemic}, {"spray", Kind::kSpray},
                                           {"prophet", Kind::kProphet},   {"eta", Kind::kEta}};
const std::map<std::string, LoadKind> kLoads{{"normal", LoadKind::kNormal}, {"heavy", LoadKind::kHeavy}};

struct Arguments {
    std::string contacts;
    std::string plan;
    std::string output = "text";
    std::vector<std::string> buffers;
    LoadOptions load;
    WorldOptions world;
};

void add_options(CLI::App& app, Arguments& arguments) {
    app.add_option("--contacts", arguments.contacts, "contact file: start_s end_s a b")->required();
    app.add_option("--plan", arguments.plan, "what was planned, in the same shape");
    app.add_option("--router", arguments.world.router, "direct, static, epidemic, spray, prophet or eta")
        ->transform(CLI::CheckedTransformer(kRouters));
    app.add_option("--load", arguments.load.kind, "normal or heavy")
        ->transform(CLI::CheckedTransformer(kLoads));
    app.add_option("--seed", arguments.world.seed, "of messages and faults");
    app.add_option("--messages", arguments.load.messages, "how many are sent");
    app.add_option("--ttl", arguments.load.ttl_s, "lifetime of messages, seconds");
    app.add_option("--rate", arguments.world.rate, "of a contact, bytes a second")
        ->check(CLI::Range(1'000, 1'000'000'000));
    app.add_option("--buffer", arguments.buffers, "NODES=BYTES, such as 41-90=50M");
    app.add_option("--window", arguments.world.window_bytes, "bytes under way on a link; 0: the node's own");
    app.add_option("--crashes", arguments.world.crashes, "power cuts, at any node and time");
    app.add_option("-o,--output", arguments.output, "text or json")->check(CLI::IsMember({"text", "json"}));
}

int failed(const Error& error) {
    fmt::print(stderr, "error: {}: {}\n", code_name(error.code), error.message);
    return kExitFailed;
}

int run(Arguments& arguments) {
    const auto contacts = read_contacts(arguments.contacts);
    if (!contacts) return failed(contacts.error());
    if (!arguments.plan.empty()) {
        if (const auto plan = read_contacts(arguments.plan); !plan) return failed(plan.error());
    }
    for (const std::string& text : arguments.buffers) {
        const auto rule = parse_buffer_rule(text);
        if (!rule) return failed(rule.error());
        arguments.load.buffers.push_back(*rule);
    }
    const auto load = make_load(*contacts, arguments.load, arguments.world.seed);
    if (!load) return failed(load.error());
    World world{*contacts, *load, arguments.world};
    const Outcome outcome = world.run();
    const Figures figures = figures_of(*load, find_best(*contacts, *load, arguments.world.rate), outcome);
    std::cout << (arguments.output == "json" ? to_json(figures, outcome) : to_text(figures, outcome));
    for (const std::string& violation : outcome.violations)
        fmt::print(stderr, "violated: {}\n", violation);
    return outcome.violation_count == 0 ? 0 : kExitViolated;
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
    return run(arguments);
}
