#include "proto/bpv7/crc.h"

#include <catch2/catch.hpp>

#include "tests/fuzz/random_bundle.h"

using namespace tram;
using namespace tram::bpv7;

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

TEST_CASE("checksums give the published check values", "[bpv7][crc]") {
    const ByteView digits = as_bytes("123456789");
    CHECK(crc_of(CrcType::kCrc16, {digits}) == 0x906e);
    CHECK(crc_of(CrcType::kCrc32c, {digits}) == 0xe306'9283);
    CHECK(crc_of(CrcType::kNone, {digits}) == 0);
    // RFC 7143 A.4, which RFC 9171 4.2.1 refers to; there as bytes with the lowest first.
    CHECK(crc_of(CrcType::kCrc32c, {Buffer(32, 0x00)}) == 0x8a91'36aa);
    CHECK(crc_of(CrcType::kCrc32c, {Buffer(32, 0xff)}) == 0x62a8'ab43);
}

TEST_CASE("fast checksums agree with the definition for every length and split", "[bpv7][crc]") {
    fuzz::Random random{7};
    for (std::size_t length = 0; length < 70; ++length) {
        Buffer data(length);
        for (auto& byte : data)
            byte = static_cast<std::uint8_t>(random());
        const auto state = static_cast<std::uint32_t>(random());
        const auto state16 = static_cast<std::uint16_t>(state);
        CHECK(crc16_update(state16, data) == naive(0x8408, state16, data));
        CHECK(crc32c_update_by_table(state, data) == naive(0x82f6'3b78, state, data));
        CHECK(crc32c_update(state, data) == naive(0x82f6'3b78, state, data));
        const ByteView view = data;
        const std::size_t cut = length / 3;
        for (const CrcType type : {CrcType::kCrc16, CrcType::kCrc32c}) {
            CHECK(crc_of(type, {view.first(cut), view.subspan(cut)}) == crc_of(type, {view}));
        }
    }
}
