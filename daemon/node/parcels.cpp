#include "daemon/node/parcels.h"

#include <algorithm>
#include <cstring>
#include <sodium.h>

#include "daemon/node/flooding.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kWholeFor_ms = 24ULL * 3600 * 1000;

ParcelId digest(ByteView name) {
    ParcelId id{};
    crypto_generichash(id.data(), id.size(), name.data(), name.size(), nullptr, 0);
    return id;
}

ParcelId message_parcel(const MessageId& id, std::string_view source_node, std::string_view destination) {
    Buffer name{id.begin(), id.end()};
    append(name, as_bytes(source_node));
    name.push_back(0);
    append(name, as_bytes(destination));
    return digest(name);
}

void set_way(Parcel& parcel, const bpv7::Eid& source, const bpv7::Eid& destination) {
    parcel.source = source;
    parcel.destination = destination;
    parcel.destination_node = destination.node_id();
    parcel.flooded_in = is_flooded(destination) ? std::optional{commune_of(destination)} : std::nullopt;
}

/// What is done with in a way that its part need not come here again; what was given on may.
bool stays_away(store::Ending ending) {
    return ending != store::Ending::kForwarded;
}

}  // namespace

void Parcel::note_all_at(PeerNumber peer, std::uint64_t now_ms) {
    std::erase_if(whole_at, [&](const Whole& whole) { return whole.peer == peer; });
    whole_at.push_back({peer, here.size(), now_ms});
}

bool Parcel::is_all_at(PeerNumber peer, std::uint64_t now_ms) const {
    const auto found = std::ranges::find(whole_at, peer, &Whole::peer);
    return found != whole_at.end() && found->parts == here.size() && now_ms - found->at_ms < kWholeFor_ms;
}

bool Parcel::was_here(std::uint64_t index) const {
    return std::ranges::binary_search(gone, index);
}

bool Parcel::has(std::uint64_t index) const {
    const auto found = std::ranges::lower_bound(here, index, {}, &Part::index);
    return found != here.end() && found->index == index;
}

ParcelId parcel_id(const std::optional<store::ChunkRecord>& chunk, const bpv7::Eid& source,
                   const bpv7::Eid& destination, ByteView bundle_id) {
    if (!chunk) return digest(bundle_id);
    const bpv7::Eid& to = destination.is_singleton() ? destination.node_id() : destination;
    return message_parcel(chunk->message_id, source.node_id().to_string(), to.to_string());
}

std::string parcel_row(const ParcelId& id) {
    return std::string{kParcelRow} + to_hex(id);
}

std::size_t Parcels::Hash::operator()(const ParcelId& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.data(), sizeof hash);
    return hash;
}

Parcel& Parcels::obtain(const ParcelId& id) {
    const auto [number, added] = numbers_.try_emplace(id, last_ + 1);
    if (!added) return parcels_.at(number->second);
    Parcel& parcel = parcels_.emplace_hint(parcels_.end(), ++last_, Parcel{})->second;
    parcel.number = last_;
    parcel.id = id;
    return parcel;
}

Parcel& Parcels::add(const store::BundleRecord& record, const bpv7::Eid& source,
                     const bpv7::Eid& destination) {
    // A fragment's parts are bytes, which nobody offers: it goes alone.
    const auto chunk = record.fragment_offset ? std::nullopt : record.chunk;
    Parcel& parcel = obtain(parcel_id(chunk, source, destination, record.id));
    if (parcel.here.empty()) {
        set_way(parcel, source, destination);
        here_.emplace(parcel.number, &parcel);
    }
    Parcel::Part part{0, record.key};
    if (chunk) {
        parcel.message_id = chunk->message_id;
        parcel.count = std::max(parcel.count, chunk->count);
        part.index = chunk->index;
    }
    parcel.here.insert(std::ranges::lower_bound(parcel.here, part), part);
    parcel.bytes += record.wire_length;
    return parcel;
}

void Parcels::remove(Parcel& parcel, const store::BundleRecord& record) {
    const auto part = std::ranges::find(parcel.here, record.key, &Parcel::Part::key);
    if (part == parcel.here.end()) return;
    parcel.here.erase(part);
    parcel.bytes -= record.wire_length;
    if (parcel.here.empty()) here_.erase(parcel.number);
    drop_if_unknown(parcel);
}

Parcel& Parcels::bury(const store::Tombstone& tombstone) {
    const auto source = bpv7::Eid::parse(tombstone.source);
    const auto destination = bpv7::Eid::parse(tombstone.destination);
    const auto chunk = source && destination ? tombstone.chunk : std::nullopt;
    Parcel& parcel = obtain(
        parcel_id(chunk, source.value_or(bpv7::Eid{}), destination.value_or(bpv7::Eid{}), tombstone.id));
    ++parcel.graves;
    if (parcel.here.empty() && source && destination) set_way(parcel, *source, *destination);
    if (chunk) {
        parcel.message_id = chunk->message_id;
        parcel.count = std::max(parcel.count, chunk->count);
    }
    if (!stays_away(tombstone.ending)) return parcel;
    const std::uint64_t index = chunk ? chunk->index : 0;
    const auto place = std::ranges::lower_bound(parcel.gone, index);
    if (place == parcel.gone.end() || *place != index) parcel.gone.insert(place, index);
    parcel.gone_at_ms = std::max(parcel.gone_at_ms, tombstone.ended_at_ms);
    return parcel;
}

void Parcels::forget(const store::Tombstone& tombstone) {
    const auto source = bpv7::Eid::parse(tombstone.source);
    const auto destination = bpv7::Eid::parse(tombstone.destination);
    const auto chunk = source && destination ? tombstone.chunk : std::nullopt;
    Parcel* parcel =
        find(parcel_id(chunk, source.value_or(bpv7::Eid{}), destination.value_or(bpv7::Eid{}), tombstone.id));
    if (parcel == nullptr) return;
    --parcel->graves;
    if (stays_away(tombstone.ending)) std::erase(parcel->gone, chunk ? chunk->index : 0);
    drop_if_unknown(*parcel);
}

void Parcels::end(const store::EndedMessage& message) {
    Parcel& parcel = obtain(message_parcel(message.message_id, message.source, message.holder));
    ++parcel.ended;
    parcel.message_id = message.message_id;
    if (!parcel.here.empty() || parcel.graves != 0) return;
    const auto source = bpv7::Eid::parse(message.source);
    const auto holder = bpv7::Eid::parse(message.holder);
    if (holder) set_way(parcel, source.value_or(bpv7::Eid{}), *holder);
}

void Parcels::unend(const store::EndedMessage& message) {
    Parcel* parcel = find(message_parcel(message.message_id, message.source, message.holder));
    if (parcel == nullptr || parcel->ended == 0) return;
    --parcel->ended;
    drop_if_unknown(*parcel);
}

void Parcels::drop_if_unknown(Parcel& parcel) {
    if (!parcel.here.empty() || parcel.graves != 0 || parcel.ended != 0) return;
    const ParcelNumber number = parcel.number;
    numbers_.erase(parcel.id);
    parcels_.erase(number);
}

Parcel* Parcels::find(ParcelNumber number) {
    const auto found = parcels_.find(number);
    return found == parcels_.end() ? nullptr : &found->second;
}

Parcel* Parcels::find(const ParcelId& id) {
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? nullptr : find(found->second);
}

}  // namespace tram::node
