// The peers this node talks to: their sessions, what is queued for each, and what is under way.
//
// Queues hold keys in the order in which bundles should go; whether a bundle still wants to go is asked when
// its turn comes. A window per link bounds what is under way, so that a later, more urgent bundle waits for
// at most a window.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/node/inventory.h"
#include "daemon/node/types.h"

namespace tram::node {

struct Link {
    LinkId id = 0;
    bpv7::Eid peer;
    std::string peer_text;
    std::string address;
    std::uint64_t transfer_mru = 0;
    bool authenticated = false;
    bool ending = false;
    bool gated = false;  ///< bundles wait until trust was exchanged
    std::uint64_t bytes_in_flight = 0;
    std::unordered_map<BundleKey, std::uint64_t> in_flight;  ///< key -> bytes
};

struct Peer {
    bpv7::Eid id;
    std::string text;
    std::vector<LinkId> links;                    ///< oldest first; the newest one is used
    std::map<Rank, std::deque<BundleKey>> queue;  ///< what is to be looked at for this peer
    std::optional<Instant> paused_until;          ///< it had no resources
    Duration pause{0};                            ///< the last pause, for backing off
    std::optional<Instant> last_met;
    std::string last_reason;  ///< why the last session ended
    std::uint64_t sent_bundles = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bundles = 0;
    std::uint64_t received_bytes = 0;

    void enqueue(Rank rank, BundleKey key) { queue[rank].push_back(key); }
    void enqueue_first(Rank rank, BundleKey key) { queue[rank].push_front(key); }
    /// The next key by rank, removed from the queue.
    std::optional<BundleKey> dequeue();
};

class Neighbours {
  public:
    /// Adds a link and, for a named peer, the peer. `gated`: bundles have to wait.
    Link& connect(const input::PeerUp& up, bool gated);
    /// Removes the link; what was in flight on it is returned.
    std::vector<BundleKey> disconnect(LinkId id, Instant now, const std::string& reason);

    [[nodiscard]] Link* link(LinkId id);
    [[nodiscard]] Peer* peer(const bpv7::Eid& id);
    /// The link to send on, or nullptr: the newest one that is neither ending nor gated.
    [[nodiscard]] Link* sending_link(const Peer& peer);

    /// Peers that are connected now and take bundles, now or when their gate opens.
    [[nodiscard]] std::vector<Peer*> reachable();
    [[nodiscard]] const std::map<bpv7::Eid, Peer>& peers() const { return peers_; }
    [[nodiscard]] std::map<bpv7::Eid, Peer>& peers() { return peers_; }
    [[nodiscard]] const std::unordered_map<LinkId, Link>& links() const { return links_; }

  private:
    [[nodiscard]] Link* newest_link(const Peer& peer, bool with_gated);

    std::unordered_map<LinkId, Link> links_;
    std::map<bpv7::Eid, Peer> peers_;
};

}  // namespace tram::node
