// What neighbours say to each other about what they carry, as CBOR:
//
//   hello    [0, version, nonce, [commune ...], clock is trusted, gossip]
//   ranges   [1, ranges]               reconciliation, see ranges.h
//   offer    [2, number, [item ...]]   item = [id, count, first, parts, bytes, class, note]
//   want     [3, number, [answer ...]] for each item: 0 no, 1 all, 2 later, 3 never, bits, or [bits]
//   gossip   [4, gossip]               of routers
//   room     [5]                       what was answered "later" may be offered again
//
// Bits are the high ones of each byte first. [bits] says "later" of what is not set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/sync/keyed_id.h"

namespace tram::sync {

inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kCommunesMax = 64;
inline constexpr std::size_t kCommuneBytesMax = 64;
inline constexpr std::size_t kGossipBytesMax = 48U << 10;
inline constexpr std::size_t kOfferItemsMax = 256;
inline constexpr std::size_t kOfferPartsMax = 8'192;  ///< of one item
inline constexpr std::size_t kNoteBytesMax = 64;

struct Hello {
    Nonce nonce{};
    std::vector<std::string> communes{};
    bool clock_trusted = false;
    Bytes gossip{};
};

struct Ranges {
    Bytes wire{};
};

/// A message, or a bundle that stands alone: parts that the sender could send.
struct Offered {
    KeyedId id = 0;
    std::uint64_t count = 1;  ///< parts of the whole
    std::uint64_t first = 0;  ///< part that the first bit means
    Buffer parts{};           ///< a bit for each part from `first` on; empty: all of the whole
    std::uint64_t bytes = 0;  ///< of the parts that are offered
    std::uint8_t copy = 0;    ///< routing::Verdict::Copy
    bool only = false;        ///< the sender will let go of its own copy
    Bytes note{};             ///< the router's

    /// How many parts are offered.
    [[nodiscard]] std::uint64_t part_count() const;
    /// Their indices, ascending.
    [[nodiscard]] std::vector<std::uint64_t> part_indices() const;
};

struct Offer {
    std::uint64_t number = 0;
    std::vector<Offered> items{};
};

struct Answer {
    enum class What : std::uint8_t {
        kNo = 0,     ///< it is here already, or was
        kAll = 1,    ///< of the parts that were offered
        kLater = 2,  ///< there is no room now
        kNever = 3,  ///< not during this contact
        kSome = 4,   ///< those of the offered parts, in their order, whose bits are set; the others are here
        kPart = 5,   ///< those whose bits are set; for the others there is no room now
    };
    What what = What::kNo;
    Buffer parts{};
};

struct Want {
    std::uint64_t number = 0;
    std::vector<Answer> answers{};
};

struct Gossip {
    Bytes said{};
};

struct RoomAgain {};

using Message = std::variant<Hello, Ranges, Offer, Want, Gossip, RoomAgain>;

Bytes encode(const Message& message);
/// Errors: malformed, too_large, unsupported_version.
Result<Message> decode(const Bytes& wire);

[[nodiscard]] bool bit_at(ByteView bits, std::uint64_t index);
void set_bit(Buffer& bits, std::uint64_t index);

}  // namespace tram::sync
