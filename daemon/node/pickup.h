// Where things wait for applications: bundles for Delivery, messages for Messages.
//
// An item waits at its endpoint, in rank order, until an application asks; it is then leased to that one.
// When the lease is over, the owner of the items decides whether to offer it again. Applications that ask
// before there is anything wait in turn.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/node/custody.h"

namespace tram::node {

/// Order in which applications get what waits for them: receipts, then by urgency, then by kind, then by
/// arrival. Smaller goes first.
struct Rank {
    std::uint8_t order = 0;  ///< 0: a receipt; else (4 - urgency) * 8 + kind, at least 1
    friend auto operator<=>(const Rank&, const Rank&) = default;
};
Rank rank_of(const store::BundleRecord& record);

/// Whether what is sent to `endpoint` belongs to applications of this node.
[[nodiscard]] bool is_local(const NodeOptions& options, const bpv7::Eid& endpoint);

class Pickup {
  public:
    /// The owner's number; among equal ranks the smaller goes first.
    using Item = std::uint64_t;
    struct Waiter {
        RequestId request = 0;
        std::string endpoint;
        Instant until;
    };
    /// Hands a leased item to the application. May come back with ask_again().
    using HandOut = std::function<void(const Waiter&, Item)>;

    Pickup(Custody& custody, HandOut hand_out) : custody_{custody}, hand_out_{std::move(hand_out)} {}

    /// The item waits at `endpoint`; no effect while it is leased.
    void offer(const std::string& endpoint, Rank rank, Item item);
    /// The item neither waits nor is leased any more.
    void withdraw(const std::string& endpoint, Rank rank, Item item);
    /// Answers Nothing after `wait`, an error for an endpoint of others or when too many are waiting.
    void ask(RequestId request, const bpv7::Eid& endpoint, Duration wait);
    /// The hand-out came to nothing: the same application gets the next item, or waits on.
    void ask_again(Waiter waiter);

    [[nodiscard]] bool leased(Item item) const { return leases_.contains(item); }
    /// Leases the item, which waits or is leased already, from now on.
    void lease(const std::string& endpoint, Rank rank, Item item);
    void end_lease(Item item);

    /// Answers those who have waited long enough; the items whose lease is over.
    std::vector<Item> tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const;

  private:
    using Position = std::pair<Rank, Item>;
    void serve(const std::string& endpoint);
    bool serve_one(const std::string& endpoint);
    void take(const std::string& endpoint, Position position);
    void answer_late();

    Custody& custody_;
    HandOut hand_out_;
    std::map<std::string, std::set<Position>> waiting_;  // by endpoint, what can be handed out
    std::unordered_map<Item, Instant> leases_;           // until when
    std::set<std::pair<Instant, Item>> lease_ends_;      // of leases_
    std::vector<Waiter> waiters_;                        // oldest first
    bool serving_ = false;
};

}  // namespace tram::node
