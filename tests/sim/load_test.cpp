#include "tests/sim/load.h"

#include <catch2/catch.hpp>

namespace tram::sim {
namespace {

constexpr std::int64_t kDay_s = 24 * 3600;

ContactPlan commune() {
    auto plan = parse_contacts(
        "# ; 0=commune 1-4=village kiosks 5-8=team laptops\n0 60 0 5\n7000000 7257600 1 5\n", "x");
    REQUIRE(plan);
    return *plan;
}

TEST_CASE("a commune's load goes between kiosks and server, by size and time as specified", "[sim]") {
    const auto load = make_load(commune(), {}, 7);
    REQUIRE(load);
    CHECK(load->messages.size() == 1'500);
    CHECK(load->ttl_s == 14 * kDay_s);
    CHECK(load->buffers == std::vector<std::uint64_t>{2'000'000'000, 2'000'000'000, 2'000'000'000,
                                                      2'000'000'000, 2'000'000'000, 200'000'000, 200'000'000,
                                                      200'000'000, 200'000'000});
    int up = 0;
    int small = 0;
    int large = 0;
    std::int64_t before_us = 0;
    for (const Message& message : load->messages) {
        const bool to_server = message.to == 0;
        const NodeIndex kiosk = to_server ? message.from : message.to;
        CHECK((kiosk >= 1 && kiosk <= 4 && (to_server || message.from == 0)));
        CHECK(message.created_us >= before_us);
        before_us = message.created_us;
        CHECK(message.created_us >= 7'257'600 * 150'000LL);
        CHECK(message.created_us <= (7'257'600 - 14 * kDay_s) * 1'000'000LL);
        const std::uint64_t bytes = message.bytes;
        const bool is_small = bytes >= 5'000 && bytes <= 50'000;
        const bool is_large = bytes >= 5'000'000 && bytes <= 20'000'000;
        CHECK((is_small || is_large || (bytes >= 200'000 && bytes <= 2'000'000)));
        up += to_server ? 1 : 0;
        small += is_small ? 1 : 0;
        large += is_large ? 1 : 0;
    }
    CHECK(up == 750);
    CHECK(small == Approx(900).margin(60));
    CHECK(large == Approx(150).margin(40));
}

TEST_CASE("the heavy load has four times the messages and a quarter of the buffers", "[sim]") {
    const auto load = make_load(commune(), {.kind = LoadKind::kHeavy}, 7);
    REQUIRE(load);
    CHECK(load->messages.size() == 6'000);
    CHECK(load->buffers.front() == 500'000'000);
    CHECK(load->buffers.back() == 50'000'000);
}

TEST_CASE("what is asked for counts as it stands", "[sim]") {
    const LoadOptions options{LoadKind::kHeavy, 10, kDay_s, {{0, 8, 5}, {2, 3, 7}}};
    const auto load = make_load(commune(), options, 7);
    REQUIRE(load);
    CHECK(load->messages.size() == 10);
    CHECK(load->ttl_s == kDay_s);
    CHECK(load->buffers == std::vector<std::uint64_t>{5, 5, 7, 7, 5, 5, 5, 5, 5});
}

TEST_CASE("a seed makes one load and another seed another", "[sim]") {
    const auto times = [](std::uint64_t seed) {
        const auto load = make_load(commune(), {}, seed);
        REQUIRE(load);
        std::vector<std::int64_t> found;
        for (const Message& message : load->messages)
            found.push_back(message.created_us);
        return found;
    };
    CHECK(times(1) == times(1));
    CHECK(times(1) != times(2));
}

TEST_CASE("without roles any node sends to any other", "[sim]") {
    const auto plan = parse_contacts("0 20 3 4\n0 20 4 9\n990000 993000 3 9\n", "x");
    const auto load = make_load(*plan, {}, 1);
    REQUIRE(load);
    CHECK(load->messages.size() == 800);
    CHECK(load->ttl_s == 5 * kDay_s);
    CHECK(load->buffers == std::vector<std::uint64_t>(10, 100'000'000));
    for (const Message& message : load->messages) {
        CHECK(message.from != message.to);
        for (const NodeIndex node : {message.from, message.to})
            CHECK((node == 3 || node == 4 || node == 9));
    }
}

TEST_CASE("a load that does not fit its trace is refused", "[sim]") {
    CHECK_FALSE(make_load(commune(), {.ttl_s = 80 * kDay_s}, 1));
    CHECK_FALSE(make_load(commune(), {.ttl_s = 0}, 1));
    CHECK_FALSE(make_load(commune(), {.messages = 1'000'001}, 1));
    CHECK_FALSE(make_load(ContactPlan{}, {}, 1));
}

TEST_CASE("buffers are given for a node or a range", "[sim]") {
    const auto range = parse_buffer_rule("41-90=50M");
    REQUIRE(range);
    CHECK((range->first == 41 && range->last == 90 && range->bytes == 50'000'000));
    const auto one = parse_buffer_rule("0=123");
    REQUIRE(one);
    CHECK((one->first == 0 && one->last == 0 && one->bytes == 123));
    const std::string wrong =
        GENERATE("", "5", "5=", "=5", "a=5", "5-=5", "9-5=5", "5=5X", "5=5MB", "5=-1", "5-6", "10000=1");
    CHECK_FALSE(parse_buffer_rule(wrong));
}

}  // namespace
}  // namespace tram::sim
