// Reconciliation messages as bytes: what one side says about consecutive ranges of its items.
//
//   [version, range, range ...]          CBOR, at most kMessageBytesMax
//   range = [what, shift, delta, id?, body?]     the last one: [what | 8, body?], which reaches to the end
//
// A range begins where the one before it ends; its bound is the time of that bound plus delta * 2^shift, and
// an id (high bytes, without zeros at the end) where the time is not enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/sync/item_set.h"

namespace tram::sync {

inline constexpr std::size_t kMessageBytesMax = 60U << 10;
inline constexpr std::size_t kRangesMax = 8'192;  ///< in one message
inline constexpr std::size_t kIdsMax = 4'096;     ///< in one range

struct Range {
    enum class What : std::uint8_t {
        kSame = 0,         ///< nothing is left to be done
        kFingerprint = 1,  ///< of all items that the sender has there
        kIds = 2,          ///< all of them
        kWant = 3,         ///< those of the other side's kIds that the sender lacks, as bits in its order
    };
    What what = What::kSame;
    Bound end;
    std::uint64_t fingerprint = 0;
    std::vector<KeyedId> ids{};
    Buffer want{};
    friend bool operator==(const Range&, const Range&) = default;
};

/// `ranges` in order, the last one ending at kEnd.
Bytes encode_ranges(const std::vector<Range>& ranges);
/// How many bytes a range takes at most.
std::size_t bytes_of(const Range& range);
/// Errors: too_large, malformed (also bounds that do not rise, or do not end at the end),
/// unsupported_version.
Result<std::vector<Range>> decode_ranges(ByteView wire);

}  // namespace tram::sync
