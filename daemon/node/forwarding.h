// Getting bundles to peers: RFC 9171 5.4 (forwarding), 5.8 (fragmentation on the way).
//
// What a neighbour that syncs wants is asked first (sync.h), and only that is queued for it with send(). For
// others a stored bundle is queued when the router names them; when one comes up, its queue is made from the
// inventory. What leaves is the stored bundle with previous node, bundle age and hop count brought up to
// date.
//
// A bundle that waits for the receipt of its message stays, whoever has it; a peer that has it gets it again
// when the receipt is not back after NodeOptions::offer_again_ms.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "daemon/node/copies.h"
#include "daemon/node/neighbours.h"

namespace tram::node {

class Forwarding {
  public:
    Forwarding(Custody& custody, Copies& copies) : custody_{custody}, copies_{copies} {}

    /// `gated`: bundles for this link wait for open_gate(). `syncing`: they wait to be asked for, until
    /// fall_back().
    void peer_up(const input::PeerUp& up, bool gated, bool syncing);
    void open_gate(LinkId link);
    /// The peer does not sync after all: it gets what the router names.
    void fall_back(LinkId link);
    void peer_ending(LinkId link);
    void peer_down(const input::PeerDown& down);
    void confirmed(const input::Confirmed& confirmed);
    void declined(const input::Declined& declined);

    /// The bundle is durable (or was released): queue it for peers that do not sync.
    void ready(const Entry& entry);
    /// The peer wants it.
    void send(Peer& peer, const Order& order, const Entry& entry);
    /// Whether it waits to be sent to the peer, or is under way.
    [[nodiscard]] bool is_sending(const Peer& peer, BundleKey key);
    /// The peer says that it holds, or held, the bundle: it need not get it, and when it is the destination
    /// our copy has done its work. The entry may be gone after this.
    void found_at(Entry& entry, const Peer& peer);
    /// Bytes that a link may have under way: what the peer acknowledges in a third of a second, and two parts
    /// of a message at least.
    [[nodiscard]] std::uint64_t window_of(const Link& link) const;
    /// A peer brought a bundle that is here: it need not get it. Our copy stays, for the peer is being told
    /// that we have it and may let go of its own.
    void seen_at(Entry& entry, const Peer& peer);

    /// Transmits what the windows allow; called at the end of every burst.
    void pump();
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout();

    [[nodiscard]] const Neighbours& neighbours() const { return neighbours_; }
    [[nodiscard]] Neighbours& neighbours() { return neighbours_; }
    [[nodiscard]] const routing::Router& router() const { return copies_.router(); }
    /// Whether the bundle may be sent at all.
    [[nodiscard]] static bool may_leave(const Entry& entry) {
        return entry.record.forward && entry.durable && !entry.record.held;
    }
    /// Whether `peer` holds the bundle; of what waits for a receipt, as far as one may still rely on it.
    [[nodiscard]] bool held_by(const Entry& entry, const Peer& peer) const;
    /// Whether the bundle is waiting to go to `peer`.
    [[nodiscard]] bool wants(const Entry& entry, const Peer& peer) const;

  private:
    [[nodiscard]] bool done_after(const Entry& entry, const bpv7::Eid& peer);
    /// It may leave, and the peer neither has nor refuses it.
    [[nodiscard]] bool is_welcome(const Entry& entry, const Peer& peer) const;
    void queue_all(Peer& peer);
    void pump(Peer& peer);
    void schedule(Link& link, Entry& entry, const Order& order);
    void transmit(LinkId link, BundleKey key, const Bytes& wire);
    void cut(BundleKey key, std::uint64_t bytes_max, const Bytes& wire);
    void taken_by(Entry& entry, const Peer& peer);
    void given_again(Entry& entry, const store::HopRecord& hop);
    void look_again();
    void plan_second_look();
    void release(std::uint64_t bytes);
    void finish_flight(Link& link, BundleKey key);
    Peer* settle_flight(LinkId link, BundleKey key);

    Custody& custody_;
    Copies& copies_;
    Neighbours neighbours_;
    std::set<bpv7::Eid> to_pump_;
    std::uint64_t bytes_in_flight_ = 0;   // on all links
    std::optional<Instant> second_look_;  // at what waits for receipts, for peers that have had it for long
};

}  // namespace tram::node
