#include "proto/base/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tram {

namespace {

// Both polynomials in the reflected form that least-significant-bit-first processing wants.
constexpr std::uint16_t kCrc16Polynomial = 0x8408;
constexpr std::uint32_t kCrc32cPolynomial = 0x82f6'3b78;

template <typename Word>
using Tables = std::array<std::array<Word, 256>, 8>;

// Table k advances a byte that has k more bytes behind it, so that eight bytes take eight independent
// look-ups.
template <typename Word>
constexpr Tables<Word> make_tables(Word polynomial) {
    Tables<Word> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        auto state = static_cast<Word>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            const bool carry = (state & 1) != 0;
            state = static_cast<Word>(state >> 1);
            if (carry) state = static_cast<Word>(state ^ polynomial);
        }
        tables[0][byte] = state;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t k = 1; k < 8; ++k) {
            const Word before = tables[k - 1][byte];
            tables[k][byte] = static_cast<Word>((before >> 8) ^ tables[0][before & 0xff]);
        }
    }
    return tables;
}

constexpr Tables<std::uint16_t> kCrc16Tables = make_tables<std::uint16_t>(kCrc16Polynomial);
constexpr Tables<std::uint32_t> kCrc32cTables = make_tables<std::uint32_t>(kCrc32cPolynomial);

template <typename Word>
Word update_by_table(const Tables<Word>& tables, Word state, ByteView data) {
    const std::uint8_t* at = data.data();
    std::size_t left = data.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        word ^= state;
        state = static_cast<Word>(tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^
                                  tables[5][word >> 16 & 0xff] ^ tables[4][word >> 24 & 0xff] ^
                                  tables[3][word >> 32 & 0xff] ^ tables[2][word >> 40 & 0xff] ^
                                  tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56]);
    }
    for (; left > 0; --left, ++at) {
        state = static_cast<Word>((state >> 8) ^ tables[0][(state ^ *at) & 0xff]);
    }
    return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_update_by_instruction(std::uint32_t state,
                                                                             ByteView data) {
    const std::uint8_t* at = data.data();
    std::size_t left = data.size();
    std::uint64_t wide = state;
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    state = static_cast<std::uint32_t>(wide);
    for (; left > 0; --left, ++at)
        state = _mm_crc32_u8(state, *at);
    return state;
}

bool have_crc32c_instruction() {
    static const bool have = __builtin_cpu_supports("sse4.2") != 0;
    return have;
}
#endif

}  // namespace

// Both checksums begin with all bits set and are inverted at the end, so that inverting a result gives back
// the state to go on from.

std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t crc) {
    return ~update_by_table(kCrc32cTables, ~crc, bytes);
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
#if defined(__x86_64__)
    if (have_crc32c_instruction()) return ~crc32c_update_by_instruction(~crc, bytes);
#endif
    return crc32c_by_table(bytes, crc);
}

std::uint16_t crc16_x25(ByteView bytes, std::uint16_t crc) {
    const auto state = static_cast<std::uint16_t>(~crc);
    return static_cast<std::uint16_t>(~update_by_table(kCrc16Tables, state, bytes));
}

}  // namespace tram
