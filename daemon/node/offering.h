// What is offered to one peer during one contact: which parcels are still to be offered, in which order, and
// what was offered and not answered yet.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "daemon/node/outbox.h"
#include "proto/sync/messages.h"

namespace tram::node {

class Offering {
  public:
    static constexpr std::size_t kOffersMax = 4;  ///< that are not answered yet

    /// One item of an offer as we remember it.
    struct Asked {
        ParcelNumber parcel = 0;
        routing::Verdict verdict;
        std::vector<BundleKey> parts;  ///< in the order in which they were offered
        bool shares = false;           ///< the peer has no part of it so far
    };

    /// The parcel is to be offered; replaces what was said of it before.
    void add(ParcelNumber parcel, const Order& order, const routing::Verdict& verdict);
    void remove(ParcelNumber parcel);
    void clear();
    struct Candidate {
        ParcelNumber parcel = 0;
        Order order;
        routing::Verdict verdict;
    };
    /// What should be offered next; it stays a candidate.
    [[nodiscard]] std::optional<Candidate> first() const;

    [[nodiscard]] bool may_ask() const { return asked_.size() < kOffersMax; }
    /// Remembers an offer; its number.
    std::uint64_t ask(std::vector<Asked> items);
    /// The items of an offer that is answered now; nothing: there is none of that number.
    std::optional<std::vector<Asked>> answered(std::uint64_t number);
    [[nodiscard]] bool is_asked(BundleKey key) const { return asked_keys_.contains(key); }

    /// The peer has no room for it now.
    void postpone(ParcelNumber parcel) { postponed_.insert(parcel); }
    std::set<ParcelNumber> take_postponed() { return std::exchange(postponed_, {}); }

    /// The router is to be told when the peer has taken a part of it.
    std::unordered_set<ParcelNumber> shared;

  private:
    struct Place {
        Order order;
        ParcelNumber parcel = 0;
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    std::set<Place> queue_;
    std::unordered_map<ParcelNumber, std::pair<Order, routing::Verdict>> candidates_;
    std::map<std::uint64_t, std::vector<Asked>> asked_;
    std::unordered_set<BundleKey> asked_keys_;
    std::set<ParcelNumber> postponed_;
    std::uint64_t last_offer_ = 0;
};

}  // namespace tram::node
