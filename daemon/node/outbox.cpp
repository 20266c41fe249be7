#include "daemon/node/outbox.h"

#include <algorithm>
#include <numeric>

namespace tram::node {

std::uint8_t tier_of(const store::BundleRecord& record) {
    if (record.kind == static_cast<std::uint8_t>(bpv7::Kind::kReceipt)) return 0;
    if (record.kind == static_cast<std::uint8_t>(bpv7::Kind::kControl)) return 1;
    return static_cast<std::uint8_t>(6 - std::min<unsigned>(record.urgency, 4));
}

Order order_of(const store::BundleRecord& record, const routing::Verdict& verdict, std::uint64_t lacking) {
    Order order{.tier = tier_of(record)};
    const auto bytes = static_cast<double>(lacking);
    switch (verdict.copy) {
        case routing::Verdict::Copy::kNone:
        case routing::Verdict::Copy::kDirect: order.cost = bytes; break;
        case routing::Verdict::Copy::kUtility: order.copy = 1; break;
        case routing::Verdict::Copy::kSurplus: order.copy = 2; break;
    }
    if (order.copy != 0) order.cost = bytes / std::max(verdict.gain, 1e-9);
    return order;
}

void Outbox::add(const Order& order, const Entry& entry) {
    const BundleKey key = entry.record.key;
    if (places_.contains(key)) return;
    const std::uint64_t index = entry.record.chunk ? entry.record.chunk->index : 0;
    const std::uint64_t bytes = entry.record.wire_length;
    places_.emplace(key, queue_.insert({order, entry.parcel->number, index, key, bytes}).first);
    bytes_.at(order.klass()) += bytes;
}

std::optional<Outbox::Next> Outbox::take() {
    if (queue_.empty()) return std::nullopt;
    const Place first = *queue_.begin();
    bytes_.at(first.order.klass()) -= first.bytes;
    places_.erase(first.key);
    queue_.erase(queue_.begin());
    return Next{first.key, first.order};
}

void Outbox::clear() {
    queue_.clear();
    places_.clear();
    bytes_.fill(0);
}

std::uint64_t Outbox::bytes_before(std::size_t klass) const {
    return std::accumulate(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(klass) + 1,
                           std::uint64_t{0});
}

}  // namespace tram::node
