#include "proto/base/crc32c.h"

#include <catch2/catch.hpp>

using tram::as_bytes;
using tram::crc32c;

TEST_CASE("CRC-32C gives the check value of its catalogue and of RFC 3720 B.4", "[base][crc]") {
    CHECK(crc32c({}) == 0);
    CHECK(crc32c(as_bytes("123456789")) == 0xe3069283);
    CHECK(crc32c(tram::Buffer(32, 0x00)) == 0x8a9136aa);
    CHECK(crc32c(tram::Buffer(32, 0xff)) == 0x62a8ab43);
}

TEST_CASE("CRC-32C continues where an earlier call ended", "[base][crc]") {
    const std::string_view text = "a form of one page and four scans of two hundred kilobytes";
    const auto split = GENERATE(0U, 1U, 7U, 8U, 9U, 58U);
    const auto first = crc32c(as_bytes(text.substr(0, split)));
    CHECK(crc32c(as_bytes(text.substr(split)), first) == crc32c(as_bytes(text)));
}
