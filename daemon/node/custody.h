// What this node has taken responsibility for: the inventory and the journal kept in step.
//
// Every change to a stored bundle goes through here: it changes the inventory at once and writes the same
// change to the journal, so that memory and disk cannot disagree. Reservations of numbers are written into
// the same batch as their first use; batches become durable in order, so a number is never used without its
// reservation.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/node/inventory.h"
#include "daemon/node/journal.h"
#include "daemon/node/node_clock.h"
#include "daemon/node/types.h"

namespace tram::node {

/// Figures since start, for status and metrics. Names are stable.
struct Counters {
    std::uint64_t bundles_received = 0;
    std::uint64_t bundles_submitted = 0;
    std::uint64_t bundles_forwarded = 0;
    std::uint64_t bundles_delivered = 0;
    std::uint64_t bundles_expired = 0;
    std::uint64_t bundles_cancelled = 0;
    std::uint64_t bundles_duplicate = 0;
    std::uint64_t bundles_malformed = 0;
    std::uint64_t bundles_not_acceptable = 0;
    std::uint64_t bundles_refused_full = 0;
    std::uint64_t bundles_reassembled = 0;
    std::uint64_t bundles_fragmented = 0;
    std::uint64_t bundles_corrupt = 0;
    std::uint64_t bundles_evicted = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_delivered = 0;
    std::uint64_t messages_refused = 0;    ///< they do not open
    std::uint64_t messages_set_aside = 0;  ///< they do not open now, but may later
    std::uint64_t messages_confirmed = 0;  ///< of ours: a receipt came
    std::uint64_t receipts_sent = 0;       ///< for messages delivered here
    std::uint64_t receipts_received = 0;   ///< for messages of ours
    std::uint64_t receipts_relayed = 0;    ///< good ones for others
    std::uint64_t receipts_refused = 0;    ///< forged, altered, or by the wrong node
    std::uint64_t bundles_purged = 0;      ///< copies that a receipt for others made needless
    std::uint64_t reports_sent = 0;
    std::uint64_t reports_received = 0;
    std::array<std::uint64_t, kErrorCodes> refused{};  ///< bundles refused, by ErrorCode
};

/// Where a stored bundle came from and what is to become of it.
struct Intake {
    std::optional<store::HopRecord> received_from;  ///< nothing: made here
    bool deliver_here = false;
    bool forward = false;
    bool held = false;
    bool draft = false;  ///< not ready, even when durable, before release()
    bool awaits_receipt = false;
    std::shared_ptr<const store::EndedMessage> ends{};  ///< it is a verified receipt
};

class Custody {
  public:
    explicit Custody(const NodeOptions& options) : options_{options}, inventory_{options.cache_bytes_max} {}

    // Restoring, before start().
    void restore(store::BundleRecord record);
    void restore(store::Tombstone tombstone);
    void restore_state(const std::string& name, ByteView value);
    void start(Now now);

    void set_now(Now now) { now_ = now; }
    [[nodiscard]] Now now() const { return now_; }
    [[nodiscard]] std::uint64_t node_time_ms() const { return clock_.at(now_.monotonic); }
    [[nodiscard]] const NodeClock& clock() const { return clock_; }
    [[nodiscard]] const NodeOptions& options() const { return options_; }
    [[nodiscard]] Inventory& inventory() { return inventory_; }
    [[nodiscard]] const Inventory& inventory() const { return inventory_; }
    [[nodiscard]] Counters& counters() { return counters_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

    /// Milliseconds until the bundle expires: by creation time where it has one and our clock is trusted,
    /// else by age (RFC 9171 4.2.6, 4.4.2). Zero or less: expired.
    [[nodiscard]] std::int64_t remaining_ms(const bpv7::Bundle& bundle) const;
    /// Age now: as stored, plus residence.
    [[nodiscard]] std::uint64_t age_ms(const store::BundleRecord& record) const;

    /// What the bundle takes up, of quotas and of links; `wire` is its encoding.
    [[nodiscard]] std::uint64_t weight_of(const bpv7::Bundle& bundle, const Bytes& wire) const {
        return options_.weigh != nullptr ? options_.weigh(bundle, wire.size()) : wire.size();
    }

    /// Stores a bundle that is not there yet. `wire` is its encoding.
    Entry& store(const bpv7::Bundle& bundle, Bytes wire, Intake intake);
    /// Writes the entry's record again after a change.
    void update(const Entry& entry);
    /// Takes the bundle out and, where it must be recognised later, leaves a tombstone.
    void remove(BundleKey key, store::Ending ending, std::optional<store::HopRecord> last_hop = std::nullopt);
    /// Leaves the tombstone of a bundle that was used up on arrival from `from`.
    void bury_consumed(const bpv7::Bundle& bundle, store::HopRecord from);
    /// Leaves a tombstone, or replaces the one with the same id.
    void bury(store::Tombstone tombstone);
    /// Takes the bundle out without a trace: it may come again.
    void drop(BundleKey key);
    /// A draft is part of something whole now: it becomes ready when everything written so far is durable.
    void release(const Entry& entry) { journal_.when_durable(promise::Ready{entry.record.key}); }
    /// The bundle may come again.
    void exhume(ByteView id);
    void forget_expired_tombstones(std::uint64_t node_time_ms);
    /// Keeps a small named value; it comes back to restore_state() after a restart.
    void save_state(std::string name, Bytes value);
    void erase_state(std::string name);
    /// The next node time at which a bundle or a tombstone expires.
    [[nodiscard]] std::optional<std::uint64_t> next_deadline_ms() { return inventory_.next_deadline_ms(); }

    /// The creation timestamp of a bundle made now: wall time when trusted, and a number never used before.
    bpv7::CreationTimestamp next_timestamp();

    using WireUser = std::function<void(const Result<Bytes>& wire)>;
    /// Calls `use` with the bundle's bytes: at once from the cache, else when Loaded comes.
    void with_wire(const Entry& entry, WireUser use);
    void loaded(const input::Loaded& loaded);

    void emit(Effect effect) { effects_.push_back(std::move(effect)); }
    void when_durable(Promise promise) { journal_.when_durable(std::move(promise)); }
    /// Emits `effect` when everything written so far is durable.
    void emit_when_durable(Effect effect) { journal_.when_durable(promise::Emit{std::move(effect)}); }
    std::vector<Promise> settle(Ticket up_to) { return journal_.settle(up_to); }
    void notify(effect::Notify::What what, const Entry& entry, std::string peer = {},
                std::string detail = {});

    /// Closes the batch and hands out everything to do.
    std::vector<Effect> take_effects();

  private:
    void write_reservations();
    /// Notices to groups: every node on their way knows what is superseded, recalled, or must not be carried.
    /// Visit plans: every router on their way knows them.
    [[nodiscard]] bool is_read_everywhere(const store::BundleRecord& record,
                                          const bpv7::Eid& destination) const;

    NodeOptions options_;
    Now now_{};
    NodeClock clock_;
    Inventory inventory_;
    Journal journal_;
    Counters counters_;
    std::vector<Effect> effects_;
    std::unordered_map<BundleKey, std::vector<WireUser>> awaited_;
    std::vector<BundleKey> to_load_;
    std::optional<Bytes> saved_clock_;
    std::uint64_t clock_saved_at_ms_ = 0;
    // Numbers below the ends are reserved on disk.
    BundleKey next_key_ = 1;
    BundleKey key_end_ = 1;
    std::uint64_t next_sequence_ = 0;
    std::uint64_t sequence_end_ = 0;
};

}  // namespace tram::node
