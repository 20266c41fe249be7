// What LinkManager does about network interfaces and discovered nodes.
#include <algorithm>
#include <utility>

#include "daemon/links/clock.h"
#include "daemon/links/link_manager_impl.h"

namespace tram::links {
namespace {

/// A neighbour on the local network answers at once, or is not there.
constexpr Duration kNeighbourLimit{3'000};

HostPort target_of(const Place& place) {
    return {place.address.to_string(), place.port};
}

std::string text_of(const Place& place) {
    return to_text(asio::ip::tcp::endpoint{place.address, place.port});
}

}  // namespace

Result<void> LinkManager::Impl::watch_networks() {
    if (!options.follow_interfaces) return {};
    monitor = std::make_shared<InterfaceMonitor>(executor);
    auto followed =
        monitor->start([this](const InterfaceTable::Changes& changes) { networks_changed(changes); });
    if (!followed && !options.discovery) {
        // A system may forbid it. Sessions then end by their timeouts.
        monitor.reset();
        report_failed_attempt("the network interfaces", std::nullopt, followed.error());
        return {};
    }
    if (!followed || !options.discovery) return followed;
    discovery = std::make_shared<Discovery>(
        executor, *options.discovery,
        SightingOptions{.own_id = options.session.node_id,
                        .pause_min = options.reconnect_min,
                        .pause_max = options.reconnect_max},
        monitor,
        Discovery::Hooks{.call = [this](const Sightings::Call& call) { call_discovered(call); },
                         .port_at = [this](const IpAddress& own) { return port_at(own); },
                         .restarted =
                             [this](const std::string& node_id) {
                                 for (const auto& [id, link] : links)
                                     if (link->up() && link->peer_node_id() == node_id) link->probe();
                             },
                         .ticked = [this] { look_after_silent(); }});
    return discovery->start();
}

void LinkManager::Impl::networks_changed(const InterfaceTable::Changes& changes) {
    // The connections of an interface that went down must not come back to life with it: what the kernel
    // still holds of them would be sent once more.
    const auto running = links;
    changing_networks = true;
    for (const auto& [id, link] : running) {
        if (!changes.gone.contains(link->local_address())) continue;
        link->drop(Error{ErrorCode::kUnavailable, "the network it went over is gone"});
    }
    changing_networks = false;
    for (const auto& [node_id, attempt] : attempts) {
        if (changes.lost.contains(attempt.call.place.interface)) attempt.dialer->cancel();
    }
    if (discovery) discovery->interfaces_changed(changes);
    if (std::exchange(networks_known, true) && !changes.refreshed.empty()) call_again();
}

/// A static peer may be in reach now that was not a moment ago.
void LinkManager::Impl::call_again() {
    for (const auto& caller : callers) {
        if (caller->state == Caller::State::kDialling) {
            caller->again = true;
            caller->dialer->cancel();
        } else if (caller->state == Caller::State::kPausing) {
            caller->again = true;
            caller->pause.cancel();
        }
    }
}

void LinkManager::Impl::call_discovered(const Sightings::Call& call) {
    const auto dialer = std::make_shared<Dialer>(executor);
    attempts[call.node_id] = {dialer, call};
    start_task(executor, [self = shared_from_this(), call, dialer] { return self->run_call(call, dialer); });
}

Task LinkManager::Impl::run_call(Sightings::Call call, std::shared_ptr<Dialer> dialer) {
    auto socket = co_await dialer->dial(target_of(call.place), kNeighbourLimit);
    if (stopping) co_return;
    if (!socket) {
        end_call(call, socket.error());
        co_return;
    }
    if (has_session(call.node_id)) {
        end_call(call, std::nullopt);
        co_return;
    }
    LinkSetup setup;
    setup.role = tcpcl::Role::kActive;
    setup.attempt_address = text_of(call.place);
    setup.expected_node_id = call.node_id;
    LinkId id = 0;
    const auto link = make_link(std::move(*socket), std::move(setup), id);
    attempts[call.node_id].link = id;
    co_await run_link(link, id);
}

LinkManager::Impl::Attempt* LinkManager::Impl::attempt_of(LinkId link) {
    const auto found =
        std::ranges::find_if(attempts, [&](const auto& each) { return each.second.link == link; });
    return found == attempts.end() ? nullptr : &found->second;
}

/// The call has led to a session, or to one that another one made needless, or to a failure.
void LinkManager::Impl::end_call(const Sightings::Call& call, const std::optional<Error>& failure) {
    attempts.erase(call.node_id);
    if (failure) {
        discovery->sightings().call_failed(call, failure->message, static_cast<std::uint32_t>(random()),
                                           monotonic_now());
    } else {
        discovery->sightings().call_done(call.node_id);
    }
    discovery->reconsider();
}

void LinkManager::Impl::session_began(LinkId id) {
    const auto link = links.at(id);
    const std::string& node_id = link->peer_node_id();
    if (node_id.empty()) return;
    bool another = false;
    for (const auto& [other_id, other] : links) {
        if (other_id == id || !other->up() || other->peer_node_id() != node_id) continue;
        // A peer that begins a second session may have lost the first one.
        other->probe();
        another = true;
    }
    if (!discovery) return;
    discovery->sightings().session_up(node_id);
    const Attempt* attempt = attempt_of(id);
    if (attempt == nullptr) return;
    end_call(Sightings::Call{attempt->call}, std::nullopt);
    // Both have called at once: the call of the smaller id stays.
    if (another && options.session.node_id > node_id) link->terminate(tcpcl::TermReason::kUnknown);
}

void LinkManager::Impl::session_ended(LinkId id, bool was_up, const std::optional<Error>& failure) {
    if (stopping) return;
    const auto found = links.find(id);
    const std::string node_id = found == links.end() ? std::string{} : found->second->peer_node_id();
    if (const Attempt* attempt = attempt_of(id)) end_call(Sightings::Call{attempt->call}, failure);
    if (!was_up || node_id.empty() || !discovery) return;
    discovery->sightings().session_down(node_id, changing_networks, monotonic_now());
    discovery->reconsider();
    for (std::size_t i = 0; i < callers.size(); ++i) {
        const bool waits = callers[i]->state == Caller::State::kWaiting;
        if (waits && options.peers[i].node_id == node_id) callers[i]->pause.cancel();
    }
}

/// The beacons of these peers stay away, and their sessions say nothing: they may be out of range.
void LinkManager::Impl::look_after_silent() {
    const Instant now = monotonic_now();
    const auto& heard = discovery->sightings().nodes();
    for (const auto& [id, link] : links) {
        if (!link->up() || now - link->last_read() < Sightings::kSilence) continue;
        const auto node = heard.find(link->peer_node_id());
        if (node != heard.end() && now - node->second.heard >= Sightings::kSilence) link->probe();
    }
}

bool LinkManager::Impl::has_session(const std::string& node_id) const {
    return std::ranges::any_of(
        links, [&](const auto& each) { return each.second->up() && each.second->peer_node_id() == node_id; });
}

std::uint16_t LinkManager::Impl::port_at(const IpAddress& own) const {
    for (const Acceptor& acceptor : acceptors) {
        error_code closed;
        const auto at = acceptor.local_endpoint(closed);
        if (closed) continue;
        const bool any = at.address().is_unspecified() && (at.address().is_v6() || own.is_v4());
        if (any || at.address() == own) return at.port();
    }
    return 0;
}

DiscoveryState LinkManager::Impl::discovery_state() const {
    if (!discovery) return {};
    DiscoveryState state = discovery->state();
    const Instant now = monotonic_now();
    for (const auto& [node_id, node] : discovery->sightings().nodes()) {
        if (!Sightings::is_fresh(node, now)) continue;
        Instant heard = node.heard;
        for (const auto& [id, link] : links) {
            if (link->up() && link->peer_node_id() == node_id) heard = std::max(heard, link->last_read());
        }
        state.nodes.push_back({node_id, text_of(node.heard_at), now - heard, node.last_error});
    }
    return state;
}

}  // namespace tram::links
