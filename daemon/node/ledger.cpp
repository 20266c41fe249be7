#include "daemon/node/ledger.h"

#include <algorithm>

namespace tram::node {

PeerNumber Ledger::number(std::string_view peer) {
    const auto next = static_cast<PeerNumber>(numbers_.size());
    return numbers_.try_emplace(std::string{peer}, next).first->second;
}

PeerNumber Ledger::find(std::string_view peer) const {
    const auto found = numbers_.find(std::string{peer});
    return found == numbers_.end() ? kNobody : found->second;
}

void Holders::add(PeerNumber peer, std::uint64_t now_ms) {
    const auto now_s = static_cast<std::uint32_t>(now_ms / 1'000);
    const auto found = std::ranges::find(holders_, peer, &Holder::peer);
    if (found == holders_.end()) {
        holders_.push_back({peer, now_s});
    } else {
        found->at_s = std::max(found->at_s, now_s);
    }
}

void Holders::forget(PeerNumber peer) {
    std::erase_if(holders_, [&](const Holder& holder) { return holder.peer == peer; });
}

bool Holders::contains(PeerNumber peer, std::uint64_t since_ms) const {
    const auto found = std::ranges::find(holders_, peer, &Holder::peer);
    return found != holders_.end() && std::uint64_t{found->at_s} >= since_ms / 1'000;
}

}  // namespace tram::node
