// Checksums of RFC 9171 4.2.1, also used for rows of the store: they find accidental damage and prove
// nothing.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace tram {

/// CRC-32C (Castagnoli) of what `crc` already covers followed by `bytes`; 0 to begin. Uses the processor's
/// instruction where there is one.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0);
/// The same by tables, for processors without the instruction.
std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t crc = 0);

/// CRC-16/X.25 (ITU-T X.25) of what `crc` already covers followed by `bytes`; 0 to begin.
std::uint16_t crc16_x25(ByteView bytes, std::uint16_t crc = 0);

}  // namespace tram
