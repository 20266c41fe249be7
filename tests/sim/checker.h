// What must hold in every simulation, whatever fails:
//
//   - nothing is acknowledged (to a peer or an application) before it is durable where that is said;
//   - no message that was accepted from an application is gone everywhere before it was delivered or expired;
//   - nothing is delivered a second time;
//   - no store holds more than its quota;
//   - what can be delivered is, once contacts come back and nothing fails any more.
//
// The checker sees disks, not nodes: what counts is what a crash would leave.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/catalogue.h"

namespace tram::sim {

class Checker {
  public:
    Checker(const Catalogue& catalogue, const Load& load);

    void at(std::int64_t now_us) { now_us_ = now_us; }

    // Disks.
    void became_durable(NodeIndex node, ChunkIndex chunk);
    void was_erased(NodeIndex node, ChunkIndex chunk);
    // What nodes say.
    /// Taken, or (`needless`) not wanted any more.
    void acknowledged_to_peer(NodeIndex node, ChunkIndex chunk, bool needless);
    void acknowledged_to_sender(ChunkIndex chunk);
    /// An application at `node` has it and says so; the node has not answered yet.
    void taken_by_application(NodeIndex node, std::size_t message);
    /// The node has answered: it will not hand it out again.
    void delivered(NodeIndex node, std::size_t message);
    void stores(NodeIndex node, std::uint64_t bytes);
    /// Everything has had its chance: what was accepted has arrived.
    void healed();

    /// Whether the chunk is, or was, durable there.
    [[nodiscard]] bool was_durable(NodeIndex node, ChunkIndex chunk) const { return place(node, chunk).ever; }
    [[nodiscard]] bool is_durable(NodeIndex node, ChunkIndex chunk) const { return place(node, chunk).now; }
    /// How often the chunk became durable somewhere.
    [[nodiscard]] std::uint32_t copies_made(ChunkIndex chunk) const { return chunks_[chunk].made; }
    /// The first that were found, and how many there are.
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    [[nodiscard]] std::uint64_t violation_count() const { return violation_count_; }

  private:
    struct Place {
        bool ever : 1 = false;
        bool now : 1 = false;
    };
    struct Chunk {
        std::uint32_t made = 0;
        std::uint32_t held = 0;  // by how many nodes
        bool accepted = false;
    };
    struct Arrival {
        bool taken : 1 = false;
        bool delivered : 1 = false;
    };
    [[nodiscard]] const Place& place(NodeIndex node, ChunkIndex chunk) const {
        return places_[std::size_t{node} * chunks_.size() + chunk];
    }
    Place& place(NodeIndex node, ChunkIndex chunk) {
        return places_[std::size_t{node} * chunks_.size() + chunk];
    }
    Arrival& arrival(NodeIndex node, std::size_t message) {
        return arrivals_[message * load_.buffers.size() + node];
    }
    [[nodiscard]] const Message& message_of(ChunkIndex chunk) const {
        return load_.messages[catalogue_.message_of(chunk)];
    }
    void violated(const std::string& what);
    void violated(ChunkIndex chunk, const std::string& what);

    const Catalogue& catalogue_;
    const Load& load_;
    std::int64_t now_us_ = 0;
    std::vector<Place> places_;  // of each node, each chunk
    std::vector<Chunk> chunks_;
    std::vector<Arrival> arrivals_;  // of each message, each node
    std::vector<std::string> violations_;
    std::uint64_t violation_count_ = 0;
};

}  // namespace tram::sim
