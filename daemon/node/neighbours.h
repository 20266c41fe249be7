// The peers this node talks to: their sessions, what is queued for each, and what is under way.
//
// A window for each link bounds what is under way by what the peer has acknowledged lately, so that a later,
// more urgent bundle waits for a fraction of a second and not for all that was queued before it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/node/outbox.h"
#include "daemon/node/types.h"

namespace tram::node {

/// How fast a peer acknowledges: bytes in the last whole period, and in the one that runs.
class Pace {
  public:
    static constexpr Duration kPeriod{1'000};

    void count(std::uint64_t bytes, Instant now);
    [[nodiscard]] std::uint64_t bytes_per_second(Instant now) const;

  private:
    Instant since_{};
    std::uint64_t bytes_ = 0;
    std::uint64_t best_ = 0;  // of the periods before, falling by a quarter with each
};

/// A bundle under way.
struct Flight {
    std::uint64_t bytes = 0;
    Order order;
};

struct Link {
    LinkId id = 0;
    bpv7::Eid peer;
    std::string peer_text;
    std::string address;
    std::uint64_t transfer_mru = 0;
    bool authenticated = false;
    bool ending = false;
    bool gated = false;    ///< bundles wait until trust was exchanged
    bool syncing = false;  ///< the peer is asked what it wants (sync.h), rather than sent whatever there is
    std::uint64_t bytes_in_flight = 0;
    Pace pace;
    std::unordered_map<BundleKey, Flight> in_flight;
};

struct Peer {
    bpv7::Eid id;
    std::string text;
    std::vector<LinkId> links;    ///< oldest first; the newest one is used
    PeerNumber number = kNobody;  ///< in the ledger
    Outbox outbox;
    std::unordered_set<BundleKey> declined;  ///< during the present contact
    std::optional<Instant> paused_until;     ///< it had no resources
    Duration pause{0};                       ///< the last pause, for backing off
    std::optional<Instant> last_met;
    std::string last_reason;  ///< why the last session ended
    std::uint64_t sent_bundles = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bundles = 0;
    std::uint64_t received_bytes = 0;
};

class Neighbours {
  public:
    /// Adds a link and, for a named peer, the peer. `gated`: bundles have to wait.
    Link& connect(const input::PeerUp& up, bool gated, bool syncing);
    /// Removes the link; what was in flight on it is returned.
    std::vector<std::pair<BundleKey, Order>> disconnect(LinkId id, Instant now, const std::string& reason);

    [[nodiscard]] Link* link(LinkId id);
    [[nodiscard]] Peer* peer(const bpv7::Eid& id);
    /// The link to send on, or nullptr: the newest one that is neither ending nor gated.
    [[nodiscard]] Link* sending_link(const Peer& peer);

    /// Whether the peer is asked what it wants.
    [[nodiscard]] bool syncs(const Peer& peer);

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
