#include "daemon/node/neighbours.h"

#include <algorithm>

namespace tram::node {

namespace {

constexpr std::size_t kPeersMax = 4'096;

}  // namespace

void Pace::count(std::uint64_t bytes, Instant now) {
    while (now - since_ >= kPeriod) {
        const bool recent = now - since_ < 8 * kPeriod;
        best_ = std::max(bytes_, best_ - best_ / 4);
        bytes_ = 0;
        since_ = recent ? since_ + kPeriod : now;
    }
    bytes_ += bytes;
}

std::uint64_t Pace::bytes_per_second(Instant now) const {
    return now - since_ < 8 * kPeriod ? std::max(best_, bytes_) : 0;
}

Link& Neighbours::connect(const input::PeerUp& up, bool gated, bool syncing) {
    Link& link = links_[up.link];
    link = Link{.id = up.link,
                .peer = up.peer,
                .peer_text = up.peer.to_string(),
                .address = up.address,
                .transfer_mru = up.transfer_mru,
                .authenticated = up.authenticated,
                .ending = false,
                .gated = gated,
                .syncing = syncing,
                .bytes_in_flight = 0,
                .pace = {},
                .in_flight = {}};
    if (!up.peer.is_none()) {
        Peer& peer = peers_[up.peer];
        peer.id = up.peer;
        peer.text = link.peer_text;
        peer.links.push_back(up.link);
    }
    return link;
}

std::vector<std::pair<BundleKey, Order>> Neighbours::disconnect(LinkId id, Instant now,
                                                                const std::string& reason) {
    std::vector<std::pair<BundleKey, Order>> unconfirmed;
    const auto found = links_.find(id);
    if (found == links_.end()) return unconfirmed;
    for (const auto& [key, flight] : found->second.in_flight)
        unconfirmed.emplace_back(key, flight.order);
    std::ranges::sort(unconfirmed, {}, &std::pair<BundleKey, Order>::first);
    if (Peer* peer = this->peer(found->second.peer)) {
        std::erase(peer->links, id);
        peer->last_met = now;
        peer->last_reason = reason;
        if (peer->links.empty()) {
            peer->outbox.clear();
            peer->declined.clear();
            peer->paused_until.reset();
            peer->pause = Duration{0};
            // Strangers may come under ever new names: what is remembered of them is bounded.
            if (peers_.size() > kPeersMax) peers_.erase(found->second.peer);
        }
    }
    links_.erase(found);
    return unconfirmed;
}

Link* Neighbours::link(LinkId id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : &found->second;
}

Peer* Neighbours::peer(const bpv7::Eid& id) {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second;
}

Link* Neighbours::newest_link(const Peer& peer, bool with_gated) {
    for (auto id = peer.links.rbegin(); id != peer.links.rend(); ++id) {
        Link* candidate = link(*id);
        if (candidate != nullptr && !candidate->ending && (with_gated || !candidate->gated)) return candidate;
    }
    return nullptr;
}

Link* Neighbours::sending_link(const Peer& peer) {
    return newest_link(peer, false);
}

bool Neighbours::syncs(const Peer& peer) {
    const Link* link = newest_link(peer, true);
    return link != nullptr && link->syncing;
}

std::vector<Peer*> Neighbours::reachable() {
    std::vector<Peer*> found;
    for (const auto& [id, link] : links_) {
        Peer* peer = this->peer(link.peer);
        if (peer == nullptr) continue;
        const Link* newest = newest_link(*peer, true);
        if (newest != nullptr && newest->id == id) found.push_back(peer);
    }
    return found;
}

}  // namespace tram::node
