#include <sstream>
#include <string_view>
#include <toml++/toml.h>

#include "config/load.h"
#include "config/names.h"
#include "config/quantity.h"

namespace tram::config {

namespace {

std::string quoted(const std::string& text) {
    std::ostringstream out;
    out << toml::value<std::string>{text};
    return out.str();
}

std::string list(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        if (!out.empty()) out += ", ";
        out += quoted(text);
    }
    return "[" + out + "]";
}

std::string_view flag(bool value) {
    return value ? "true" : "false";
}

std::string size(std::uint64_t bytes) {
    return quoted(exact_size(bytes));
}

std::string duration(Duration length) {
    return quoted(exact_duration(length));
}

void write_routing(std::ostream& out, const Routing& routing) {
    out << "\n[routing]\nrouter = "
        << quoted(std::string{kRouterNames.at(static_cast<std::size_t>(routing.router))}) << "\n";
    for (const Route& route : routing.routes) {
        out << "\n[[routing.route]]\nto = " << quoted(route.to) << "\nvia = " << quoted(route.via) << "\n";
    }
}

void write_links(std::ostream& out, const Links& links) {
    out << "\n[links]"
        << "\nlisten = " << list(links.listen)
        << "\nkeepalive = " << duration(std::chrono::seconds{links.keepalive_s})
        << "\nsegment_max = " << size(links.segment_bytes_max)
        << "\nbundle_max = " << size(links.bundle_bytes_max)
        << "\nidle_timeout = " << duration(links.idle_timeout)
        << "\nstall_timeout = " << duration(links.stall_timeout)
        << "\nreconnect_min = " << duration(links.reconnect_min)
        << "\nreconnect_max = " << duration(links.reconnect_max) << "\nsessions_max = " << links.sessions_max
        << "\n";
}

}  // namespace

std::string to_toml(const Config& config) {
    std::ostringstream out;
    out << "[node]"
        << "\nid = " << quoted(config.node.id) << "\ngroups = " << list(config.node.groups)
        << "\nareas = " << list(config.node.areas) << "\nvillages = " << list(config.node.villages)
        << "\nclock_trusted = " << flag(config.node.clock_trusted) << "\n";
    out << "\n[security]"
        << "\nidentity = " << quoted(config.security.identity.string())
        << "\nopen = " << flag(config.security.open)
        << "\nunsigned_sources = " << list(config.security.unsigned_sources)
        << "\naudit = " << quoted(config.security.audit.string()) << "\n";
    out << "\n[store]"
        << "\ndirectory = " << quoted(config.store.directory.string())
        << "\nquota = " << size(config.store.quota_bytes)
        << "\nreserve = " << size(config.store.reserve_bytes) << "\n";
    out << "\n[quota]"
        << "\nsource = " << static_cast<unsigned>(config.quota.source_percent)
        << "\npeer = " << static_cast<unsigned>(config.quota.peer_percent)
        << "\nbulk = " << static_cast<unsigned>(config.quota.bulk_percent)
        << "\nsurplus = " << static_cast<unsigned>(config.quota.surplus_percent) << "\n";
    out << "\n[api]"
        << "\nendpoint = " << quoted(config.api.endpoint) << "\nevents = " << quoted(config.api.events)
        << "\n";
    write_links(out, config.links);
    out << "\n[discovery]"
        << "\nenabled = " << flag(config.discovery.enabled)
        << "\ninterfaces = " << list(config.discovery.interfaces) << "\nport = " << config.discovery.port
        << "\n";
    for (const Peer& peer : config.peers) {
        out << "\n[[peer]]\n";
        if (!peer.id.empty()) out << "id = " << quoted(peer.id) << "\n";
        out << "address = " << quoted(peer.address) << "\n";
        if (peer.plain) out << "plain = true\n";
    }
    for (const Office& office : config.offices) {
        out << "\n[[office]]\nid = " << quoted(office.id) << "\nendpoint = " << quoted(office.endpoint)
            << "\n";
    }
    write_routing(out, config.routing);
    out << "\n[bundles]"
        << "\nlifetime = " << duration(config.bundles.lifetime)
        << "\nhop_limit = " << static_cast<unsigned>(config.bundles.hop_limit)
        << "\nstrict = " << flag(config.bundles.strict)
        << "\nstatus_reports = " << flag(config.bundles.status_reports)
        << "\ndelivery_lease = " << duration(config.bundles.delivery_lease)
        << "\noffer_again = " << duration(config.bundles.offer_again) << "\n";
    out << "\n[log]\nlevel = "
        << quoted(std::string{kLogLevelNames.at(static_cast<std::size_t>(config.log.level))}) << "\n";
    return out.str();
}

std::string to_json(const Config& config) {
    const toml::table document = toml::parse(to_toml(config));
    std::ostringstream out;
    out << toml::json_formatter{document, toml::format_flags::quote_dates_and_times};
    std::string text = out.str();
    std::erase(text, '\n');  // the formatter's own: line ends inside of texts are escaped
    return text;
}

}  // namespace tram::config
