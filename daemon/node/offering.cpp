#include "daemon/node/offering.h"

#include <utility>

namespace tram::node {

void Offering::add(ParcelNumber parcel, const Order& order, const routing::Verdict& verdict) {
    remove(parcel);
    queue_.insert({order, parcel});
    candidates_.emplace(parcel, std::pair{order, verdict});
}

void Offering::remove(ParcelNumber parcel) {
    const auto found = candidates_.find(parcel);
    if (found == candidates_.end()) return;
    queue_.erase({found->second.first, parcel});
    candidates_.erase(found);
}

void Offering::clear() {
    queue_.clear();
    candidates_.clear();
}

std::optional<Offering::Candidate> Offering::first() const {
    if (queue_.empty()) return std::nullopt;
    const ParcelNumber parcel = queue_.begin()->parcel;
    const auto& [order, verdict] = candidates_.at(parcel);
    return Candidate{parcel, order, verdict};
}

std::uint64_t Offering::ask(std::vector<Asked> items) {
    for (const Asked& item : items)
        asked_keys_.insert(item.parts.begin(), item.parts.end());
    asked_.emplace(++last_offer_, std::move(items));
    return last_offer_;
}

std::optional<std::vector<Offering::Asked>> Offering::answered(std::uint64_t number) {
    auto found = asked_.extract(number);
    if (found.empty()) return std::nullopt;
    for (const Asked& item : found.mapped()) {
        for (const BundleKey key : item.parts)
            asked_keys_.erase(key);
    }
    return std::move(found.mapped());
}

}  // namespace tram::node
