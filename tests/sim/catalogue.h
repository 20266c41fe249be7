// The bundles of a simulation. A message travels in chunks of 64 KiB; each bundle carries a dozen bytes that
// say for which chunk it stands, and counts for as many bytes as that one would have.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/bpv7/bundle.h"
#include "store/records.h"
#include "tests/sim/load.h"

namespace tram::sim {

/// Number of a chunk among all chunks of all messages.
using ChunkIndex = std::uint32_t;

inline constexpr std::uint64_t kChunkBytes = 65'536;

class Catalogue {
  public:
    explicit Catalogue(const std::vector<Message>& messages);

    [[nodiscard]] ChunkIndex first_chunk(std::size_t message) const { return first_[message]; }
    [[nodiscard]] ChunkIndex chunk_count(std::size_t message) const {
        return first_[message + 1] - first_[message];
    }
    [[nodiscard]] ChunkIndex chunk_count() const { return first_.back(); }
    [[nodiscard]] std::size_t message_of(ChunkIndex chunk) const { return message_of_[chunk]; }

    /// What a bundle for `chunk` carries.
    [[nodiscard]] Bytes payload(ChunkIndex chunk) const;
    [[nodiscard]] store::ChunkRecord class_of(ChunkIndex chunk) const;
    /// The message with this id; nothing when it is none of ours.
    [[nodiscard]] std::optional<std::size_t> message_in(ByteView message_id) const;
    /// The chunk for which a stored bundle stands; nothing when it is none of ours.
    [[nodiscard]] std::optional<ChunkIndex> chunk_in(const store::BundleRecord& record) const;

    /// For node::NodeOptions::weigh.
    static std::uint64_t weigh(const bpv7::Bundle& bundle, std::size_t wire_bytes);

  private:
    std::vector<std::uint64_t> bytes_;  // of each message
    std::vector<ChunkIndex> first_;     // of each message, and one more for the end
    std::vector<std::uint32_t> message_of_;
};

}  // namespace tram::sim
