// One simulated device: the real Node, its disk, and the application that sends and fetches.
//
// What the node writes becomes durable a moment later, when the world says so; a crash forgets what was not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/node/node.h"
#include "store/memory_store.h"
#include "tests/sim/catalogue.h"

namespace tram::sim {

class World;

class Host {
  public:
    Host(World& world, NodeIndex index, node::NodeOptions options);

    void start();
    void crash();
    void give(const node::Input& input);
    /// Carries out what the node wants.
    void settle();
    void sync();
    void tick();
    /// The application sends these chunks.
    void send(ChunkIndex first, ChunkIndex end);

    [[nodiscard]] node::Node& node() { return *node_; }
    [[nodiscard]] const bpv7::Eid& id() const { return options_.node_id; }
    /// In the world's list of those that have to settle.
    bool dirty = false;

  private:
    /// What a batch does to chunks, in order.
    struct Written {
        ChunkIndex chunk = 0;
        bool put = false;
    };
    void carry_out(node::effect::Persist& persist);
    void carry_out(node::effect::Accept& accept);
    void carry_out(node::effect::Refuse& refuse);
    void carry_out(node::effect::Load& load);
    void carry_out(node::effect::Transmit& transmit);
    void carry_out(node::effect::Reply& reply);
    void carry_out(node::effect::Check&) {}       // open nodes check nothing
    void carry_out(node::effect::Disconnect&) {}  // nor do they end sessions
    void carry_out(node::effect::Notify&) {}
    void load_all();
    void note(const store::Batch& batch);
    void fetch();
    void submit(ChunkIndex chunk);
    void handed_over(const node::HandOver& bundle);
    void resume_application();
    void plan_tick();

    World& world_;
    NodeIndex index_;
    node::NodeOptions options_;
    bpv7::Eid inbox_;
    std::unique_ptr<store::MemoryStore> store_;
    std::unique_ptr<node::Node> node_;
    // The store counts tickets through crashes, each node from 1.
    store::Ticket base_ = 0;
    store::Ticket committed_ = 0;
    store::Ticket durable_ = 0;
    bool syncing_ = false;
    std::vector<Written> written_;          // not durable yet
    std::vector<ChunkIndex> chunk_of_key_;  // by key
    std::deque<store::BundleKey> to_load_;
    std::optional<std::int64_t> tick_us_;  // planned
    node::RequestId last_request_ = 0;
    std::unordered_map<node::RequestId, ChunkIndex> submitting_;
    std::unordered_map<node::RequestId, ChunkIndex> acknowledging_;
};

}  // namespace tram::sim
