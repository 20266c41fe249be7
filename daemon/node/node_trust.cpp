// What the node does about peers it believes or not, and about news of whom to believe.
#include <utility>

#include "daemon/node/node.h"

namespace tram::node {

namespace {

using What = effect::Notify::What;

Error revoked_error(const std::string& node) {
    return {ErrorCode::kCertificateRevoked,
            "the certificates of " + node + " are revoked: it may not talk to us any more"};
}

std::string news_text(const Trust::Changes& changes) {
    std::string text = std::to_string(changes.certificates.size()) + " new certificates";
    for (const std::string& list : changes.lists)
        text += ", a new revocation list of " + list.substr(0, list.find('#'));
    return text;
}

}  // namespace

void Node::set_now(Now raw) {
    const WallClock::Verdict before = wall_clock_.verdict();
    custody_.set_now(wall_clock_.judge(raw, {.trusted = options().clock_trusted,
                                             .earliest = options().clock_earliest,
                                             .floor = trust_.time_floor(),
                                             .certificate_ends = options().security.certificate_ends}));
    if (wall_clock_.verdict() == before) return;
    custody_.emit(effect::Notify{What::kClock, {}, {}, {}, wall_clock_.reason()});
}

std::string_view Node::identity_state() const {
    return trust_.identity_state(wall_clock_.verdict() == WallClock::Verdict::kBeyond);
}

void Node::handle(const input::PeerUp& up) {
    const bool secured = !options().security.open;
    const std::string name = up.peer.to_string();
    // Of an authenticated peer the certificate that it showed was asked; of a plain one there is the name.
    if (secured && !up.authenticated && trust_.is_revoked(name)) return disconnect(up.link, name);
    const bool exchanges = secured && up.authenticated && up.trusts;
    // Who says nothing about itself cannot be asked, and whom nobody proves is not believed.
    const bool syncs = up.syncs && !up.peer.node_name().empty() && !options().node_id.node_name().empty() &&
                       (!secured || up.authenticated);
    forwarding_.peer_up(up, exchanges, syncs);
    if (exchanges) exchange_.link_up(up);
    if (syncs) sync_.link_up(up);
}

void Node::handle(const input::PeerDown& down) {
    exchange_.link_down(down.link);
    sync_.link_down(down.link);
    forwarding_.peer_down(down);
}

void Node::handle(const input::Confirmed& confirmed) {
    if (confirmed.key == kUnstored) return exchange_.answered(confirmed.link);
    if (confirmed.key == kSyncMessage) return;
    sync_.confirming(confirmed.link, confirmed.key);
    forwarding_.confirmed(confirmed);
}

void Node::handle(const input::Declined& declined) {
    if (declined.key == kUnstored) return exchange_.answered(declined.link);
    if (declined.key == kSyncMessage) return sync_.refused(declined.link);
    if (declined.refusal == Refusal::kNoResources) sync_.no_room(declined.link, declined.key);
    forwarding_.declined(declined);
}

Result<std::string> Node::accept_chain(const std::vector<Bytes>& chain, Now now) {
    set_now(now);
    auto peer = trust_.accept_chain(chain);
    settle_trust();
    return peer;
}

void Node::handle(const input::Trust& trust) {
    auto bundle = identity::decode_trust(trust.wire);
    if (!bundle) {
        custody_.emit(effect::Reply{trust.request, std::unexpected{std::move(bundle.error())}});
        return;
    }
    std::vector<Error> refused = trust_.learn(*bundle);
    const Trust::Changes& changes = trust_.changes();
    effect::Reply::Trusted trusted;
    trusted.new_certificates = static_cast<std::uint32_t>(changes.certificates.size());
    trusted.new_lists = static_cast<std::uint32_t>(changes.lists.size());
    const bool in_vain = changes.certificates.empty() && changes.lists.empty() && !refused.empty();
    const Enforced enforced = settle_trust();
    trusted.sessions_ended = enforced.sessions_ended;
    trusted.bundles_held = enforced.bundles_held;
    if (in_vain) {
        custody_.emit(effect::Reply{trust.request, std::unexpected{std::move(refused.front())}});
    } else {
        custody_.emit_when_durable(effect::Reply{trust.request, trusted});
    }
}

Node::Enforced Node::settle_trust() {
    Enforced enforced;
    const Trust::Changes changes = trust_.take_changes();
    if (changes.empty()) return enforced;
    std::string from;
    if (changes.from) {
        const Link* link = forwarding_.neighbours().link(*changes.from);
        if (link != nullptr) from = link->peer_text;
    }
    custody_.emit(effect::Notify{What::kTrust, {}, {}, from, news_text(changes)});
    if (!changes.lists.empty()) enforced.sessions_ended = end_sessions_of_revoked();
    enforced.bundles_held = hold_bundles_of(changes.revoked);
    exchange_.spread(changes);
    return enforced;
}

std::uint32_t Node::hold_bundles_of(const std::vector<std::string>& nodes) {
    std::uint32_t all = 0;
    for (const std::string& node : nodes) {
        const auto revoked = bpv7::Eid::parse(node);
        if (!revoked) continue;
        std::vector<BundleKey> theirs;
        for (const auto& [key, entry] : custody_.inventory().entries()) {
            if (entry.record.held) continue;
            const auto source = bpv7::Eid::parse(entry.record.source);
            if (source && source->node_id() == *revoked) theirs.push_back(key);
        }
        // Said before anything of it is durable: the log of acts is ahead of the acts.
        custody_.emit(effect::Notify{What::kRevoked,
                                     {},
                                     {},
                                     node,
                                     std::to_string(theirs.size()) + " of its bundles here are now held"});
        for (const BundleKey key : theirs) {
            Entry* entry = custody_.inventory().find(key);
            if (entry == nullptr) continue;
            set_held(*entry, true);
            custody_.notify(What::kHeld, *entry, node,
                            std::string{code_name(ErrorCode::kCertificateRevoked)} + ": " + node +
                                " is revoked; `tram bundle release` lets it go on, `tram bundle cancel` "
                                "removes it");
        }
        all += static_cast<std::uint32_t>(theirs.size());
    }
    return all;
}

std::uint32_t Node::end_sessions_of_revoked() {
    const auto revoked = trust_.revoked_for_tls();
    std::vector<std::pair<LinkId, std::string>> ended;
    for (const auto& [id, link] : forwarding_.neighbours().links()) {
        const bool banned =
            link.authenticated ? revoked.contains(link.peer_text) : trust_.is_revoked(link.peer_text);
        if (banned) ended.emplace_back(id, link.peer_text);
    }
    for (const auto& [id, node] : ended)
        disconnect(id, node);
    return static_cast<std::uint32_t>(ended.size());
}

void Node::disconnect(LinkId link, const std::string& node) {
    exchange_.link_down(link);
    sync_.link_down(link);
    forwarding_.peer_ending(link);
    custody_.emit(effect::Disconnect{link, revoked_error(node)});
}

}  // namespace tram::node
