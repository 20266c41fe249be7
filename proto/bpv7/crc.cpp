#include "proto/bpv7/crc.h"

#include "proto/base/checksum.h"

namespace tram::bpv7 {

std::uint32_t crc_of(CrcType type, std::initializer_list<ByteView> parts) {
    switch (type) {
        case CrcType::kNone: return 0;
        case CrcType::kCrc16: {
            std::uint16_t crc = 0;
            for (const ByteView part : parts)
                crc = crc16_x25(part, crc);
            return crc;
        }
        case CrcType::kCrc32c: {
            std::uint32_t crc = 0;
            for (const ByteView part : parts)
                crc = crc32c(part, crc);
            return crc;
        }
    }
    return 0;
}

}  // namespace tram::bpv7
