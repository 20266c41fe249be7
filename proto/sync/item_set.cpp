#include "proto/sync/item_set.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tram::sync {

namespace {

/// Every bit of the result depends on every bit of `x` (the finalizer of MurmurHash3).
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

/// The value from `above` + 1 to `at_most` with the most zeros at its end.
std::uint64_t roundest(std::uint64_t above, std::uint64_t at_most) {
    const auto shift = std::bit_width(above ^ at_most) - 1;
    return at_most >> shift << shift;
}

}  // namespace

ItemSet::ItemSet(std::vector<Item> items) : items_{std::move(items)} {
    std::ranges::sort(items_);
    const auto repeated = std::ranges::unique(items_);
    items_.erase(repeated.begin(), repeated.end());
    if (!items_.empty() && items_.back() == kEnd) items_.pop_back();
    sums_.reserve(items_.size() + 1);
    std::uint64_t sum = 0;
    sums_.push_back(sum);
    for (const Item& item : items_)
        sums_.push_back(sum += mix(item.id ^ mix(item.time_ms)));
}

std::size_t ItemSet::index_of(const Bound& bound) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(items_, bound) - items_.begin());
}

std::uint64_t ItemSet::fingerprint(std::size_t first, std::size_t last) const {
    return mix(sums_[last] - sums_[first] + mix(last - first));
}

Bound ItemSet::bound_before(std::size_t index) const {
    const Item& next = items_[index];
    if (index == 0) return next;
    const Item& before = items_[index - 1];
    if (before.time_ms != next.time_ms) return {roundest(before.time_ms, next.time_ms), 0};
    return {next.time_ms, roundest(before.id, next.id)};
}

}  // namespace tram::sync
