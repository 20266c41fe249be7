// Everything the node knows about bundles, in memory: what is here, and what was here.
//
// Rebuilt from the store at start and kept in step with it, so that no decision ever reads the disk. The
// bytes of a bundle are here only while it is new or about to leave (`cached`), within a bound.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/node/ledger.h"
#include "daemon/node/parcels.h"
#include "daemon/node/types.h"

namespace tram::node {

struct Entry {
    store::BundleRecord record;
    bpv7::Eid destination;
    bpv7::Eid destination_node;
    bool durable = false;         ///< may be offered; a draft's time has not come
    bool draft = false;           ///< of a message that is not finished
    Bytes cached;                 ///< the encoded bundle, or empty
    std::uint32_t in_flight = 0;  ///< transfers of it that run now
    Parcel* parcel = nullptr;     ///< that it is part of
    Holders holders;              ///< peers that have it too

    [[nodiscard]] bool is_fragment() const { return record.fragment_offset.has_value(); }
};

/// Something that everybody in an area should hold (flooding.h).
struct Flooded {
    std::uint64_t time_ms = 0;  ///< when it was made, as its id says
    std::string commune;
    BundleKey key = 0;  ///< 0: it is not here any more
};

class Inventory {
  public:
    explicit Inventory(std::uint64_t cache_bytes_max) : cache_bytes_max_{cache_bytes_max} {}

    /// The key must be higher than all before (arrival order) and the id new.
    Entry& insert(store::BundleRecord record, bpv7::Eid destination);
    [[nodiscard]] Entry* find(BundleKey key);
    [[nodiscard]] const Entry* find(BundleKey key) const;
    [[nodiscard]] Entry* find_id(ByteView id);
    void erase(BundleKey key);
    /// All stored chunks of messages with that id, oldest first.
    [[nodiscard]] std::vector<BundleKey> chunks_of(const MessageId& id) const;
    /// Whether a receipt that is here, or was, says that the message has arrived.
    [[nodiscard]] bool has_ended(const store::EndedMessage& message) const {
        return ended_.contains(message);
    }

    void bury(store::Tombstone tombstone);
    [[nodiscard]] const store::Tombstone* tombstone(ByteView id) const;
    void forget(ByteView id);

    /// Keeps the bytes for a while; the oldest go when the bound is reached.
    void cache(Entry& entry, Bytes wire);
    void drop_cache(Entry& entry);
    /// The bundle expires at `until_ms` (node time), and not before.
    void postpone(Entry& entry, std::uint64_t until_ms);

    /// Bundles whose expiry (node time) is at or before `now_ms`, oldest first; each is returned until it is
    /// erased or its expiry is moved.
    [[nodiscard]] std::vector<BundleKey> expired(std::uint64_t now_ms);
    /// Ids of tombstones that have done their time; forgets them.
    [[nodiscard]] std::vector<Bytes> forget_expired_tombstones(std::uint64_t now_ms);
    [[nodiscard]] std::optional<std::uint64_t> next_deadline_ms();

    [[nodiscard]] const std::map<BundleKey, Entry>& entries() const { return entries_; }
    [[nodiscard]] std::map<BundleKey, Entry>& entries() { return entries_; }
    [[nodiscard]] const std::unordered_map<std::string, store::Tombstone>& tombstones() const {
        return tombstones_;
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// Bytes that peers have brought.
    struct Shares {
        std::unordered_map<std::string, std::uint64_t> sources;  ///< by node id
        std::unordered_map<std::string, std::uint64_t> peers;    ///< by node id
        std::uint64_t bulk = 0;
    };
    [[nodiscard]] const Shares& shares() const { return shares_; }
    [[nodiscard]] Parcels& parcels() { return parcels_; }
    [[nodiscard]] const Parcels& parcels() const { return parcels_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }
    /// By bundle id; what is here, and what was and is remembered.
    [[nodiscard]] const std::unordered_map<std::string, Flooded>& flooded() const { return flooded_; }

  private:
    using Deadline = std::pair<std::uint64_t, BundleKey>;
    using TombstoneDeadline = std::pair<std::uint64_t, Bytes>;
    struct LaterTombstone {
        bool operator()(const TombstoneDeadline& a, const TombstoneDeadline& b) const {
            return a.first > b.first;
        }
    };

    void count_ended(const std::shared_ptr<const store::EndedMessage>& ended);
    void discount_ended(const std::shared_ptr<const store::EndedMessage>& ended);

    std::map<BundleKey, Entry> entries_;
    void count_shares(const Entry& entry, bool in);

    Parcels parcels_;
    Shares shares_;
    Ledger ledger_;
    std::unordered_map<std::string, Flooded> flooded_;
    std::set<std::pair<MessageId, BundleKey>> chunks_;
    std::map<store::EndedMessage, std::size_t> ended_;  // how many bundles and tombstones say so
    std::unordered_map<std::string_view, BundleKey>
        ids_;  // views into Entry::record.id, whose bytes never move
    std::unordered_map<std::string, store::Tombstone> tombstones_;
    // Deadlines of things that have gone since are skipped when they come up.
    std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
    std::priority_queue<TombstoneDeadline, std::vector<TombstoneDeadline>, LaterTombstone>
        tombstone_deadlines_;
    std::uint64_t bytes_ = 0;
    std::uint64_t cache_bytes_max_;
    std::uint64_t cached_bytes_ = 0;
    std::deque<BundleKey> cached_keys_;  // oldest first; may name entries that have gone
};

}  // namespace tram::node
