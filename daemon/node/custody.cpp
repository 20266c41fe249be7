#include "daemon/node/custody.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/node/flooding.h"
#include "proto/base/check.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kReservationSize = 10'000;
constexpr std::uint64_t kClockSaveInterval_ms = 60'000;
// A bundle is recognised this long beyond its lifetime, because other nodes may account its age differently.
constexpr std::uint64_t kTombstoneMargin_ms = 24ULL * 3600 * 1000;
constexpr const char* kClockRow = "node_time";
constexpr const char* kReservationRow = "reserved_numbers";

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    return b > kMax - a ? kMax : a + b;
}

}  // namespace

void Custody::restore(store::BundleRecord record) {
    auto destination = bpv7::Eid::parse(record.destination);
    Entry& entry = inventory_.insert(std::move(record), std::move(destination).value_or(bpv7::Eid{}));
    entry.durable = true;
}

void Custody::restore(store::Tombstone tombstone) {
    inventory_.bury(std::move(tombstone));
}

void Custody::restore_state(const std::string& name, ByteView value) {
    if (name == kClockRow) {
        saved_clock_ = Bytes::copy_of(value);
    } else if (name == kReservationRow) {
        cbor::Reader in{value};
        in.open_array(2, 2);
        const std::uint64_t keys = in.read_unsigned();
        const std::uint64_t sequences = in.read_unsigned();
        if (!in.ok()) return;
        next_key_ = key_end_ = std::max<BundleKey>(keys, 1);
        next_sequence_ = sequence_end_ = sequences;
    }
}

void Custody::start(Now now) {
    now_ = now;
    clock_.start(now, saved_clock_ ? std::optional<ByteView>{saved_clock_->view()} : std::nullopt);
    clock_saved_at_ms_ = node_time_ms();
    // Should the reservation be lost, rows that are there still tell which keys were used.
    if (!inventory_.entries().empty()) {
        next_key_ = std::max(next_key_, inventory_.entries().rbegin()->first + 1);
        key_end_ = std::max(key_end_, next_key_);
    }
}

std::int64_t Custody::remaining_ms(const bpv7::Bundle& bundle) const {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    const bpv7::PrimaryBlock& primary = bundle.primary;
    const auto remaining = [&](std::uint64_t age) {
        if (age >= primary.lifetime_ms) return std::int64_t{0};
        return static_cast<std::int64_t>(std::min(primary.lifetime_ms - age, kMost));
    };
    if (primary.timestamp.time.known() && now_.wall) {
        const std::uint64_t created = primary.timestamp.time.milliseconds;
        const std::uint64_t wall = now_.wall->milliseconds;
        return remaining(wall > created ? wall - created : 0);
    }
    const bpv7::CanonicalBlock* block = bundle.find(bpv7::block_type::kBundleAge);
    return remaining(block != nullptr ? bpv7::decode_bundle_age(block->data).value_or(0) : 0);
}

std::uint64_t Custody::age_ms(const store::BundleRecord& record) const {
    const std::uint64_t now = node_time_ms();
    return saturating_add(record.age_ms, now > record.stored_at_ms ? now - record.stored_at_ms : 0);
}

bool Custody::is_read_everywhere(const store::BundleRecord& record, const bpv7::Eid& destination) const {
    if (!record.chunk || destination.is_singleton() || options_.security.open) return false;
    const auto kind = static_cast<bpv7::Kind>(record.kind);
    return kind == bpv7::Kind::kNotice || (kind == bpv7::Kind::kControl && is_visits_group(destination));
}

Entry& Custody::store(const bpv7::Bundle& bundle, Bytes wire, Intake intake) {
    if (next_key_ == key_end_) {
        key_end_ += kReservationSize;
        write_reservations();
    }
    const bpv7::PrimaryBlock& primary = bundle.primary;
    store::BundleRecord record;
    record.key = next_key_++;
    record.id = Bytes{bundle.id().key()};
    record.destination = primary.destination.to_string();
    record.source = primary.source.to_string();
    record.report_to = primary.report_to.to_string();
    record.flags = primary.flags;
    record.creation_time_ms = primary.timestamp.time.milliseconds;
    record.sequence = primary.timestamp.sequence;
    record.lifetime_ms = primary.lifetime_ms;
    record.payload_length = bundle.payload().size();
    record.adu_length = record.payload_length;
    if (primary.fragment) {
        record.fragment_offset = primary.fragment->offset;
        record.adu_length = primary.fragment->total_length;
    }
    record.wire_length = weight_of(bundle, wire);
    const auto remaining = static_cast<std::uint64_t>(std::max<std::int64_t>(0, remaining_ms(bundle)));
    const bpv7::CanonicalBlock* age = bundle.find(bpv7::block_type::kBundleAge);
    record.age_ms =
        age != nullptr ? bpv7::decode_bundle_age(age->data).value_or(0) : primary.lifetime_ms - remaining;
    record.stored_at_ms = node_time_ms();
    record.expires_at_ms = saturating_add(record.stored_at_ms, remaining);
    record.kind = static_cast<std::uint8_t>(bpv7::Kind::kBulk);
    if (const bpv7::CanonicalBlock* block = bundle.find(bpv7::block_type::kClass)) {
        if (const auto decoded = bpv7::decode_class(block->data)) {
            record.urgency = static_cast<std::uint8_t>(decoded->urgency);
            record.kind = static_cast<std::uint8_t>(decoded->kind);
            if (decoded->form == bpv7::Form::kMessage) {
                record.chunk =
                    store::ChunkRecord{decoded->message_id, decoded->chunk_index, decoded->chunk_count};
            }
        }
    }
    if (const bpv7::CanonicalBlock* block = bundle.find(bpv7::block_type::kHopCount)) {
        if (const auto hops = bpv7::decode_hop_count(block->data)) record.hop_count = hops->count;
    }
    record.local = !intake.received_from.has_value();
    record.deliver_here = intake.deliver_here || is_read_everywhere(record, primary.destination);
    record.forward = intake.forward;
    record.held = intake.held;
    record.received_from = std::move(intake.received_from);
    record.awaits_receipt = intake.awaits_receipt;
    record.ends = std::move(intake.ends);

    Entry& entry = inventory_.insert(std::move(record), primary.destination);
    inventory_.cache(entry, wire);
    journal_.add(store::change::PutBundle{entry.record, std::move(wire)});
    entry.draft = intake.draft;
    if (!intake.draft) journal_.when_durable(promise::Ready{entry.record.key});
    return entry;
}

void Custody::update(const Entry& entry) {
    journal_.add(store::change::UpdateRecord{entry.record});
}

void Custody::remove(BundleKey key, store::Ending ending, std::optional<store::HopRecord> last_hop) {
    const Entry* entry = inventory_.find(key);
    if (entry == nullptr) return;
    store::Tombstone tombstone;
    tombstone.id = entry->record.id;
    tombstone.ending = ending;
    tombstone.ended_at_ms = node_time_ms();
    tombstone.expires_at_ms =
        saturating_add(std::max(entry->record.expires_at_ms, tombstone.ended_at_ms), kTombstoneMargin_ms);
    tombstone.source = entry->record.source;
    tombstone.destination = entry->record.destination;
    tombstone.creation_time_ms = entry->record.creation_time_ms;
    tombstone.chunk = entry->record.chunk;
    tombstone.received_from = entry->record.received_from;
    tombstone.hop_count = entry->record.hop_count;
    tombstone.last_hop = std::move(last_hop);
    tombstone.forwarded_to = entry->record.forwarded_to;
    tombstone.ends = entry->record.ends;
    // In this order what is known of its parcel stays.
    bury(std::move(tombstone));
    drop(key);
}

void Custody::bury_consumed(const bpv7::Bundle& bundle, store::HopRecord from) {
    store::Tombstone tombstone;
    tombstone.id = Bytes{bundle.id().key()};
    tombstone.ending = store::Ending::kDelivered;
    tombstone.ended_at_ms = node_time_ms();
    const auto remaining = static_cast<std::uint64_t>(std::max<std::int64_t>(0, remaining_ms(bundle)));
    tombstone.expires_at_ms =
        saturating_add(saturating_add(tombstone.ended_at_ms, remaining), kTombstoneMargin_ms);
    tombstone.source = bundle.primary.source.to_string();
    tombstone.destination = bundle.primary.destination.to_string();
    tombstone.creation_time_ms = bundle.primary.timestamp.time.milliseconds;
    tombstone.received_from = std::move(from);
    bury(std::move(tombstone));
}

void Custody::bury(store::Tombstone tombstone) {
    journal_.add(store::change::PutTombstone{tombstone});
    inventory_.bury(std::move(tombstone));
}

void Custody::drop(BundleKey key) {
    journal_.add(store::change::EraseBundle{key});
    const Entry* entry = inventory_.find(key);
    Parcel* parcel = entry != nullptr ? entry->parcel : nullptr;
    if (parcel != nullptr && parcel->noted && parcel->here.size() == 1) {
        erase_state(parcel_row(parcel->id));
        parcel->noted = parcel->spare = false;
        parcel->note = {};
    }
    inventory_.erase(key);
}

void Custody::exhume(ByteView id) {
    journal_.add(store::change::EraseTombstone{Bytes::copy_of(id)});
    inventory_.forget(id);
}

void Custody::forget_expired_tombstones(std::uint64_t node_time_ms) {
    for (Bytes& id : inventory_.forget_expired_tombstones(node_time_ms)) {
        journal_.add(store::change::EraseTombstone{std::move(id)});
    }
}

void Custody::save_state(std::string name, Bytes value) {
    journal_.add(store::change::PutState{std::move(name), std::move(value)});
}

void Custody::erase_state(std::string name) {
    journal_.add(store::change::EraseState{std::move(name)});
}

void Custody::write_reservations() {
    cbor::Writer out;
    out.open_array(2);
    out.write_unsigned(key_end_);
    out.write_unsigned(sequence_end_);
    journal_.add(store::change::PutState{kReservationRow, Bytes{out.take()}});
}

bpv7::CreationTimestamp Custody::next_timestamp() {
    if (next_sequence_ == sequence_end_) {
        sequence_end_ += kReservationSize;
        write_reservations();
    }
    return {now_.wall.value_or(DtnTime{}), next_sequence_++};
}

void Custody::with_wire(const Entry& entry, WireUser use) {
    if (!entry.cached.empty()) {
        use(entry.cached);
        return;
    }
    const auto [waiting, first] = awaited_.try_emplace(entry.record.key);
    waiting->second.push_back(std::move(use));
    if (first) to_load_.push_back(entry.record.key);
}

void Custody::loaded(const input::Loaded& loaded) {
    auto waiting = awaited_.extract(loaded.key);
    if (waiting.empty()) return;
    for (const WireUser& use : waiting.mapped())
        use(loaded.wire);
    if (loaded.wire) return;
    const Entry* entry = inventory_.find(loaded.key);
    if (entry == nullptr) return;
    // The bytes are lost (the store keeps a damaged copy aside). No tombstone: a neighbour may bring it
    // again.
    ++counters_.bundles_corrupt;
    notify(effect::Notify::What::kCorrupt, *entry, {}, loaded.wire.error().message);
    drop(loaded.key);
}

void Custody::notify(effect::Notify::What what, const Entry& entry, std::string peer, std::string detail) {
    emit_when_durable(
        effect::Notify{what, entry.record.id, entry.record.destination, std::move(peer), std::move(detail)});
}

std::vector<Effect> Custody::take_effects() {
    const std::uint64_t node_time = node_time_ms();
    if (node_time - clock_saved_at_ms_ >= kClockSaveInterval_ms && !inventory_.entries().empty()) {
        journal_.add(store::change::PutState{kClockRow, clock_.save(now_)});
        clock_saved_at_ms_ = node_time;
    }
    if (auto persist = journal_.seal()) effects_.emplace_back(std::move(*persist));
    if (!to_load_.empty()) effects_.emplace_back(effect::Load{std::exchange(to_load_, {})});
    return std::exchange(effects_, {});
}

}  // namespace tram::node
