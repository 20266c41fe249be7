// A few nodes on virtual links, disks and clocks, driven by one seed: the real Node with a MemoryStore that
// forgets unsynced batches in a crash. Checks while it runs:
//   - nothing is promised (accepted, answered) before the batch it depends on is durable;
//   - a bundle whose submission was answered is delivered, and acknowledged deliveries happen once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/node/node.h"
#include "store/memory_store.h"

namespace tram::node::testing {

class Mesh;

/// One node with its disk. Unsynced batches become durable when sync() is called.
class Host {
  public:
    Host(Mesh& mesh, NodeOptions options);

    void start();
    void crash();
    void sync();
    void give(const Input& input);
    /// Carries out what the node wants.
    void settle();

    [[nodiscard]] Node& node() { return *node_; }
    [[nodiscard]] const bpv7::Eid& id() const { return options_.node_id; }

  private:
    template <typename T>
    void carry_out(T&) {}
    void carry_out(effect::Persist& persist);
    void carry_out(effect::Accept& accept);
    void carry_out(effect::Refuse& refuse);
    void carry_out(effect::Load& load);
    void carry_out(effect::Transmit& transmit);
    void carry_out(effect::Reply& reply);
    void carry_out(effect::Notify&) {}

    Mesh& mesh_;
    NodeOptions options_;
    std::unique_ptr<store::MemoryStore> store_;
    std::unique_ptr<Node> node_;
    // The store counts tickets through crashes, each node from 1.
    Ticket base_ = 0;
    Ticket last_committed_ = 0;
    Ticket durable_ = 0;
    Ticket told_ = 0;
    std::deque<BundleKey> to_load_;
};

/// What travels on a virtual link, one direction.
struct Flight {
    std::size_t from = 0;
    BundleKey key = 0;
    Bytes wire;
};

class Mesh {
  public:
    Mesh(std::vector<NodeOptions> nodes, std::uint32_t seed);

    [[nodiscard]] Host& host(std::size_t index) { return *hosts_[index]; }
    [[nodiscard]] Now now() const { return {Instant{Duration{now_ms_}}, wall_}; }
    void advance(Duration by) { now_ms_ += by.count(); }

    void connect(std::size_t a, std::size_t b);
    void disconnect(std::size_t a, std::size_t b);
    [[nodiscard]] bool connected(std::size_t a, std::size_t b) const;
    void crash(std::size_t host);

    /// Submits at `from` for an endpoint; the payload is a running number.
    std::uint64_t submit(std::size_t from, const std::string& destination);
    /// Fetches and acknowledges everything at an endpoint.
    void drain(std::size_t host, const std::string& endpoint);
    /// Moves one thing: delivers a flight, syncs a disk.
    void step();
    /// Steps until nothing moves.
    void settle();

    std::mt19937& random() { return random_; }

    /// Submissions that were answered, by payload number.
    std::set<std::uint64_t> answered;
    /// How often each payload's acknowledgement was answered.
    std::map<std::uint64_t, int> delivered;

  private:
    friend class Host;
    struct Wire {
        std::size_t a = 0;
        std::size_t b = 0;
        std::deque<Flight> flights;
        std::map<TransferId, Flight> unanswered;
    };
    struct Request {
        std::size_t host = 0;
        std::optional<std::uint64_t> submitted;
        std::optional<std::uint64_t> acknowledged;
    };
    void transmitted(std::size_t host, const effect::Transmit& transmit);
    void answer(std::size_t host, LinkId link, TransferId transfer, std::optional<Refusal> refusal);
    void replied(std::size_t host, const effect::Reply& reply);
    [[nodiscard]] std::size_t index_of(const Host& host) const;

    std::vector<std::unique_ptr<Host>> hosts_;
    std::map<LinkId, Wire> wires_;
    std::map<RequestId, Request> requests_;
    std::mt19937 random_;
    Duration::rep now_ms_ = 1'000;
    std::optional<DtnTime> wall_;
    LinkId last_link_ = 0;
    TransferId last_transfer_ = 0;
    RequestId last_request_ = 0;
    std::uint64_t last_payload_ = 0;
};

}  // namespace tram::node::testing
