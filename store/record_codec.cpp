#include "store/record_codec.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "proto/base/checksum.h"
#include "proto/tram/store.pb.h"

namespace tram::store {

namespace {

void write_hop(const HopRecord& hop, pb::Hop& row) {
    row.set_peer(hop.peer);
    row.set_node_time_ms(hop.node_time_ms);
}

HopRecord read_hop(pb::Hop& row) {
    return {std::move(*row.mutable_peer()), row.node_time_ms()};
}

void write_chunk(const ChunkRecord& chunk, pb::Chunk& row) {
    row.set_message_id(chunk.message_id.data(), chunk.message_id.size());
    row.set_index(chunk.index);
    row.set_count(chunk.count);
}

Result<ChunkRecord> read_chunk(const pb::Chunk& row) {
    ChunkRecord chunk{{}, row.index(), row.count()};
    if (row.message_id().size() != chunk.message_id.size() || chunk.index >= chunk.count) {
        return fail(ErrorCode::kCorrupt, "the row names no possible part of a message");
    }
    std::ranges::copy(as_bytes(row.message_id()), chunk.message_id.begin());
    return chunk;
}

void write_ended(const EndedMessage& ended, pb::EndedMessage& row) {
    row.set_message_id(ended.message_id.data(), ended.message_id.size());
    row.set_source(ended.source);
    row.set_holder(ended.holder);
}

Result<std::shared_ptr<const EndedMessage>> read_ended(const pb::EndedMessage& row) {
    EndedMessage ended{{}, row.source(), row.holder()};
    if (row.message_id().size() != ended.message_id.size()) {
        return fail(ErrorCode::kCorrupt, "the row says that a message ended whose id has not 16 bytes");
    }
    std::ranges::copy(as_bytes(row.message_id()), ended.message_id.begin());
    return std::make_shared<const EndedMessage>(std::move(ended));
}

// Serialises behind the place of the seal, then fills that in: the row is written once and never copied.
template <typename Row>
void seal_row(std::string_view key, const Row& row, std::string& value) {
    const std::size_t body_bytes = row.ByteSizeLong();
    value.resize(kSealBytes + body_bytes);
    auto* body = reinterpret_cast<std::uint8_t*>(value.data() + kSealBytes);
    row.SerializeWithCachedSizesToArray(body);
    const auto sealed = seal(key, std::string_view{value}.substr(kSealBytes));
    value.replace(0, kSealBytes, sealed.data(), sealed.size());
}

template <typename Row>
Result<void> unseal_row(std::string_view key, std::string_view value, Row& row) {
    const auto body = unseal(key, value);
    if (!body) return std::unexpected{body.error()};
    if (body->size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        !row.ParseFromArray(body->data(), static_cast<int>(body->size()))) {
        return fail(ErrorCode::kCorrupt, "the row is not a valid message of the store's schema");
    }
    return {};
}

// Messages keep their buffers from row to row; one set per thread.
template <typename Row>
Row& scratch() {
    thread_local Row row;
    row.Clear();
    return row;
}

}  // namespace

KeyBytes encode_key(BundleKey key) {
    KeyBytes bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(static_cast<std::uint8_t>(key >> (56 - 8 * i)));
    }
    return bytes;
}

Result<BundleKey> decode_key(std::string_view key) {
    if (key.size() != sizeof(BundleKey)) {
        return fail(ErrorCode::kCorrupt, "the key of a bundle row has not 8 bytes");
    }
    BundleKey number = 0;
    for (const char c : key)
        number = number << 8 | static_cast<std::uint8_t>(c);
    return number;
}

std::array<char, kSealBytes> seal(std::string_view key, std::string_view body) {
    const std::uint32_t crc = crc32c(as_bytes(body), crc32c(as_bytes(key)));
    std::array<char, kSealBytes> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(static_cast<std::uint8_t>(crc >> (8 * i)));
    }
    return bytes;
}

Result<std::string_view> unseal(std::string_view key, std::string_view value) {
    if (value.size() < kSealBytes) return fail(ErrorCode::kCorrupt, "the row is shorter than its checksum");
    const std::string_view body = value.substr(kSealBytes);
    const auto expected = seal(key, body);
    if (value.substr(0, kSealBytes) != std::string_view{expected.data(), expected.size()}) {
        return fail(ErrorCode::kCorrupt, "the checksum of the row does not match its contents");
    }
    return body;
}

void encode_bundle(const BundleRecord& record, std::string& value) {
    auto& row = scratch<pb::BundleRow>();
    row.set_id(record.id.data(), record.id.size());
    row.set_destination(record.destination);
    row.set_source(record.source);
    row.set_report_to(record.report_to);
    row.set_flags(record.flags);
    row.set_creation_time_ms(record.creation_time_ms);
    row.set_sequence(record.sequence);
    row.set_lifetime_ms(record.lifetime_ms);
    if (record.fragment_offset) row.set_fragment_offset(*record.fragment_offset);
    row.set_adu_length(record.adu_length);
    row.set_payload_length(record.payload_length);
    row.set_wire_length(record.wire_length);
    row.set_age_ms(record.age_ms);
    row.set_stored_at_ms(record.stored_at_ms);
    row.set_expires_at_ms(record.expires_at_ms);
    row.set_urgency(record.urgency);
    row.set_kind(record.kind);
    row.set_held(record.held);
    row.set_local(record.local);
    row.set_deliver_here(record.deliver_here);
    row.set_forward(record.forward);
    if (record.hop_count) row.set_hop_count(*record.hop_count);
    if (record.chunk) write_chunk(*record.chunk, *row.mutable_chunk());
    row.set_awaits_receipt(record.awaits_receipt);
    if (record.ends) write_ended(*record.ends, *row.mutable_ends());
    if (record.received_from) write_hop(*record.received_from, *row.mutable_received_from());
    for (const HopRecord& hop : record.forwarded_to)
        write_hop(hop, *row.add_forwarded_to());
    const KeyBytes key = encode_key(record.key);
    seal_row({key.data(), key.size()}, row, value);
}

Result<BundleRecord> decode_bundle(std::string_view key, std::string_view value) {
    const auto number = decode_key(key);
    if (!number) return std::unexpected{number.error()};
    auto& row = scratch<pb::BundleRow>();
    if (auto parsed = unseal_row(key, value, row); !parsed) return std::unexpected{parsed.error()};
    constexpr auto kByteMax = std::numeric_limits<std::uint8_t>::max();
    if (row.urgency() > kByteMax || row.kind() > kByteMax) {
        return fail(ErrorCode::kCorrupt, "urgency or kind of the row is above 255");
    }
    BundleRecord record;
    record.key = *number;
    record.id = Bytes::copy_of(as_bytes(row.id()));
    record.destination = row.destination();
    record.source = row.source();
    record.report_to = row.report_to();
    record.flags = row.flags();
    record.creation_time_ms = row.creation_time_ms();
    record.sequence = row.sequence();
    record.lifetime_ms = row.lifetime_ms();
    if (row.has_fragment_offset()) record.fragment_offset = row.fragment_offset();
    record.adu_length = row.adu_length();
    record.payload_length = row.payload_length();
    record.wire_length = row.wire_length();
    record.age_ms = row.age_ms();
    record.stored_at_ms = row.stored_at_ms();
    record.expires_at_ms = row.expires_at_ms();
    record.urgency = static_cast<std::uint8_t>(row.urgency());
    record.kind = static_cast<std::uint8_t>(row.kind());
    record.held = row.held();
    record.local = row.local();
    record.deliver_here = row.deliver_here();
    record.forward = row.forward();
    if (row.has_hop_count()) record.hop_count = row.hop_count();
    if (row.has_chunk()) {
        const auto chunk = read_chunk(row.chunk());
        if (!chunk) return std::unexpected{chunk.error()};
        record.chunk = *chunk;
    }
    record.awaits_receipt = row.awaits_receipt();
    if (row.has_ends()) {
        auto ended = read_ended(row.ends());
        if (!ended) return std::unexpected{std::move(ended.error())};
        record.ends = std::move(*ended);
    }
    if (row.has_received_from()) record.received_from = read_hop(*row.mutable_received_from());
    record.forwarded_to.reserve(static_cast<std::size_t>(row.forwarded_to_size()));
    for (pb::Hop& hop : *row.mutable_forwarded_to())
        record.forwarded_to.push_back(read_hop(hop));
    return record;
}

void encode_tombstone(const Tombstone& tombstone, std::string& value) {
    auto& row = scratch<pb::TombstoneRow>();
    row.set_ending(static_cast<std::uint32_t>(tombstone.ending));
    row.set_ended_at_ms(tombstone.ended_at_ms);
    row.set_expires_at_ms(tombstone.expires_at_ms);
    row.set_destination(tombstone.destination);
    row.set_source(tombstone.source);
    row.set_creation_time_ms(tombstone.creation_time_ms);
    if (tombstone.chunk) write_chunk(*tombstone.chunk, *row.mutable_chunk());
    if (tombstone.hop_count) row.set_hop_count(*tombstone.hop_count);
    if (tombstone.ends) write_ended(*tombstone.ends, *row.mutable_ends());
    if (tombstone.received_from) write_hop(*tombstone.received_from, *row.mutable_received_from());
    if (tombstone.last_hop) write_hop(*tombstone.last_hop, *row.mutable_last_hop());
    for (const HopRecord& hop : tombstone.forwarded_to)
        write_hop(hop, *row.add_forwarded_to());
    seal_row(as_text(tombstone.id.view()), row, value);
}

Result<Tombstone> decode_tombstone(std::string_view key, std::string_view value) {
    auto& row = scratch<pb::TombstoneRow>();
    if (auto parsed = unseal_row(key, value, row); !parsed) return std::unexpected{parsed.error()};
    if (row.ending() < static_cast<std::uint32_t>(Ending::kDelivered) ||
        row.ending() > static_cast<std::uint32_t>(Ending::kConfirmed)) {
        return fail(ErrorCode::kCorrupt, "the tombstone names no known ending");
    }
    Tombstone tombstone;
    tombstone.id = Bytes::copy_of(as_bytes(key));
    tombstone.ending = static_cast<Ending>(row.ending());
    tombstone.ended_at_ms = row.ended_at_ms();
    tombstone.expires_at_ms = row.expires_at_ms();
    tombstone.destination = row.destination();
    tombstone.source = row.source();
    tombstone.creation_time_ms = row.creation_time_ms();
    if (row.has_chunk()) {
        const auto chunk = read_chunk(row.chunk());
        if (!chunk) return std::unexpected{chunk.error()};
        tombstone.chunk = *chunk;
    }
    if (row.has_hop_count()) tombstone.hop_count = row.hop_count();
    if (row.has_ends()) {
        auto ended = read_ended(row.ends());
        if (!ended) return std::unexpected{std::move(ended.error())};
        tombstone.ends = std::move(*ended);
    }
    if (row.has_received_from()) tombstone.received_from = read_hop(*row.mutable_received_from());
    if (row.has_last_hop()) tombstone.last_hop = read_hop(*row.mutable_last_hop());
    tombstone.forwarded_to.reserve(static_cast<std::size_t>(row.forwarded_to_size()));
    for (pb::Hop& hop : *row.mutable_forwarded_to())
        tombstone.forwarded_to.push_back(read_hop(hop));
    return tombstone;
}

void encode_plain(std::string_view key, std::string_view body, std::string& value) {
    const auto sealed = seal(key, body);
    value.assign(sealed.data(), sealed.size());
    value.append(body);
}

std::string quarantine_key(std::string_view column_family, std::string_view key) {
    std::string name{column_family};
    name += ':';
    name += key;
    return name;
}

std::string encode_quarantined(const QuarantinedRow& quarantined) {
    pb::QuarantineRow row;
    row.set_column_family(quarantined.column_family);
    row.set_key(quarantined.key);
    row.set_value(quarantined.value);
    row.set_reason(quarantined.reason);
    std::string value;
    seal_row(quarantine_key(quarantined.column_family, quarantined.key), row, value);
    return value;
}

}  // namespace tram::store
