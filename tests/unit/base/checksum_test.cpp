#include "proto/base/checksum.h"

#include <catch2/catch.hpp>
#include <random>

namespace tram {

namespace {

// The definition, one bit at a time.
std::uint32_t naive(std::uint32_t polynomial, std::uint32_t state, ByteView data) {
    for (const std::uint8_t byte : data) {
        state ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            state = (state & 1) != 0 ? state >> 1 ^ polynomial : state >> 1;
    }
    return state;
}

}  // namespace

TEST_CASE("checksums give the published check values", "[base][crc]") {
    const ByteView digits = as_bytes("123456789");
    CHECK(crc16_x25(digits) == 0x906e);
    CHECK(crc32c({}) == 0);
    CHECK(crc32c(digits) == 0xe306'9283);
    // RFC 7143 A.4, which RFC 9171 4.2.1 refers to; there as bytes with the lowest first.
    CHECK(crc32c(Buffer(32, 0x00)) == 0x8a91'36aa);
    CHECK(crc32c(Buffer(32, 0xff)) == 0x62a8'ab43);
}

TEST_CASE("fast checksums agree with the definition for every length and continue at any split",
          "[base][crc]") {
    std::mt19937 random{7};
    for (std::size_t length = 0; length < 70; ++length) {
        Buffer data(length);
        for (auto& byte : data)
            byte = static_cast<std::uint8_t>(random());
        const std::uint32_t wide = ~naive(0x82f6'3b78, ~0U, data);
        CHECK(crc32c(data) == wide);
        CHECK(crc32c_by_table(data) == wide);
        CHECK(crc16_x25(data) == static_cast<std::uint16_t>(~naive(0x8408, 0xffff, data)));
        const ByteView view = data;
        const std::size_t cut = length / 3;
        CHECK(crc32c(view.subspan(cut), crc32c(view.first(cut))) == wide);
        CHECK(crc32c_by_table(view.subspan(cut), crc32c_by_table(view.first(cut))) == wide);
        CHECK(crc16_x25(view.subspan(cut), crc16_x25(view.first(cut))) == crc16_x25(data));
    }
}

}  // namespace tram
