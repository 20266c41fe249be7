// What waits to be sent to one peer, in the order in which it goes within a contact:
//
//   receipts, control, then by urgency; of the same urgency what is for the peer or for everybody, then what
//   the peer is a better place for, then surplus; of these by cost; parts of a message one after the other
//
// Whether a bundle still wants to go is asked when its turn comes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>

#include "daemon/node/inventory.h"

namespace tram::node {

/// Smaller goes first.
struct Order {
    static constexpr std::size_t kClasses = 21;

    std::uint8_t tier = 6;  ///< 0: receipt; 1: control; 2 to 6: 6 - urgency
    std::uint8_t copy = 0;  ///< 0: direct, 1: utility, 2: surplus
    double cost = 0;        ///< direct: bytes that the peer lacks; others: bytes for each unit of gain

    [[nodiscard]] std::size_t klass() const { return tier * std::size_t{3} + copy; }
    friend auto operator<=>(const Order&, const Order&) = default;
};

[[nodiscard]] std::uint8_t tier_of(const store::BundleRecord& record);
/// `lacking`: bytes of the parcel that the peer does not have.
[[nodiscard]] Order order_of(const store::BundleRecord& record, const routing::Verdict& verdict,
                             std::uint64_t lacking);

class Outbox {
  public:
    void add(const Order& order, const Entry& entry);
    [[nodiscard]] bool contains(BundleKey key) const { return places_.contains(key); }
    struct Next {
        BundleKey key = 0;
        Order order;
    };
    /// What goes next, taken out.
    std::optional<Next> take();
    void clear();
    [[nodiscard]] std::size_t size() const { return places_.size(); }
    /// Bytes of what goes before something of class `klass`, or with it.
    [[nodiscard]] std::uint64_t bytes_before(std::size_t klass) const;

  private:
    struct Place {
        Order order;
        ParcelNumber parcel = 0;
        std::uint64_t index = 0;
        BundleKey key = 0;
        std::uint64_t bytes = 0;
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    std::set<Place> queue_;
    std::unordered_map<BundleKey, std::set<Place>::const_iterator> places_;
    std::array<std::uint64_t, Order::kClasses> bytes_{};
};

}  // namespace tram::node
