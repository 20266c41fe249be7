// One simulated device: the real Node, its disk, its clock, and the application that sends and fetches.
//
// What the node writes becomes durable a moment later, when the world says so; a crash forgets what was not.
// A hostile one speaks with the others like any node, and takes what they give; it keeps nothing of it, and
// now and then says something that makes no sense.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/node/node.h"
#include "store/memory_store.h"
#include "tests/commune.h"
#include "tests/sim/application.h"
#include "tests/sim/catalogue.h"

namespace tram::sim {

class World;

class Host {
  public:
    Host(World& world, NodeIndex index, node::NodeOptions options, const node::testing::Device& device);

    void start();
    void crash();
    void give(const node::Input& input);
    /// Bytes have come over a link.
    void receive(node::LinkId link, node::TransferId transfer, Bytes wire, bool stored);
    /// Carries out what the node wants.
    void settle();
    void sync();
    void tick();
    /// Whether the certificates that a peer shows are accepted.
    bool accepts(const Host& peer);

    /// The wall clock shows 1970, and runs on from there.
    void reset_clock();
    void set_clock() { reset_us_.reset(); }
    void set_disk_full(bool full);
    void make_hostile() { hostile_ = true; }
    [[nodiscard]] bool hostile() const { return hostile_; }

    [[nodiscard]] node::Node& node() { return *node_; }
    [[nodiscard]] Application& application() { return application_; }
    [[nodiscard]] NodeIndex index() const { return index_; }
    [[nodiscard]] const bpv7::Eid& id() const { return options_.node_id; }
    [[nodiscard]] Now now() const;
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
    void carry_out(node::effect::Reply& reply) { application_.replied(reply); }
    void carry_out(node::effect::Check& check);
    void carry_out(node::effect::Disconnect& disconnect);
    void carry_out(node::effect::Notify&) {}
    void load_all();
    void note(const store::Batch& batch);
    void plan_tick();
    [[nodiscard]] std::int64_t time_us(Instant instant) const;
    [[nodiscard]] ChunkIndex chunk_of(store::BundleKey key) const;

    World& world_;
    NodeIndex index_;
    node::NodeOptions options_;
    const node::testing::Device& device_;
    Application application_;
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
    std::optional<std::int64_t> tick_us_;   // planned
    std::int64_t started_us_ = 0;           // last
    std::optional<std::int64_t> reset_us_;  // when the wall clock fell back to 1970
    bool disk_full_ = false;
    bool hostile_ = false;
};

}  // namespace tram::sim
