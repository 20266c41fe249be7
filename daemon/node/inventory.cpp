#include "daemon/node/inventory.h"

#include <algorithm>
#include <utility>

#include "proto/base/check.h"

namespace tram::node {

namespace {

/// Whether what a tombstone says about the end of a message counts: a receipt that a carrier has taken away
/// may be lost with it.
bool is_evidence(const store::Tombstone& tombstone) {
    if (tombstone.ending == store::Ending::kCancelled) return false;
    return tombstone.ending != store::Ending::kForwarded ||
           (tombstone.last_hop && tombstone.destination.starts_with(tombstone.last_hop->peer));
}

}  // namespace

Entry& Inventory::insert(store::BundleRecord record, bpv7::Eid destination) {
    TRAM_CHECK(entries_.empty() || record.key > entries_.rbegin()->first);
    const BundleKey key = record.key;
    bytes_ += record.wire_length;
    deadlines_.emplace(record.expires_at_ms, key);
    Entry& entry = entries_.emplace_hint(entries_.end(), key, Entry{})->second;
    entry.record = std::move(record);
    entry.destination = std::move(destination);
    entry.destination_node = entry.destination.node_id();
    const auto source = bpv7::Eid::parse(entry.record.source);
    entry.parcel = &parcels_.add(entry.record, source.value_or(bpv7::Eid{}), entry.destination);
    if (const auto& from = entry.record.received_from)
        entry.holders.add(ledger_.number(from->peer), from->node_time_ms);
    for (const store::HopRecord& hop : entry.record.forwarded_to)
        entry.holders.add(ledger_.number(hop.peer), hop.node_time_ms);
    count_shares(entry, true);
    if (const auto& commune = entry.parcel->flooded_in)
        flooded_[std::string{as_text(entry.record.id)}] = {entry.record.creation_time_ms, *commune, key};
    ids_.emplace(as_text(entry.record.id), key);
    if (entry.record.chunk) chunks_.emplace(entry.record.chunk->message_id, key);
    count_ended(entry.record.ends);
    return entry;
}

Entry* Inventory::find(BundleKey key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

const Entry* Inventory::find(BundleKey key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

Entry* Inventory::find_id(ByteView id) {
    const auto found = ids_.find(as_text(id));
    return found == ids_.end() ? nullptr : find(found->second);
}

void Inventory::erase(BundleKey key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    drop_cache(found->second);
    const store::BundleRecord& record = found->second.record;
    bytes_ -= record.wire_length;
    if (record.chunk) chunks_.erase({record.chunk->message_id, key});
    discount_ended(record.ends);
    count_shares(found->second, false);
    if (const auto flooded = flooded_.find(std::string{as_text(record.id)}); flooded != flooded_.end()) {
        flooded->second.key = 0;
        if (tombstone(record.id) == nullptr) flooded_.erase(flooded);
    }
    parcels_.remove(*found->second.parcel, record);
    ids_.erase(as_text(record.id));
    entries_.erase(found);
}

std::vector<BundleKey> Inventory::chunks_of(const MessageId& id) const {
    std::vector<BundleKey> keys;
    for (auto chunk = chunks_.lower_bound({id, 0}); chunk != chunks_.end() && chunk->first == id; ++chunk)
        keys.push_back(chunk->second);
    return keys;
}

void Inventory::count_ended(const std::shared_ptr<const store::EndedMessage>& ended) {
    if (ended == nullptr) return;
    ++ended_[*ended];
    parcels_.end(*ended);
}

void Inventory::discount_ended(const std::shared_ptr<const store::EndedMessage>& ended) {
    const auto found = ended != nullptr ? ended_.find(*ended) : ended_.end();
    if (found == ended_.end()) return;
    parcels_.unend(*ended);
    if (--found->second == 0) ended_.erase(found);
}

void Inventory::count_shares(const Entry& entry, bool in) {
    const store::BundleRecord& record = entry.record;
    if (!record.received_from) return;
    const auto count = [&](auto& shares, const std::string& name) {
        std::uint64_t& bytes = shares[name];
        bytes = in ? bytes + record.wire_length : bytes - std::min(bytes, record.wire_length);
        if (bytes == 0) shares.erase(name);
    };
    count(shares_.sources, entry.parcel->source.node_id().to_string());
    count(shares_.peers, record.received_from->peer);
    if (record.kind != static_cast<std::uint8_t>(bpv7::Kind::kBulk)) return;
    shares_.bulk =
        in ? shares_.bulk + record.wire_length : shares_.bulk - std::min(shares_.bulk, record.wire_length);
}

void Inventory::bury(store::Tombstone tombstone) {
    tombstone_deadlines_.emplace(tombstone.expires_at_ms, tombstone.id);
    if (is_evidence(tombstone)) count_ended(tombstone.ends);
    std::string id{as_text(tombstone.id)};
    const auto [place, added] = tombstones_.try_emplace(std::move(id));
    if (!added) {
        if (is_evidence(place->second)) discount_ended(place->second.ends);
        parcels_.forget(place->second);
    }
    if (const auto& commune = parcels_.bury(tombstone).flooded_in)
        flooded_.try_emplace(place->first, tombstone.creation_time_ms, *commune, 0);
    place->second = std::move(tombstone);
}

const store::Tombstone* Inventory::tombstone(ByteView id) const {
    const auto found = tombstones_.find(std::string{as_text(id)});
    return found == tombstones_.end() ? nullptr : &found->second;
}

void Inventory::forget(ByteView id) {
    const auto found = tombstones_.find(std::string{as_text(id)});
    if (found == tombstones_.end()) return;
    if (is_evidence(found->second)) discount_ended(found->second.ends);
    parcels_.forget(found->second);
    const auto flooded = flooded_.find(found->first);
    if (flooded != flooded_.end() && flooded->second.key == 0) flooded_.erase(flooded);
    tombstones_.erase(found);
}

void Inventory::cache(Entry& entry, Bytes wire) {
    drop_cache(entry);
    cached_bytes_ += wire.size();
    entry.cached = std::move(wire);
    cached_keys_.push_back(entry.record.key);
    while (cached_bytes_ > cache_bytes_max_ && !cached_keys_.empty()) {
        if (Entry* oldest = find(cached_keys_.front())) drop_cache(*oldest);
        cached_keys_.pop_front();
    }
    // Keys of entries that left early pile up when the bound is never reached.
    if (cached_keys_.size() > 64 && cached_keys_.size() > 2 * entries_.size()) {
        std::erase_if(cached_keys_, [this](BundleKey key) { return find(key) == nullptr; });
    }
}

void Inventory::drop_cache(Entry& entry) {
    cached_bytes_ -= entry.cached.size();
    entry.cached = Bytes{};
}

void Inventory::postpone(Entry& entry, std::uint64_t until_ms) {
    entry.record.expires_at_ms = until_ms;
    deadlines_.emplace(until_ms, entry.record.key);
}

std::vector<BundleKey> Inventory::expired(std::uint64_t now_ms) {
    std::vector<BundleKey> keys;
    while (!deadlines_.empty() && deadlines_.top().first <= now_ms) {
        const auto [deadline, key] = deadlines_.top();
        deadlines_.pop();
        const Entry* entry = find(key);
        if (entry != nullptr && entry->record.expires_at_ms == deadline) keys.push_back(key);
    }
    return keys;
}

std::vector<Bytes> Inventory::forget_expired_tombstones(std::uint64_t now_ms) {
    std::vector<Bytes> ids;
    while (!tombstone_deadlines_.empty() && tombstone_deadlines_.top().first <= now_ms) {
        const auto [deadline, id] = tombstone_deadlines_.top();
        tombstone_deadlines_.pop();
        const store::Tombstone* found = tombstone(id);
        if (found == nullptr || found->expires_at_ms != deadline) continue;
        ids.push_back(id);
        forget(id);
    }
    return ids;
}

std::optional<std::uint64_t> Inventory::next_deadline_ms() {
    while (!deadlines_.empty() && find(deadlines_.top().second) == nullptr)
        deadlines_.pop();
    std::optional<std::uint64_t> next;
    if (!deadlines_.empty()) next = deadlines_.top().first;
    if (!tombstone_deadlines_.empty()) {
        next = std::min(next.value_or(~0ULL), tombstone_deadlines_.top().first);
    }
    return next;
}

}  // namespace tram::node
