// CRCs of blocks (RFC 9171 4.2.1): which checksum a CRC type means, and how wide it is.
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

}  // namespace tram::bpv7
