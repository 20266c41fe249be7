#include "tests/sim/oracle.h"

#include <catch2/catch.hpp>

namespace tram::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint64_t kRate = 1'000;

std::optional<std::int64_t> arrival(const std::string& contacts, const Message& message,
                                    std::int64_t ttl_s = 1'000) {
    const auto plan = parse_contacts(contacts, "x");
    REQUIRE(plan);
    return Oracle{*plan, kRate}.arrival_us(message, ttl_s);
}

TEST_CASE("the oracle adds up contact time, hop by hop", "[sim]") {
    const Message message{.created_us = 5 * kSecond, .from = 0, .to = 2, .bytes = 4'000};
    // 4 s to node 1 from the start of the contact, 4 s more to node 2.
    CHECK(arrival("10 20 0 1\n11 30 1 2\n", message) == 18 * kSecond);
    CHECK(arrival("10 20 0 1\n16 30 1 2\n", message) == 20 * kSecond);
    // The contact goes on when the message is made.
    CHECK(arrival("0 20 0 2\n", message) == 9 * kSecond);
    // The second hop was over before the first.
    CHECK_FALSE(arrival("10 20 0 1\n5 14 1 2\n", message));
}

TEST_CASE("the oracle goes on with a transfer where the pair's last contact cut it", "[sim]") {
    const Message message{.created_us = 0, .from = 0, .to = 1, .bytes = 4'500};
    CHECK(arrival("10 12 0 1\n20 21 0 1\n30 50 0 1\n", message) == 31'500'000);
    // What one carrier has is of no use to another.
    CHECK_FALSE(arrival("10 12 0 1\n10 12 0 2\n20 22 1 2\n30 32 0 2\n40 41 1 2\n",
                        {.created_us = 0, .from = 0, .to = 2, .bytes = 5'000}));
}

TEST_CASE("for the oracle a contact lasts a second at least", "[sim]") {
    CHECK(arrival("10 10 0 1\n", {.created_us = 0, .from = 0, .to = 1, .bytes = 1'000}) == 11 * kSecond);
    CHECK_FALSE(arrival("10 10 0 1\n", {.created_us = 0, .from = 0, .to = 1, .bytes = 1'001}));
}

TEST_CASE("the oracle takes the way that arrives first, and none after the lifetime", "[sim]") {
    const std::string contacts = "10 100 0 1\n20 100 1 3\n10 100 0 2\n12 100 2 3\n50 100 0 3\n";
    const Message message{.created_us = 0, .from = 0, .to = 3, .bytes = 1'000};
    CHECK(arrival(contacts, message) == 13 * kSecond);
    CHECK(arrival(contacts, message, 13) == 13 * kSecond);
    CHECK_FALSE(arrival(contacts, message, 12));
}

}  // namespace
}  // namespace tram::sim
