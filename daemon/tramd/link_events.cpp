// What the daemon hears from its links, as inputs of the node.
#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/node/sync.h"
#include "daemon/node/trust_messages.h"
#include "daemon/tramd/daemon.h"

namespace tram::tramd {

namespace {

node::Refusal to_refusal(tcpcl::RefuseReason reason) {
    switch (reason) {
        case tcpcl::RefuseReason::kCompleted: return node::Refusal::kCompleted;
        case tcpcl::RefuseReason::kNoResources: return node::Refusal::kNoResources;
        case tcpcl::RefuseReason::kRetransmit: return node::Refusal::kRetransmit;
        case tcpcl::RefuseReason::kSessionTerminating: return node::Refusal::kTerminating;
        case tcpcl::RefuseReason::kUnknown:
        case tcpcl::RefuseReason::kNotAcceptable:
        case tcpcl::RefuseReason::kExtensionFailure: return node::Refusal::kNotAcceptable;
    }
    return node::Refusal::kNotAcceptable;
}

bool speaks(const links::LinkUp& up, std::uint16_t extension, std::uint8_t version) {
    return std::ranges::any_of(up.extensions, [&](const tcpcl::ExtensionItem& item) {
        return item.type == extension && !item.value.empty() && item.value.view().front() >= version;
    });
}

}  // namespace

void Daemon::link_up(const links::LinkUp& up) {
    if (up.configured_peer) {
        configured_links_[up.link] = *up.configured_peer;
        attempt_errors_[*up.configured_peer].clear();
    }
    auto peer = bpv7::Eid::parse(up.peer_node_id.empty() ? "dtn:none" : up.peer_node_id);
    if (!peer || !(peer->is_none() || peer->is_node_id())) {
        spdlog::warn("{} announces '{}', which is no node id; it may bring bundles but gets none", up.address,
                     up.peer_node_id);
        peer = bpv7::Eid{};
    }
    input(node::input::PeerUp{
        .link = up.link,
        .peer = std::move(*peer),
        .transfer_mru = up.transfer_mru,
        .address = up.address,
        .authenticated = up.authenticated,
        .trusts = up.authenticated && speaks(up, node::kTrustExtension, node::kTrustVersion),
        .syncs = speaks(up, node::kSyncExtension, sync::kVersion)});
}

void Daemon::received(links::LinkId link, tcpcl::TransferId transfer, Bytes bundle) {
    input(node::input::Arrived{link, transfer, std::move(bundle)});
}

std::optional<node::BundleKey> Daemon::finish_transfer(links::LinkId link, tcpcl::TransferId transfer) {
    const auto running = transfers_.find(link);
    if (running == transfers_.end()) return std::nullopt;
    const auto found = running->second.extract(transfer);
    return found.empty() ? std::nullopt : std::optional{found.mapped()};
}

void Daemon::acknowledged(links::LinkId link, tcpcl::TransferId transfer) {
    if (const auto key = finish_transfer(link, transfer)) input(node::input::Confirmed{link, *key});
}

void Daemon::refused(links::LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) {
    if (const auto key = finish_transfer(link, transfer)) {
        input(node::input::Declined{link, *key, to_refusal(reason)});
    }
}

void Daemon::link_ending(links::LinkId link) {
    input(node::input::PeerEnding{link});
}

void Daemon::link_down(links::LinkId link, const std::optional<Error>& failure) {
    transfers_.erase(link);
    configured_links_.erase(link);
    input(node::input::PeerDown{link, failure ? failure->message : std::string{}});
}

void Daemon::attempt_failed(const std::string& address, std::optional<std::size_t> configured_peer,
                            const Error& failure) {
    const bool out_of_range = configured_peer && failure.code == ErrorCode::kUnavailable;
    if (!out_of_range) ++links_refused_[static_cast<std::size_t>(failure.code)];
    if (!configured_peer) {
        if (may_log_refusal(failure.code)) {
            spdlog::info("no session with {}: {}: {}", address, code_name(failure.code), failure.message);
        }
        return;
    }
    // A peer out of range is the ordinary case: said once, and again only when the reason changes.
    std::string& last = attempt_errors_[*configured_peer];
    if (last != failure.message) {
        spdlog::info("{} {}: {}: {}", address, out_of_range ? "is not in reach" : "is no peer now",
                     code_name(failure.code), failure.message);
    }
    last = failure.message;
}

}  // namespace tram::tramd
