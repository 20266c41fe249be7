#include "tests/sim/checker.h"

namespace tram::sim {

namespace {

constexpr std::size_t kViolationsKept = 20;
// Nodes count whole milliseconds, and a bundle is made some moments after its message was written.
constexpr std::int64_t kExpirySlack_us = 2'000'000;

}  // namespace

Checker::Checker(const Catalogue& catalogue, const Load& load)
    : catalogue_{catalogue},
      load_{load},
      places_(load.buffers.size() * catalogue.chunk_count()),
      chunks_(catalogue.chunk_count()) {}

void Checker::violated(ChunkIndex chunk, const std::string& what) {
    ++violation_count_;
    if (violations_.size() >= kViolationsKept) return;
    const std::size_t message = catalogue_.message_of(chunk);
    violations_.push_back("at " + std::to_string(now_us_ / 1'000'000) + " s, message " +
                          std::to_string(message) + " chunk " +
                          std::to_string(chunk - catalogue_.first_chunk(message)) + ": " + what);
}

void Checker::became_durable(NodeIndex node, ChunkIndex chunk) {
    Place& there = place(node, chunk);
    ++chunks_[chunk].made;
    if (!there.now) ++chunks_[chunk].held;
    there = {.ever = true, .now = true};
}

void Checker::was_erased(NodeIndex node, ChunkIndex chunk) {
    Place& there = place(node, chunk);
    if (!there.now) return;
    there.now = false;
    const Chunk& state = chunks_[chunk];
    if (--chunks_[chunk].held != 0 || state.taken || !state.accepted) return;
    if (now_us_ < message(chunk).created_us + load_.ttl_s * 1'000'000 - kExpirySlack_us)
        violated(chunk, "lost: node " + std::to_string(node) + " erased the last copy before it expired");
}

void Checker::acknowledged_to_peer(NodeIndex node, ChunkIndex chunk) {
    if (!was_durable(node, chunk))
        violated(chunk, "node " + std::to_string(node) + " acknowledged it before it was durable");
}

void Checker::acknowledged_to_sender(ChunkIndex chunk) {
    chunks_[chunk].accepted = true;
    if (!was_durable(message(chunk).from, chunk))
        violated(chunk, "its application was told that it is queued before it was durable");
}

void Checker::taken_by_application(ChunkIndex chunk) {
    if (chunks_[chunk].delivered) violated(chunk, "handed out again after its delivery was acknowledged");
    chunks_[chunk].taken = true;
}

void Checker::delivered(ChunkIndex chunk) {
    Chunk& state = chunks_[chunk];
    if (state.delivered) violated(chunk, "delivered a second time");
    if (is_durable(message(chunk).to, chunk))
        violated(chunk, "its delivery was answered before its removal was durable");
    state.delivered = true;
}

void Checker::stores(NodeIndex node, std::uint64_t bytes) {
    if (bytes <= load_.buffers[node]) return;
    violated(0, "node " + std::to_string(node) + " holds " + std::to_string(bytes) + " bytes, its quota is " +
                    std::to_string(load_.buffers[node]));
}

}  // namespace tram::sim
