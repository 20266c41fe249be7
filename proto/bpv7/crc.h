// The two checksums of RFC 9171 4.2.1: CRC-16/X.25 (ITU-T X.25) and CRC-32C (Castagnoli, RFC 4960 appendix
// B).
//
// CRC-32C uses the processor's instruction where there is one; the tables remain the reference for both.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "proto/base/bytes.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpv7 {

/// Bytes that a CRC of `type` takes: 0, 2 or 4.
constexpr std::size_t crc_width(CrcType type) {
    switch (type) {
        case CrcType::kNone: return 0;
        case CrcType::kCrc16: return 2;
        case CrcType::kCrc32c: return 4;
    }
    return 0;
}

/// The checksum of `parts` one after the other; 0 for kNone.
std::uint32_t crc_of(CrcType type, std::initializer_list<ByteView> parts);

/// One step over `data` from register `state`, by tables; crc_of() adds the initial and final inversion.
std::uint16_t crc16_update(std::uint16_t state, ByteView data);
std::uint32_t crc32c_update_by_table(std::uint32_t state, ByteView data);
/// The same with whatever is fastest on this processor.
std::uint32_t crc32c_update(std::uint32_t state, ByteView data);

}  // namespace tram::bpv7
