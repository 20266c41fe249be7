// CRC-32C (Castagnoli; RFC 9171 4.2.1, RFC 3720 12.1): finds accidental damage, proves nothing.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace tram {

/// The checksum of what `crc` already covers followed by `bytes`; 0 to begin.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0);

}  // namespace tram
