#include "config/quantity.h"

#include <catch2/catch.hpp>
#include <limits>
#include <utility>

using namespace tram;
using namespace tram::config;

TEST_CASE("size is a whole number and a unit", "[config]") {
    const auto [text, bytes] = GENERATE(table<const char*, std::uint64_t>({{"0 B", 0},
                                                                           {"512 B", 512},
                                                                           {"1 kB", 1'000},
                                                                           {"20 GB", 20'000'000'000},
                                                                           {"20GiB", 21'474'836'480},
                                                                           {"  3\t MiB ", 3'145'728},
                                                                           {"2 TB", 2'000'000'000'000}}));
    CAPTURE(text);
    REQUIRE(parse_size(text).value() == bytes);
}

TEST_CASE("duration is a whole number and a unit", "[config]") {
    const auto [text, length] = GENERATE(table<const char*, std::int64_t>({{"0 s", 0},
                                                                           {"500 ms", 500},
                                                                           {"60 s", 60'000},
                                                                           {"5min", 300'000},
                                                                           {"2 h", 7'200'000},
                                                                           {"120 d", 10'368'000'000}}));
    CAPTURE(text);
    REQUIRE(parse_duration(text).value() == Duration{length});
}

TEST_CASE("quantity without number or unit is refused with the units that exist", "[config]") {
    const auto* text = GENERATE("", "GB", "20", "20 gb", "1.5 GB", "-1 GB", "20 s", "99999999999999999999 B",
                                "9999999999999 TB");
    CAPTURE(text);
    const auto result = parse_size(text);
    REQUIRE_FALSE(result);
    REQUIRE(result.error().code == ErrorCode::kInvalidArgument);
    REQUIRE_FALSE(parse_duration(text == std::string{"20 s"} ? "20 GB" : text));
    REQUIRE(parse_size("20 gb").error().message.find("units are B kB MB GB TB KiB MiB GiB TiB") !=
            std::string::npos);
}

TEST_CASE("exact text of a quantity reads back to the same", "[config]") {
    const auto value = GENERATE(as<std::uint64_t>{}, 0, 1, 999, 1'000, 1'023, 1'024, 1'536, 20'000'000'000,
                                21'474'836'480, 86'400'000, 90'061'001, 9'223'372'036'854'775'807);
    CAPTURE(value);
    REQUIRE(parse_size(exact_size(value)).value() == value);
    const Duration length{static_cast<Duration::rep>(value)};
    REQUIRE(parse_duration(exact_duration(length)).value() == length);
}

TEST_CASE("exact text takes the unit with the smallest number", "[config]") {
    REQUIRE(exact_size(20'000'000'000) == "20 GB");
    REQUIRE(exact_size(64ULL << 20) == "64 MiB");
    REQUIRE(exact_size(1'001) == "1001 B");
    REQUIRE(exact_duration(std::chrono::hours{24 * 120}) == "120 d");
    REQUIRE(exact_duration(Duration{90'000}) == "90 s");
    REQUIRE(exact_duration(Duration{0}) == "0 s");
}
