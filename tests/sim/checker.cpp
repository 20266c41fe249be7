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
      chunks_(catalogue.chunk_count()),
      arrivals_(load.buffers.size() * load.messages.size()) {}

void Checker::violated(const std::string& what) {
    ++violation_count_;
    if (violations_.size() >= kViolationsKept) return;
    violations_.push_back("at " + std::to_string(now_us_ / 1'000'000) + " s, " + what);
}

void Checker::violated(ChunkIndex chunk, const std::string& what) {
    const std::size_t message = catalogue_.message_of(chunk);
    violated("message " + std::to_string(message) + " chunk " +
             std::to_string(chunk - catalogue_.first_chunk(message)) + ": " + what);
}

void Checker::became_durable(NodeIndex node, ChunkIndex chunk) {
    Place& there = place(node, chunk);
    ++chunks_[chunk].made;
    if (!there.now) ++chunks_[chunk].held;
    there = {.ever = true, .now = true};
}

// What goes to a group has no single end: it is not followed here.
void Checker::was_erased(NodeIndex node, ChunkIndex chunk) {
    Place& there = place(node, chunk);
    if (!there.now) return;
    there.now = false;
    Chunk& state = chunks_[chunk];
    const Message& message = message_of(chunk);
    if (--state.held != 0 || !state.accepted || message.to == kGroup) return;
    if (arrival(message.to, catalogue_.message_of(chunk)).taken) return;
    if (now_us_ < load_.expires_us(message) - kExpirySlack_us)
        violated(chunk, "lost: node " + std::to_string(node) + " erased the last copy before it expired");
}

void Checker::acknowledged_to_peer(NodeIndex node, ChunkIndex chunk, bool needless) {
    const Message& message = message_of(chunk);
    const bool over = message.to != kGroup && arrival(message.to, catalogue_.message_of(chunk)).taken;
    if (!was_durable(node, chunk) && !(needless && over))
        violated(chunk, "node " + std::to_string(node) + " acknowledged it before it was durable");
}

void Checker::acknowledged_to_sender(ChunkIndex chunk) {
    chunks_[chunk].accepted = true;
    if (!was_durable(message_of(chunk).from, chunk))
        violated(chunk, "its application was told that it is queued before it was durable");
}

void Checker::taken_by_application(NodeIndex node, std::size_t message) {
    Arrival& here = arrival(node, message);
    if (here.delivered) {
        violated("message " + std::to_string(message) + ": handed out again at node " + std::to_string(node) +
                 " after its delivery was acknowledged");
    }
    here.taken = true;
}

void Checker::delivered(NodeIndex node, std::size_t message) {
    Arrival& here = arrival(node, message);
    const std::string name = "message " + std::to_string(message) + ": ";
    if (here.delivered) violated(name + "delivered a second time");
    here.delivered = true;
    if (load_.messages[message].to == kGroup) return;
    for (ChunkIndex k = 0; k < catalogue_.chunk_count(message); ++k) {
        if (is_durable(node, catalogue_.first_chunk(message) + k))
            return violated(name + "its delivery was answered before its removal was durable");
    }
}

void Checker::stores(NodeIndex node, std::uint64_t bytes) {
    if (bytes <= load_.buffers[node]) return;
    violated("node " + std::to_string(node) + " holds " + std::to_string(bytes) + " bytes, its quota is " +
             std::to_string(load_.buffers[node]));
}

void Checker::healed() {
    for (std::size_t i = 0; i < load_.messages.size(); ++i) {
        const Message& message = load_.messages[i];
        if (message.to == kGroup || now_us_ >= load_.expires_us(message) || arrival(message.to, i).delivered)
            continue;
        bool accepted = true;
        for (ChunkIndex k = 0; k < catalogue_.chunk_count(i); ++k)
            accepted = accepted && chunks_[catalogue_.first_chunk(i) + k].accepted;
        if (accepted) {
            violated("message " + std::to_string(i) + " from node " + std::to_string(message.from) + " to " +
                     std::to_string(message.to) + " was not delivered after everybody had met everybody");
        }
    }
}

}  // namespace tram::sim
