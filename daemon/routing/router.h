// Who gets a copy of what is carried. A router answers questions about one message and one peer; what it
// knows of contacts it learns from the node, from plans, and from the routers of its peers.
//
//   direct    only to the node of the destination
//   static    along configured routes (first match wins), and directly to the destination when it is met;
//             one copy travels
//   epidemic  to everybody
//   spray     binary spray and wait: a number of copies, half of them with each that is given
//   prophet   to who meets the destination more often (RFC 6693)
//   eta       to who is expected to have it at its destination earlier, and more of them where there is room
//
// Everybody's copy stays until it was given to the destination, a receipt says so, it has expired, or its
// room is needed; only static hands over. What goes to groups, and receipts, go to everybody in their area by
// reconciliation (daemon/node/sync.h) and not through a router, except to peers that cannot reconcile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/routing/visit_plan.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/bpv7/eid.h"

namespace tram::routing {

enum class Kind : std::uint8_t { kDirect, kStatic, kEpidemic, kSpray, kProphet, kEta };

/// When something is asked. `node_ms` never runs backwards, also not over restarts (store/records.h, node
/// time); `wall_ms` is DTN time where the clock is trusted.
struct Time {
    std::uint64_t node_ms = 0;
    std::optional<std::uint64_t> wall_ms;
};

/// A message, or a bundle that is part of none: its parts go the same way.
struct Carried {
    const bpv7::Eid& destination;
    const bpv7::Eid& destination_node;  ///< destination.node_id()
    bool singleton = true;              ///< false: a group
    bool local = false;                 ///< made here
    std::uint64_t bytes = 0;            ///< of all parts, of those that are not here as a guess
    std::uint64_t expires_ms = 0;       ///< node time
    std::uint8_t urgency = 0;           ///< 0 to 4
    /// What the router itself has noted about it, see begin(), taken(), given(); kept with the message
    /// through restarts. Empty: nothing so far.
    ByteView note;
};

/// Whether and why a peer should get a copy.
struct Verdict {
    enum class Copy : std::uint8_t {
        kNone,
        kDirect,   ///< the peer is where it goes
        kUtility,  ///< the peer is a better place for it
        kSurplus,  ///< it may help, when there is time and room left over
    };
    Copy copy = Copy::kNone;
    /// Of utility and surplus copies: what the whole copy is worth, in no unit. What has more of it for each
    /// byte that the peer lacks goes first.
    double gain = 0;
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct Route {
    std::string to;  ///< endpoint pattern, see bpv7::matches
    bpv7::Eid via;   ///< node id of the next hop
};

struct RouterOptions {
    Kind kind = Kind::kEta;
    bpv7::Eid node_id;
    std::vector<Route> routes{};      ///< of static
    std::uint16_t spray_copies = 16;  ///< of spray: how many of a message there may be, at least 1
};

class Router {
  public:
    static constexpr std::size_t kNoteBytesMax = 64;
    static constexpr std::size_t kGossipBytesMax = 48U << 10;
    static constexpr std::size_t kStateBytesMax = 512U << 10;

    virtual ~Router() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;

    // Whose copy it is.
    /// One copy travels: ours may go when a peer that is not the destination has taken it over.
    [[nodiscard]] virtual bool hands_over() const { return false; }
    /// Whether the copy here has done its work once `peer` holds the message.
    [[nodiscard]] virtual bool done_after(const Carried& carried, const bpv7::Eid& peer) const;

    // Contacts. A peer may be met over several links at a time: began and ended come once each.
    virtual void contact_began(const bpv7::Eid& /*peer*/, Time /*now*/) {}
    virtual void contact_ended(const bpv7::Eid& /*peer*/, Time /*now*/) {}
    /// What a router of the same kind at the peer should know, at the beginning of a contact; empty: nothing.
    /// At most kGossipBytesMax.
    virtual Bytes greet(const bpv7::Eid& /*peer*/, Time /*now*/) { return {}; }
    /// Takes what the router at the peer says; the result, when not empty, goes back to it and is heard
    /// there. It may say anything. Errors: malformed, unsupported_version, too_large.
    virtual Result<Bytes> hear(const bpv7::Eid& /*peer*/, ByteView /*said*/, Time /*now*/) { return Bytes{}; }
    /// Replaces the plan.
    virtual void set_plan(const VisitPlan& /*plan*/, Time /*now*/) {}
    /// How far the planned visits of this node took place; nothing: it is not counted.
    [[nodiscard]] virtual std::optional<KeptVisits> kept_visits() const { return std::nullopt; }
    /// What should survive a restart, at most kStateBytesMax; asked for after each contact. Empty: nothing.
    [[nodiscard]] virtual Bytes save(Time /*now*/) const { return {}; }
    /// Before anything else. What cannot be read is as if it was not there.
    virtual void restore(ByteView /*saved*/) {}

    // Decisions.
    /// About a peer in contact that does not hold it. Cheap: asked for each message at each contact.
    [[nodiscard]] virtual Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time now) const = 0;
    /// In the order in which copies may go when their room is needed: lower goes first. Never asked about
    /// what was made here or is for here.
    [[nodiscard]] virtual double worth(const Carried& /*carried*/, Time /*now*/) const { return 0; }
    /// The worth() here of a copy of `bytes` that a peer has offered with `shared`, which may be anything;
    /// 0: nothing should go for it.
    [[nodiscard]] virtual double worth_offered(std::uint64_t /*bytes*/, ByteView /*shared*/,
                                               Time /*now*/) const {
        return 0;
    }
    /// When it is expected to be at its destination, if nobody else has a copy: milliseconds from now.
    /// Nothing: it cannot be said.
    [[nodiscard]] virtual std::optional<std::uint64_t> expected_ms(const bpv7::Eid& /*destination_node*/,
                                                                   Time /*now*/) const {
        return std::nullopt;
    }

    // Notes, at most kNoteBytesMax.
    /// For a message made here.
    [[nodiscard]] virtual Bytes begin(const Carried& /*carried*/, Time /*now*/) const { return {}; }
    /// What goes with the offer of a copy.
    [[nodiscard]] virtual Bytes share(const Carried& /*carried*/, const bpv7::Eid& /*peer*/,
                                      Time /*now*/) const {
        return {};
    }
    /// The peer has taken the first part of a copy that was offered with share(): our note from now on.
    [[nodiscard]] virtual Bytes given(const Carried& carried, const bpv7::Eid& peer, Time now) const;
    /// The peer says that it has it already: our note from now on.
    [[nodiscard]] virtual Bytes known_at(const Carried& carried, const bpv7::Eid& peer, Time now) const;
    /// The first part of a copy that `peer` has offered with `shared` is here; carried.note is what we had
    /// noted before. `shared` may be anything. Our note from now on.
    [[nodiscard]] virtual Bytes taken(const Carried& carried, const bpv7::Eid& peer, ByteView shared,
                                      Time now) const;
};

std::unique_ptr<Router> make_router(RouterOptions options);

}  // namespace tram::routing
