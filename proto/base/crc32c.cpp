#include "proto/base/crc32c.h"

#include <array>
#include <cstddef>

namespace tram {

namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41 with its bits reversed
constexpr std::size_t kSlices = 8;
using Table = std::array<std::array<std::uint32_t, 256>, kSlices>;

// table[k][b] is the effect of byte b with k more bytes behind it, so eight bytes are taken in one step.
constexpr Table make_table() {
    Table table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1) != 0 ? crc >> 1 ^ kPolynomial : crc >> 1;
        table[0][byte] = crc;
    }
    for (std::size_t slice = 1; slice < kSlices; ++slice) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = table[slice - 1][byte];
            table[slice][byte] = before >> 8 ^ table[0][before & 0xff];
        }
    }
    return table;
}

constexpr Table kTable = make_table();

std::uint32_t word_at(const std::uint8_t* bytes) {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
    crc = ~crc;
    while (bytes.size() >= kSlices) {
        const std::uint32_t low = word_at(bytes.data()) ^ crc;
        const std::uint32_t high = word_at(bytes.data() + 4);
        crc = kTable[7][low & 0xff] ^ kTable[6][low >> 8 & 0xff] ^ kTable[5][low >> 16 & 0xff] ^
              kTable[4][low >> 24] ^ kTable[3][high & 0xff] ^ kTable[2][high >> 8 & 0xff] ^
              kTable[1][high >> 16 & 0xff] ^ kTable[0][high >> 24];
        bytes = bytes.subspan(kSlices);
    }
    for (const std::uint8_t byte : bytes)
        crc = crc >> 8 ^ kTable[0][(crc ^ byte) & 0xff];
    return ~crc;
}

}  // namespace tram
