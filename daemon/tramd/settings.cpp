#include "daemon/tramd/settings.h"

#include <algorithm>
#include <utility>

#include "daemon/api/message_requests.h"
#include "daemon/node/sync.h"
#include "daemon/node/trust_messages.h"
#include "daemon/tramd/clock.h"

namespace tram::tramd {

namespace {

// Headers and blocks around the largest payload that is taken.
constexpr std::size_t kEnvelopeBytesMax = 64U << 10;

node::RouterKind router_kind(config::RouterKind kind) {
    switch (kind) {
        case config::RouterKind::kDirect: return node::RouterKind::kDirect;
        case config::RouterKind::kStatic: return node::RouterKind::kStatic;
        case config::RouterKind::kEpidemic: return node::RouterKind::kEpidemic;
        case config::RouterKind::kSpray: return node::RouterKind::kSpray;
        case config::RouterKind::kProphet: return node::RouterKind::kProphet;
        case config::RouterKind::kEta: return node::RouterKind::kEta;
    }
    return node::RouterKind::kDirect;
}

Limits limits(const config::Config& config) {
    Limits limits;
    limits.bundle_bytes_max = config.links.bundle_bytes_max;
    return limits;
}

}  // namespace

Result<node::NodeOptions> node_options(const config::Config& config, node::Security security) {
    node::NodeOptions options;
    options.security = std::move(security);
    options.clock_trusted = config.node.clock_trusted;
    options.clock_earliest = program_time();
    auto id = bpv7::Eid::parse(config.node.id);
    if (!id) return std::unexpected{id.error()};
    options.node_id = std::move(*id);
    for (const std::string& text : config.node.groups) {
        auto group = bpv7::Eid::parse(text);
        if (!group) return std::unexpected{group.error()};
        options.groups.push_back(std::move(*group));
    }
    for (const config::Route& route : config.routing.routes) {
        auto via = bpv7::Eid::parse(route.via);
        if (!via) return std::unexpected{via.error()};
        options.routes.push_back({route.to, std::move(*via)});
    }
    for (const config::Office& office : config.offices) {
        auto endpoint = bpv7::Eid::parse(office.endpoint);
        if (!endpoint) return std::unexpected{endpoint.error()};
        options.offices.push_back({office.id, std::move(*endpoint)});
    }
    options.areas = config.node.areas;
    options.villages = config.node.villages;
    options.router = router_kind(config.routing.router);
    options.limits = limits(config);
    options.strict = config.bundles.strict;
    options.status_reports = config.bundles.status_reports;
    options.lifetime_ms = static_cast<std::uint64_t>(config.bundles.lifetime.count());
    options.hop_limit = config.bundles.hop_limit;
    options.delivery_lease = config.bundles.delivery_lease;
    options.offer_again_ms =
        static_cast<std::uint64_t>(std::chrono::milliseconds{config.bundles.offer_again}.count());
    options.quota_bytes = config.store.quota_bytes;
    options.source_percent_max = config.quota.source_percent;
    options.peer_percent_max = config.quota.peer_percent;
    options.bulk_percent_max = config.quota.bulk_percent;
    options.surplus_percent_max = config.quota.surplus_percent;
    return options;
}

links::LinkOptions link_options(const config::Config& config) {
    links::LinkOptions options;
    options.session.node_id = config.node.id;
    options.session.keepalive_s = config.links.keepalive_s;
    options.session.segment_mru = config.links.segment_bytes_max;
    options.session.transfer_mru = config.links.bundle_bytes_max;
    options.session.idle_timeout = config.links.idle_timeout;
    options.session.stall_timeout = config.links.stall_timeout;
    options.receiving_bytes_max = std::max(options.receiving_bytes_max, 2 * config.links.bundle_bytes_max);
    options.listen = config.links.listen;
    for (const config::Peer& peer : config.peers)
        options.peers.push_back({peer.id, peer.address, peer.plain});
    options.session.extensions.push_back(
        {.flags = 0, .type = node::kSyncExtension, .value = Bytes{Buffer{sync::kVersion}}});
    if (!config.security.open) {
        options.session.extensions.push_back(
            {.flags = 0, .type = node::kTrustExtension, .value = Bytes{Buffer{node::kTrustVersion}}});
    }
    options.reconnect_min = config.links.reconnect_min;
    options.reconnect_max = config.links.reconnect_max;
    options.sessions_max = config.links.sessions_max;
    options.follow_interfaces = true;
    if (config.discovery.enabled) {
        options.discovery.emplace();
        options.discovery->port = config.discovery.port;
        options.discovery->interfaces = config.discovery.interfaces;
    }
    return options;
}

store::RocksStoreOptions store_options(const config::Config& config) {
    store::RocksStoreOptions options;
    options.directory = config.store.directory;
    options.reserve_bytes = config.store.reserve_bytes;
    return options;
}

api::SocketOptions api_options(const config::Config& config) {
    return {config.api.endpoint, config.api.events,
            std::max(config.links.bundle_bytes_max, api::kContentFrameBytesMax) + kEnvelopeBytesMax};
}

}  // namespace tram::tramd
