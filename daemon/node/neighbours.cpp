#include "daemon/node/neighbours.h"

#include <algorithm>

namespace tram::node {

namespace {

constexpr std::size_t kPeersMax = 4'096;

}  // namespace

std::optional<BundleKey> Peer::dequeue() {
    if (queue.empty()) return std::nullopt;
    const auto first = queue.begin();
    const BundleKey key = first->second.front();
    first->second.pop_front();
    if (first->second.empty()) queue.erase(first);
    return key;
}

Link& Neighbours::connect(const input::PeerUp& up, bool gated) {
    Link& link = links_[up.link];
    link = Link{.id = up.link,
                .peer = up.peer,
                .peer_text = up.peer.to_string(),
                .address = up.address,
                .transfer_mru = up.transfer_mru,
                .authenticated = up.authenticated,
                .ending = false,
                .gated = gated,
                .bytes_in_flight = 0,
                .in_flight = {}};
    if (!up.peer.is_none()) {
        Peer& peer = peers_[up.peer];
        peer.id = up.peer;
        peer.text = link.peer_text;
        peer.links.push_back(up.link);
    }
    return link;
}

std::vector<BundleKey> Neighbours::disconnect(LinkId id, Instant now, const std::string& reason) {
    std::vector<BundleKey> unconfirmed;
    const auto found = links_.find(id);
    if (found == links_.end()) return unconfirmed;
    for (const auto& [key, bytes] : found->second.in_flight)
        unconfirmed.push_back(key);
    std::ranges::sort(unconfirmed);
    if (Peer* peer = this->peer(found->second.peer)) {
        std::erase(peer->links, id);
        peer->last_met = now;
        peer->last_reason = reason;
        if (peer->links.empty()) {
            peer->queue.clear();
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
