// What the store keeps, as plain data. The node builds and reads these; RocksDB and protobuf stay behind
// store.h.
//
// Ages and deadlines are in "node time": milliseconds that this node has been accounting for, a counter that
// the node persists (StateRow "node_time") and that therefore survives restarts without a trusted clock.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"

namespace tram::store {

/// Local number of a stored bundle: ascending in order of arrival, never reused.
using BundleKey = std::uint64_t;

/// A step in the life of a bundle at this node, for people (`tram bundle trace`).
struct HopRecord {
    std::string peer;  ///< node id text
    std::uint64_t node_time_ms = 0;
};

/// Which part of which message a bundle carries (the class block of form "message").
struct ChunkRecord {
    std::array<std::uint8_t, 16> message_id{};
    std::uint64_t index = 0;
    std::uint64_t count = 1;  ///< above `index`
    friend bool operator==(const ChunkRecord&, const ChunkRecord&) = default;
};

/// A message that has arrived, as its receipt says: no copy of it needs to travel any more.
struct EndedMessage {
    std::array<std::uint8_t, 16> message_id{};
    std::string source;  ///< node id of its maker
    std::string holder;  ///< node id of its destination
    friend auto operator<=>(const EndedMessage&, const EndedMessage&) = default;
};

/// Everything about a stored bundle that decisions need, so that none of them reads the bundle itself.
struct BundleRecord {
    BundleKey key = 0;
    Bytes id;                            ///< bpv7::BundleId::key()
    std::string destination;             ///< EID text
    std::string source;                  ///< EID text
    std::string report_to;               ///< EID text
    std::uint64_t flags = 0;             ///< bundle processing control flags
    std::uint64_t creation_time_ms = 0;  ///< DTN time, 0: source without a clock
    std::uint64_t sequence = 0;
    std::uint64_t lifetime_ms = 0;
    std::optional<std::uint64_t> fragment_offset;
    std::uint64_t adu_length = 0;  ///< total length for a fragment, else the payload's length
    std::uint64_t payload_length = 0;
    std::uint64_t wire_length = 0;
    std::uint64_t age_ms = 0;                ///< age when stored
    std::uint64_t stored_at_ms = 0;          ///< node time
    std::uint64_t expires_at_ms = 0;         ///< node time
    std::uint8_t urgency = 0;                ///< from the class block, else 0
    std::uint8_t kind = 0;                   ///< from the class block, else bulk
    bool held = false;                       ///< by the operator: not offered to anybody
    bool local = false;                      ///< submitted by an application of this node
    bool deliver_here = false;               ///< waits for a local application
    bool forward = false;                    ///< is to be offered to peers
    std::optional<std::uint64_t> hop_count;  ///< as it arrived (RFC 9171 4.4.3); nothing without such a block
    std::optional<ChunkRecord> chunk;        ///< nothing: no part of a message
    bool awaits_receipt = false;  ///< of a message of ours that stays until it is known to be there
    std::shared_ptr<const EndedMessage> ends;  ///< this bundle is a verified receipt; null: none
    std::optional<HopRecord> received_from;
    std::vector<HopRecord> forwarded_to;  ///< peers that acknowledged it, or said they have it: the ledger
};

/// Why a bundle is no longer here.
enum class Ending : std::uint8_t {
    kDelivered = 1,  ///< an application here, or the destination itself, has it
    kForwarded = 2,  ///< a next hop took it over
    kExpired = 3,
    kCancelled = 4,    ///< by the operator
    kReassembled = 5,  ///< went into a larger bundle, or was cut into fragments
    kReported = 6,     ///< a status report says it was delivered
    kRefused = 7,      ///< part of a message that does not open
    kConfirmed = 8,    ///< a receipt of its recipient says that the message is there
};

/// Stands for a bundle that was here, so that it is recognised when it comes again.
struct Tombstone {
    Bytes id;  ///< bpv7::BundleId::key()
    Ending ending = Ending::kDelivered;
    std::uint64_t ended_at_ms = 0;    ///< node time
    std::uint64_t expires_at_ms = 0;  ///< node time after which the bundle would be refused as expired anyway
    std::string source;               ///< EID text; empty in old rows
    std::string destination;          ///< EID text
    std::uint64_t creation_time_ms = 0;      ///< DTN time, 0: source without a clock
    std::optional<ChunkRecord> chunk;        ///< as in the record of the bundle
    std::optional<HopRecord> received_from;  ///< nothing: it was submitted here
    std::optional<HopRecord> last_hop;       ///< the peer that took it over, or reported its delivery
    std::vector<HopRecord> forwarded_to;     ///< every other peer that had a copy from here
    std::optional<std::uint64_t> hop_count;  ///< as it arrived; tells a repetition from one that went around
    std::shared_ptr<const EndedMessage> ends;  ///< as in the record of the bundle
};

// One change. A batch is atomic: all of it is durable or none.
namespace change {
/// Stores a bundle: its record and its bytes. A key is stored once and never used again.
struct PutBundle {
    BundleRecord record;
    Bytes wire;
};
/// Replaces the record only. The bundle must be stored, by an earlier change, and not erased since.
struct UpdateRecord {
    BundleRecord record;
};
/// Removes record and bytes. Removing what is not there is no error.
struct EraseBundle {
    BundleKey key = 0;
};
struct PutTombstone {
    Tombstone tombstone;
};
struct EraseTombstone {
    Bytes id;
};
/// A small named value: sequence reservation, epoch, node time.
struct PutState {
    std::string name;
    Bytes value;
};
/// Removing what is not there is no error.
struct EraseState {
    std::string name;
};
}  // namespace change

using Change =
    std::variant<change::PutBundle, change::UpdateRecord, change::EraseBundle, change::PutTombstone,
                 change::EraseTombstone, change::PutState, change::EraseState>;

struct Batch {
    std::vector<Change> changes;
    [[nodiscard]] bool empty() const { return changes.empty(); }
    /// True when it has a PutBundle, which a full store refuses.
    [[nodiscard]] bool stores_bundle() const {
        return std::ranges::any_of(
            changes, [](const Change& c) { return std::holds_alternative<change::PutBundle>(c); });
    }
};

/// Names the batch whose durability is waited for. An empty batch is allowed: it becomes durable in its turn.
using Ticket = std::uint64_t;

}  // namespace tram::store
