// config/tram.toml, the sample, is documentation that must not lie.
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/load.h"

using namespace tram::config;

namespace {

std::string sample() {
    std::ifstream in{TRAM_SAMPLE_CONFIG};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> result;
    for (const Problem& problem : problems)
        result.push_back(problem.to_string());
    return result;
}

}  // namespace

TEST_CASE("sample loads and equals the defaults", "[config]") {
    const Loaded loaded = load(TRAM_SAMPLE_CONFIG);
    REQUIRE(texts(loaded.problems) == std::vector<std::string>{});
    REQUIRE(loaded.config == Config{});
}

TEST_CASE("sample shows every key", "[config]") {
    Config config;
    config.peers.push_back({.id = "dtn://b/", .address = "b:1", .plain = true});
    config.offices.push_back({.id = "xa:18904", .endpoint = "dtn://b/requests"});
    config.routing.router = RouterKind::kStatic;
    config.routing.routes.push_back({.to = "*", .via = "dtn://b/"});
    const std::string shown = sample();
    std::istringstream lines{to_toml(config)};
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find(" = ");
        const std::string head = equals == std::string::npos ? line : line.substr(0, equals + 3);
        CAPTURE(line);
        const bool there = head.empty() || shown.find("\n" + head) != std::string::npos ||
                           shown.find("\n#" + head) != std::string::npos;
        REQUIRE(there);
    }
}

TEST_CASE("sample's switched-off examples are valid when switched on", "[config]") {
    std::string text = std::regex_replace(sample(), std::regex{"(^|\n)#(?=[^ \n])"}, "$1");
    text = std::regex_replace(text, std::regex{"router = \"epidemic\""}, "router = \"static\"");
    const Loaded loaded = parse(text, "sample");
    REQUIRE(texts(loaded.problems) == std::vector<std::string>{});
    REQUIRE(loaded.config.peers.size() == 1);
    REQUIRE(loaded.config.offices.size() == 1);
    REQUIRE(loaded.config.routing.routes.size() == 1);
}
