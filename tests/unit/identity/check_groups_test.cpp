#include "proto/identity/check_groups.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

using namespace tram;
using namespace tram::identity;

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::uint32_t kGroups = 1U << 20;

std::string digits_of(std::uint32_t group) {
    return {kAlphabet[group >> 15 & 31], kAlphabet[group >> 10 & 31], kAlphabet[group >> 5 & 31],
            kAlphabet[group & 31]};
}

// The check character of every group, as numbers.
std::vector<std::uint8_t> all_check_characters() {
    std::vector<std::uint8_t> all(kGroups);
    for (std::uint32_t group = 0; group < kGroups; ++group)
        all[group] = static_cast<std::uint8_t>(kAlphabet.find(check_character(digits_of(group))));
    return all;
}

// `group` with the digits at two positions exchanged, 0 being the last.
std::uint32_t swapped(std::uint32_t group, unsigned a, unsigned b) {
    const std::uint32_t difference = (group >> 5 * a ^ group >> 5 * b) & 31;
    return group ^ difference << 5 * a ^ difference << 5 * b;
}

}  // namespace

TEST_CASE("a check character catches every wrong digit and every swap, in all groups", "[identity]") {
    const std::vector<std::uint8_t> check = all_check_characters();
    const std::uint8_t* const of = check.data();
    std::uint64_t missed = 0;
    for (std::uint32_t group = 0; group < kGroups; ++group) {
        for (unsigned shift = 0; shift < 20; shift += 5) {
            for (std::uint32_t change = 1; change < 32; ++change)
                missed += static_cast<std::uint64_t>(of[group ^ change << shift] == of[group]);
        }
        for (const auto& [a, b] : {std::pair{0U, 1U}, {1U, 2U}, {2U, 3U}, {0U, 2U}, {1U, 3U}, {0U, 3U}}) {
            const std::uint32_t other = swapped(group, a, b);
            missed += static_cast<std::uint64_t>(other != group && of[other] == of[group]);
        }
        // A digit changes places with the check character.
        for (unsigned shift = 0; shift < 20; shift += 5) {
            const std::uint32_t digit = group >> shift & 31;
            const std::uint32_t other = group ^ (digit ^ of[group]) << shift;
            missed += static_cast<std::uint64_t>(digit != of[group] && of[other] == digit);
        }
    }
    CHECK(missed == 0);
    CHECK(check_character("0000") == '0');
    CHECK(check_character("1000") == '2');
    CHECK(check_character("0001") == 'G');  // 16
}

TEST_CASE("check groups are the first 120 bits of BLAKE2b", "[identity]") {
    // b2sum -l 256 of nothing: 0e5751c026e543b2e8ab2eb06099daa1...
    // 00001 11001 01011 10101 | 00011 10000 00001 00110 | 11100 10101 00001 11011 |
    // 00101 11010 00101 01011 | 00101 11010 11000 00110 | 00001 00110 01110 11010
    const std::string groups = check_groups({});
    std::string digits;
    for (std::size_t i = 0; i < groups.size(); i += 7)
        digits += groups.substr(i, 4) + ' ';
    CHECK(digits == "1SBN 3G16 WN1V 5T5B 5TR6 16ET ");
    CHECK(groups.size() == 6 * 6 + 5);
    CHECK(std::ranges::count(groups, '-') == 6);
}

TEST_CASE("check groups are compared as people type them", "[identity]") {
    const Buffer data{1, 2, 3};
    const std::string groups = check_groups(data);
    CHECK(compare_check_groups(groups, data));
    std::string lower = groups;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' ? static_cast<char>(c + 32) : c; });
    CHECK(compare_check_groups("  " + lower + "\n", data));
    std::string bare = groups;
    std::erase_if(bare, [](char c) { return c == ' ' || c == '-'; });
    CHECK(compare_check_groups(bare, data));
    std::string lookalikes = groups;
    std::ranges::replace(lookalikes, '1', 'l');
    std::ranges::replace(lookalikes, '0', 'o');
    CHECK(compare_check_groups(lookalikes, data));
    std::ranges::replace(lookalikes, 'l', 'I');
    CHECK(compare_check_groups(lookalikes, data));
}

TEST_CASE("comparing check groups says which group is wrong", "[identity]") {
    const Buffer data{1, 2, 3};
    const std::string groups = check_groups(data);
    const auto message = [&](const std::string& typed) {
        const auto result = compare_check_groups(typed, data);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::kInvalidArgument);
        return result.error().message;
    };
    for (std::size_t group = 0; group < kCheckGroups; ++group) {
        std::string typed = groups;
        char& c = typed[group * 7 + 2];
        c = c == 'Z' ? 'Y' : 'Z';
        CHECK(message(typed).find("group " + std::to_string(group + 1) + " is wrong") != std::string::npos);
        CHECK(message(groups.substr(0, group * 7)).find("only " + std::to_string(group)) !=
              std::string::npos);
    }
    CHECK(message(groups.substr(0, 40)).find("only 5") != std::string::npos);
    CHECK(message(groups + " 0000-0").find("more than six") != std::string::npos);
    CHECK(message("U" + groups.substr(1)).find("group 1 has a character") != std::string::npos);
    CHECK(message(groups.substr(7) + " " + groups.substr(0, 6)).find("something else") != std::string::npos);
    CHECK(message(check_groups(Buffer{1, 2, 4})).find("something else") != std::string::npos);
}
