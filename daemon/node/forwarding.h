// Getting bundles to peers: RFC 9171 5.4 (forwarding), 5.8 (fragmentation on the way).
//
// A stored bundle that is to be forwarded is queued for every reachable peer the router names; when a peer
// comes up, its queue is made from the inventory. What leaves is the stored bundle with previous node, bundle
// age and hop count brought up to date.
//
// A bundle that waits for the receipt of its message stays, whoever has it; a peer that has it gets it again
// when the receipt is not back after NodeOptions::offer_again_ms.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/node/custody.h"
#include "daemon/node/neighbours.h"
#include "daemon/routing/router.h"

namespace tram::node {

class Forwarding {
  public:
    explicit Forwarding(Custody& custody);

    /// `gated`: bundles for this link wait for open_gate().
    void peer_up(const input::PeerUp& up, bool gated);
    void open_gate(LinkId link);
    void peer_ending(LinkId link);
    void peer_down(const input::PeerDown& down);
    void confirmed(const input::Confirmed& confirmed);
    void declined(const input::Declined& declined);

    /// The bundle is durable (or was released): offer it.
    void ready(const Entry& entry);
    /// A peer brought a bundle that is here: it need not get it. Our copy stays, for the peer is being told
    /// that we have it and may let go of its own.
    void seen_at(Entry& entry, const Peer& peer);

    /// Transmits what the windows allow; called at the end of every burst.
    void pump();
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout();

    [[nodiscard]] const Neighbours& neighbours() const { return neighbours_; }
    [[nodiscard]] Neighbours& neighbours() { return neighbours_; }
    [[nodiscard]] const routing::Router& router() const { return *router_; }
    /// Whether the bundle is waiting to go to `peer`.
    [[nodiscard]] bool wants(const Entry& entry, const Peer& peer) const;

  private:
    [[nodiscard]] routing::Time now() const;
    void pump(Peer& peer);
    void schedule(Link& link, Entry& entry);
    void transmit(LinkId link, BundleKey key, const Bytes& wire);
    void cut(BundleKey key, std::uint64_t bytes_max, const Bytes& wire);
    void taken_by(Entry& entry, const Peer& peer);
    void given_again(Entry& entry, const store::HopRecord& hop);
    /// Whether `peer` holds the bundle; of what waits for a receipt, as far as one may still rely on it.
    [[nodiscard]] bool held_by(const Entry& entry, const std::string& peer) const;
    void look_again();
    void plan_second_look();
    void release(std::uint64_t bytes);
    void finish_flight(Link& link, BundleKey key);
    Peer* settle_flight(LinkId link, BundleKey key);

    Custody& custody_;
    Neighbours neighbours_;
    std::unique_ptr<routing::Router> router_;
    std::set<bpv7::Eid> to_pump_;
    std::uint64_t bytes_in_flight_ = 0;   // on all links
    std::optional<Instant> second_look_;  // at what waits for receipts, for peers that have had it for long
};

}  // namespace tram::node
