#include "tests/sim/contacts.h"

#include <catch2/catch.hpp>

namespace tram::sim {
namespace {

TEST_CASE("contacts are read in order, those of a pair that touch as one", "[sim]") {
    const auto plan = parse_contacts(
        "# start_s end_s a b\n"
        "50 60 2 1   # the pair is the same either way round\n"
        "\n"
        "  0\t20  0 1\r\n"
        "20 40 1 0\n"
        "30 35 0 1\n"
        "41 41 0 1\n",
        "x");
    REQUIRE(plan);
    CHECK(plan->contacts == std::vector<Contact>{{0, 40, 0, 1}, {41, 42, 0, 1}, {50, 60, 1, 2}});
    CHECK(plan->node_count == 3);
    CHECK(plan->end_s == 60);
    CHECK(plan->roles.empty());
}

TEST_CASE("a comment may name roles", "[sim]") {
    const auto plan = parse_contacts(
        "# start_s end_s a b ; 0=commune 1-3=village kiosks 4-5=team laptops 6=couriers\n0 1 0 1\n", "x");
    REQUIRE(plan);
    CHECK(plan->nodes_of(Role::kServer) == std::vector<NodeIndex>{0});
    CHECK(plan->nodes_of(Role::kKiosk) == std::vector<NodeIndex>{1, 2, 3});
    CHECK(plan->nodes_of(Role::kCarrier) == std::vector<NodeIndex>{4, 5, 6});
    CHECK(plan->node_count == 7);
}

TEST_CASE("an error in a contact file names the line and what is wrong", "[sim]") {
    const auto [text, error] = GENERATE(table<std::string, std::string>({
        {"1 2 3\n", "p:1: the second node is missing"},
        {"# c\n\n1 2 3 x\n", "p:3: the second node is no number"},
        {"-1 2 0 1\n", "p:1: the start is no number"},
        {"1 2 0 1 5\n", "p:1: there is more than"},
        {"5 4 0 1\n", "p:1: the contact ends before it starts"},
        {"1 2 7 7\n", "p:1: a node is not in contact with itself"},
        {"1 2 0 10000\n", "p:1: the second node is no number that can be used"},
        {"1 99999999999 0 1\n", "p:1: the end is no number that can be used"},
        {"1 99999999999999999999 0 1\n", "p:1: the end is no number that can be used"},
    }));
    const auto plan = parse_contacts(text, "p");
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == ErrorCode::kInvalidArgument);
    CHECK_THAT(plan.error().message, Catch::StartsWith(error));
}

TEST_CASE("an empty contact file is one without nodes", "[sim]") {
    const auto plan = parse_contacts("# nothing ; here=too 5-2=x\n", "x");
    REQUIRE(plan);
    CHECK(plan->contacts.empty());
    CHECK(plan->node_count == 0);
}

}  // namespace
}  // namespace tram::sim
