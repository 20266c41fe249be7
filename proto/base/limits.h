// Bounds on everything that somebody else decides. Nothing is allocated on a peer's word: a length is
// compared with these before it is believed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tram {

struct Limits {
    std::size_t bundle_bytes_max = 128U << 20;  ///< one encoded bundle; also our TCPCL transfer MRU (<= 2^48)
    std::size_t blocks_max = 64;                ///< canonical blocks in one bundle
    std::size_t block_data_bytes_max = 1U << 20;  ///< data of one block other than the payload
    std::size_t eid_bytes_max = 1024;             ///< text of one endpoint id
    std::size_t cbor_depth_max = 16;              ///< nesting of CBOR items
    std::size_t adu_bytes_max = 1U << 30;         ///< application data unit put together from fragments
    std::size_t fragments_max = 65'536;           ///< fragments held for one application data unit
};

}  // namespace tram
