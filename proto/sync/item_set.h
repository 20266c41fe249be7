// What one side holds of a class that everybody should hold: items in order of time, with fingerprints of
// any range of them at once.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/sync/keyed_id.h"

namespace tram::sync {

/// A bundle: when it was made, as its id says (0 without a clock), and its name during this contact.
struct Item {
    std::uint64_t time_ms = 0;
    KeyedId id = 0;
    friend auto operator<=>(const Item&, const Item&) = default;
};

/// Where a range of items ends: before the first item that is not less. The highest of all stands for the
/// end of everything.
using Bound = Item;
inline constexpr Bound kEnd{UINT64_MAX, UINT64_MAX};

/// Immutable; 16 bytes for each item and 8 for its sum.
class ItemSet {
  public:
    /// In any order; repeated ones count once, and one equal to kEnd is left out.
    explicit ItemSet(std::vector<Item> items);

    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] const Item& at(std::size_t index) const { return items_[index]; }
    /// How many items are before `bound`.
    [[nodiscard]] std::size_t index_of(const Bound& bound) const;
    /// Of the items from `first` on and before `last`: the same on both sides when the items are, and else
    /// different but for one case in 2^64. Items cannot be put into another range unnoticed.
    [[nodiscard]] std::uint64_t fingerprint(std::size_t first, std::size_t last) const;
    /// A short bound between the item before `index` and the one there: as few low bits as possible are set.
    [[nodiscard]] Bound bound_before(std::size_t index) const;

  private:
    std::vector<Item> items_;
    std::vector<std::uint64_t> sums_;  // of the items before each index
};

}  // namespace tram::sync
