// The nodes whose beacons are heard, and which of them to call next. Knows no socket and no clock.
//
// One session for each pair of nodes is enough. Both usually hear each other; then the one with the smaller
// node id calls, and the other one only when that has not come about after kYield. Who cannot be called (port
// 0) calls at once.
//
//   heard --due--> calling --session--> met        met --session ends--> heard
//                     |
//                     +--failed--> heard, with a pause that doubles
//
// Beacons are forged easily, so everything is bounded: nodes, nodes for each address, addresses for each
// node, calls at a time, and calls a second to those who never had a session with us. A full table forgets
// who was not heard for a while, those that had a session with us last; else a newcomer is not noted. Whoever
// is not noted can still call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/links/backoff.h"
#include "daemon/links/beacon.h"
#include "daemon/links/interfaces.h"
#include "proto/base/time.h"

namespace tram::links {

/// Where a node can be called.
struct Place {
    IpAddress address;
    std::uint16_t port = 0;
    InterfaceIndex interface = 0;
    friend bool operator==(const Place&, const Place&) = default;
};

struct SightingOptions {
    std::string own_id;
    Duration pause_min{500};  ///< before a node is called again that was not reached
    Duration pause_max{60'000};
};

class Sightings {
  public:
    static constexpr std::size_t kNodesMax = 256;
    static constexpr std::size_t kNodesPerAddressMax = 16;
    static constexpr std::size_t kPlacesMax = 4;
    /// Calls at a time, to nodes that had no session with us so far, and to those that had.
    static constexpr std::size_t kStrangerCallsMax = 8;
    static constexpr std::size_t kProvedCallsMax = 32;
    /// Between two calls to nodes that had no session with us so far.
    static constexpr Duration kStrangerGap{100};
    static constexpr Duration kYield{3'000};
    /// Without a beacon for this long a node is not called any more, and is forgotten after kForget.
    static constexpr Duration kFresh{16'000};
    static constexpr Duration kForget{60'000};
    /// Who had a session with us is remembered for longer, as long as there is room.
    static constexpr Duration kForgetProved{24 * 3'600'000};
    /// A session that says nothing while the beacons of its node stay away for this long is looked after.
    static constexpr Duration kSilence{16'000};

    struct Node {
        std::vector<Place> places;  ///< the one to call first in front
        Place heard_at;             ///< where the last beacon came from
        Instance instance{};
        Instant heard;  ///< the last beacon
        Instant due;    ///< not called before this
        Instant called{};
        bool calling = false;
        bool called_as_stranger = false;
        bool proved = false;  ///< had a session with us since we started
        Backoff pause;
        std::string last_error;
    };
    struct Call {
        std::string node_id;
        Place place;
    };
    enum class News : std::uint8_t {
        kNothing,
        kNew,        ///< a node, or one that was away: it may not know us either
        kRestarted,  ///< known, and started anew: its old sessions are dead
        kNoRoom,     ///< not noted
    };

    explicit Sightings(SightingOptions options) : options_{std::move(options)} {}

    /// A beacon came from `place`, whose port is that in the beacon. `callable`: we announce a port there
    /// ourselves.
    News hear(const Beacon& beacon, const Place& place, bool callable, Instant now);
    /// A session with a node began, or ended, whoever called.
    void session_up(const std::string& node_id);
    /// `unnoticed`: the peer may not have noticed, and not call for long, because our network changed.
    void session_down(const std::string& node_id, bool unnoticed, Instant now);
    /// What take_call() gave has led to a session, or need not any more.
    void call_done(const std::string& node_id);
    /// It has not.
    void call_failed(const Call& call, const std::string& why, std::uint32_t random, Instant now);
    /// An interface is gone: nobody is to be called there.
    void lose(InterfaceIndex interface);

    /// A node to be called now; the owner calls, and tells call_done() or call_failed().
    std::optional<Call> take_call(std::uint32_t random, Instant now);
    /// When take_call() is to be asked again, or somebody is to be forgotten.
    [[nodiscard]] std::optional<Instant> next_due(Instant now) const;
    void forget_old(Instant now);

    [[nodiscard]] const std::map<std::string, Node>& nodes() const { return nodes_; }
    /// Nodes whose beacons are heard now.
    [[nodiscard]] static bool is_fresh(const Node& node, Instant now) { return now - node.heard < kFresh; }

  private:
    [[nodiscard]] bool make_room(const Place& place, Instant now);
    [[nodiscard]] Instant first_due(const std::string& node_id, const Place& place, bool callable,
                                    Instant now) const;
    static bool note_place(Node& node, const Place& place);
    [[nodiscard]] bool may_be_called(const std::string& node_id, const Node& node, Instant now) const;
    [[nodiscard]] bool has_session(const std::string& node_id) const { return sessions_.contains(node_id); }
    [[nodiscard]] bool has_free_line(const Node& node) const;
    void end_call(Node& node);

    SightingOptions options_;
    std::map<std::string, Node> nodes_;
    std::map<std::string, std::uint32_t> sessions_;  // with nodes that are heard or not
    std::size_t strangers_calling_ = 0;
    std::size_t proved_calling_ = 0;
    Instant strangers_from_{};  // not before this is another one called that had no session with us
};

}  // namespace tram::links
