// Bundles as data (RFC 9171 4.2, 4.3). No decisions here: codec.h turns them into bytes and back.
//
// Invariants of a decoded bundle: exactly one payload block, number 1, last in `blocks`; block numbers are
// unique and not 0; the data of every block is a slice of the bytes it came from.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/time.h"
#include "proto/bpv7/eid.h"

namespace tram::bpv7 {

/// RFC 9171 4.2.1.
enum class CrcType : std::uint8_t { kNone = 0, kCrc16 = 1, kCrc32c = 2 };

/// Bundle processing control flags, RFC 9171 4.2.3. Unassigned bits are kept as they came.
namespace bundle_flag {
inline constexpr std::uint64_t kIsFragment = 0x000001;
inline constexpr std::uint64_t kAdministrativeRecord = 0x000002;
inline constexpr std::uint64_t kMustNotFragment = 0x000004;
inline constexpr std::uint64_t kAckRequested = 0x000020;
inline constexpr std::uint64_t kReportStatusTime = 0x000040;
inline constexpr std::uint64_t kReportReception = 0x004000;
inline constexpr std::uint64_t kReportForwarding = 0x010000;
inline constexpr std::uint64_t kReportDelivery = 0x020000;
inline constexpr std::uint64_t kReportDeletion = 0x040000;
}  // namespace bundle_flag

/// Block processing control flags, RFC 9171 4.2.4.
namespace block_flag {
inline constexpr std::uint64_t kReplicateInFragments = 0x01;
inline constexpr std::uint64_t kReportIfUnprocessable = 0x02;
inline constexpr std::uint64_t kDeleteBundleIfUnprocessable = 0x04;
inline constexpr std::uint64_t kDiscardIfUnprocessable = 0x10;
}  // namespace block_flag

/// Block type codes, RFC 9171 9.1, RFC 9172 11.1; kClass is ours, from the private-use range 192-255.
namespace block_type {
inline constexpr std::uint64_t kPayload = 1;
inline constexpr std::uint64_t kPreviousNode = 6;
inline constexpr std::uint64_t kBundleAge = 7;
inline constexpr std::uint64_t kHopCount = 10;
inline constexpr std::uint64_t kBlockIntegrity = 11;
inline constexpr std::uint64_t kBlockConfidentiality = 12;
inline constexpr std::uint64_t kClass = 200;
}  // namespace block_type

inline constexpr std::uint64_t kPayloadBlockNumber = 1;

/// RFC 9171 4.2.7. `time` zero: the source had no clock and the sequence number alone tells bundles apart.
struct CreationTimestamp {
    DtnTime time;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const CreationTimestamp&, const CreationTimestamp&) = default;
};

/// Where a fragment's payload lies in the original application data unit, in bytes (RFC 9171 4.3.1).
struct FragmentPosition {
    std::uint64_t offset = 0;
    std::uint64_t total_length = 0;
    friend auto operator<=>(const FragmentPosition&, const FragmentPosition&) = default;
};

/// What names a bundle everywhere (RFC 9171 4.2.7 and 4.3.1): source, creation timestamp and, for a
/// fragment, its offset and payload length.
struct BundleId {
    struct Fragment {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        friend auto operator<=>(const Fragment&, const Fragment&) = default;
    };
    Eid source;
    CreationTimestamp timestamp;
    std::optional<Fragment> fragment;

    friend auto operator<=>(const BundleId&, const BundleId&) = default;
    friend bool operator==(const BundleId&, const BundleId&) = default;

    /// "dtn://18904-ks07/inbox 0-42" or "... 819280839425-0 @400+200": source, time-sequence, fragment.
    [[nodiscard]] std::string to_string() const;
    /// Deterministic CBOR: [source, [time, sequence]] with two more items, offset and length, for a
    /// fragment. The canonical key for tables and digests.
    [[nodiscard]] Buffer key() const;
    /// Reads what key() wrote. Errors: malformed.
    static Result<BundleId> from_key(ByteView key);
};

struct PrimaryBlock {
    std::uint64_t flags = 0;  ///< bundle_flag
    CrcType crc_type = CrcType::kCrc32c;
    Eid destination;
    Eid source;
    Eid report_to;
    CreationTimestamp timestamp;
    std::uint64_t lifetime_ms = 0;
    std::optional<FragmentPosition> fragment;  ///< present exactly when bundle_flag::kIsFragment is set

    [[nodiscard]] bool has(std::uint64_t flag) const { return (flags & flag) != 0; }
};

struct CanonicalBlock {
    std::uint64_t type = 0;    ///< block_type
    std::uint64_t number = 0;  ///< unique in the bundle; 1 is the payload
    std::uint64_t flags = 0;   ///< block_flag
    CrcType crc_type = CrcType::kNone;
    Bytes data;  ///< block-type-specific data, the contents of the byte string

    [[nodiscard]] bool has(std::uint64_t flag) const { return (flags & flag) != 0; }
};

struct Bundle {
    PrimaryBlock primary;
    std::vector<CanonicalBlock> blocks;  ///< in wire order, the payload last
    /// The primary block exactly as it was received, CRC included: it is immutable (RFC 9171 4.3.1) and
    /// goes on as it came, even where our own encoder would write it differently. Empty in a bundle we made,
    /// until it is signed.
    Bytes primary_wire;

    [[nodiscard]] BundleId id() const;
    [[nodiscard]] const Bytes& payload() const;
    /// The first block of `type`, or nullptr.
    [[nodiscard]] const CanonicalBlock* find(std::uint64_t type) const;
    [[nodiscard]] CanonicalBlock* find(std::uint64_t type);
    /// The block with `number`, or nullptr; the primary block is not among them.
    [[nodiscard]] const CanonicalBlock* numbered(std::uint64_t number) const;
    [[nodiscard]] CanonicalBlock* numbered(std::uint64_t number);
    /// The smallest block number above 1 that no block has.
    [[nodiscard]] std::uint64_t free_block_number() const;
    /// Replaces the data of the first block of `type`, or inserts a new block before the payload.
    void set_block(std::uint64_t type, std::uint64_t flags, CrcType crc_type, Bytes data);
    void remove_block(std::uint64_t number);
};

}  // namespace tram::bpv7
