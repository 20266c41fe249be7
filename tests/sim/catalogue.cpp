#include "tests/sim/catalogue.h"

#include <algorithm>

#include "proto/base/check.h"

namespace tram::sim {

namespace {

// Chunk, and the bytes that its payload would have; little-endian.
constexpr std::size_t kStandInBytes = 12;
constexpr std::uint32_t kMark = 0x6d617274;

void put(Buffer& out, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t get(ByteView in, std::size_t at) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(in[at + i]) << (8 * i);
    return value;
}

bool is_stand_in(ByteView payload) {
    return payload.size() == kStandInBytes && get(payload, 0) == kMark;
}

}  // namespace

Catalogue::Catalogue(const std::vector<Message>& messages) {
    first_.push_back(0);
    for (const Message& message : messages) {
        const std::uint64_t count =
            std::max<std::uint64_t>(1, (message.bytes + kChunkBytes - 1) / kChunkBytes);
        TRAM_CHECK(first_.back() + count < 0xffff'ffff);
        message_of_.insert(message_of_.end(), count, static_cast<std::uint32_t>(bytes_.size()));
        first_.push_back(first_.back() + static_cast<ChunkIndex>(count));
        bytes_.push_back(message.bytes);
    }
}

Bytes Catalogue::payload(ChunkIndex chunk) const {
    const std::size_t message = message_of_[chunk];
    const std::uint64_t before = (chunk - first_[message]) * kChunkBytes;
    Buffer out;
    put(out, kMark);
    put(out, chunk);
    put(out, static_cast<std::uint32_t>(std::min(kChunkBytes, bytes_[message] - before)));
    return Bytes{std::move(out)};
}

store::ChunkRecord Catalogue::class_of(ChunkIndex chunk) const {
    const std::size_t message = message_of_[chunk];
    store::ChunkRecord record;
    Buffer id;
    put(id, kMark);
    put(id, static_cast<std::uint32_t>(message));
    std::ranges::copy(id, record.message_id.begin());
    record.index = chunk - first_[message];
    record.count = chunk_count(message);
    return record;
}

std::optional<std::size_t> Catalogue::message_in(ByteView message_id) const {
    if (message_id.size() < 8 || get(message_id, 0) != kMark) return std::nullopt;
    const std::uint32_t message = get(message_id, 4);
    return message < bytes_.size() ? std::optional<std::size_t>{message} : std::nullopt;
}

std::optional<ChunkIndex> Catalogue::chunk_in(const store::BundleRecord& record) const {
    if (!record.chunk) return std::nullopt;
    const auto message = message_in(record.chunk->message_id);
    if (!message || record.chunk->index >= chunk_count(*message)) return std::nullopt;
    return first_[*message] + static_cast<ChunkIndex>(record.chunk->index);
}

std::uint64_t Catalogue::weigh(const bpv7::Bundle& bundle, std::size_t wire_bytes) {
    const Bytes& payload = bundle.payload();
    return is_stand_in(payload) ? wire_bytes - kStandInBytes + get(payload, 8) : wire_bytes;
}

}  // namespace tram::sim
