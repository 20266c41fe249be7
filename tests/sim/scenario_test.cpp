#include "tests/sim/scenario.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace tram::sim {
namespace {

constexpr const char* kPlace = R"(
name = "a place"
days = 14
router = "epidemic"
members = "ks"
[nodes]
ks = 2
lt = 1
srv = 1
[links]
hotspot = {mbit = 5}
[[meet]]
a = "lt"
b = "ks"
pick = "next"
days = ["tue"]
from = "09:00"
to = "15:00"
link = "hotspot"
[[always]]
a = "lt"
b = "srv"
link = "hotspot"
[[cut]]
nodes = "srv"
from_h = 24
hours = 24
[[load]]
name = "requests"
from = "ks"
to = "srv"
bytes = [1_000, 2_000]
per_day = 2
[[works]]
load = "requests"
days = 7
)";

Result<Scenario> read(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / "tram-scenario-test.toml";
    std::ofstream{path} << text;
    auto scenario = read_scenario(path.string());
    std::filesystem::remove(path);
    return scenario;
}

std::string with(std::string_view what, std::string_view instead) {
    std::string text = kPlace;
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
}

TEST_CASE("a schedule becomes contacts", "[sim]") {
    const auto scenario = read(kPlace);
    REQUIRE(scenario);
    constexpr std::int64_t kDay = 86'400;
    constexpr std::int64_t kHour = 3'600;
    // ks1, ks2, lt, srv: two visits, one village each, and what is always on without the day that is cut.
    const std::vector<Contact> expected{
        {.start_s = 0, .end_s = kDay, .a = 2, .b = 3, .rate = 625'000},
        {.start_s = kDay + 9 * kHour, .end_s = kDay + 15 * kHour, .a = 0, .b = 2, .rate = 625'000},
        {.start_s = 2 * kDay, .end_s = 14 * kDay, .a = 2, .b = 3, .rate = 625'000},
        {.start_s = 8 * kDay + 9 * kHour, .end_s = 8 * kDay + 15 * kHour, .a = 1, .b = 2, .rate = 625'000},
    };
    CHECK(scenario->contacts.contacts == expected);
    CHECK(scenario->load.messages.size() == 28);
    CHECK(scenario->load.members == std::vector<NodeIndex>{0, 1});
}

TEST_CASE("what a place does not reach is said", "[sim]") {
    const auto scenario = read(kPlace);
    REQUIRE(scenario);
    Outcome outcome;
    outcome.arrivals.resize(scenario->load.messages.size());
    CHECK(judge(*scenario, outcome)[0].reached == 0);
    CHECK_FALSE(judge(*scenario, outcome)[0].holds());
    for (std::size_t i = 0; i < outcome.arrivals.size(); ++i)
        outcome.arrivals[i] = {scenario->load.messages[i].created_us + 1};
    CHECK(judge(*scenario, outcome)[0].holds());
    // Of what is sent in the last seven days nothing is said.
    CHECK(judge(*scenario, outcome)[0].asked == 14);
}

TEST_CASE("mistakes in a scenario are named", "[sim]") {
    const auto [what, instead, message] = GENERATE(table<std::string, std::string, std::string>({
        {"days = 14", "days = 400", "days is 1 to 340"},
        {"link = \"hotspot\"", "link = \"cable\"", "there is no link cable"},
        {"b = \"ks\"", "b = \"ks3\"", "there are no nodes ks3"},
        {"b = \"ks\"", "b = \"kiosk\"", "there are no nodes kiosk"},
        {"from = \"09:00\"", "from = \"9 am\"", "no time of day"},
        {"days = [\"tue\"]", "days = [\"tuesday\"]", "days are mon"},
        {"pick = \"next\"", "pick = \"any\"", "pick is"},
        {"hours = 24", "minutes = 24", "cut has no key minutes"},
        {"load = \"requests\"", "load = \"other\"", "there is no load other"},
        {"to = \"srv\"", "to = \"ks\"", "from a node to itself"},
        {"name = \"a place\"", "name = ", ".toml:2: "},
    }));
    INFO(message);
    const auto scenario = read(with(what, instead));
    REQUIRE_FALSE(scenario);
    CHECK_THAT(scenario.error().message, Catch::Contains(message));
}

}  // namespace
}  // namespace tram::sim
