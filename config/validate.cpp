#include "config/validate.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "config/addresses.h"
#include "config/quantity.h"
#include "proto/bpv7/eid.h"

namespace tram::config {

namespace {

using bpv7::Eid;

std::string item(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

void check_node_id(const std::string& text, const std::string& key, Report& report) {
    static constexpr std::string_view kExpected = "expected a node id such as dtn://18904-srv/ or ipn:12.0";
    const auto eid = Eid::parse(text);
    if (!eid) {
        report.add(key, std::string{kExpected} + ": " + eid.error().message);
    } else if (eid->is_none() || !eid->is_node_id()) {
        report.add(key, std::string{kExpected} + ", got the endpoint \"" + text + "\"");
    }
}

void check_group(const std::string& text, const std::string& key, Report& report) {
    static constexpr std::string_view kExpected = "expected a group endpoint such as dtn://18904/~notice";
    const auto eid = Eid::parse(text);
    if (!eid) {
        report.add(key, std::string{kExpected} + ": " + eid.error().message);
    } else if (eid->is_none() || eid->is_singleton()) {
        report.add(key, std::string{kExpected} + ", got \"" + text + "\", which names one receiver or none");
    }
}

void check_address(Result<void> (*check)(std::string_view), const std::string& text, const std::string& key,
                   std::string_view expected, Report& report) {
    if (const auto result = check(text); !result) {
        report.add(key,
                   "expected " + std::string{expected} + ", got \"" + text + "\": " + result.error().message);
    }
}

/// At least something that is no punctuation, and none of the signs that part names. Its letters are looked
/// at by proto/admin when the node starts.
bool is_village(std::string_view text) {
    constexpr std::size_t kVillageBytesMax = 96;
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    return text.size() <= kVillageBytesMax && text.find_first_of(",/*:@") == std::string_view::npos &&
           std::ranges::any_of(text, letter);
}

bool is_commune(std::string_view text) {
    constexpr std::size_t kCommuneDigits = 5;
    return text.size() == kCommuneDigits &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_role(std::string_view text) {
    constexpr std::size_t kRoleBytesMax = 32;
    return !text.empty() && text.size() <= kRoleBytesMax && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

/// As proto/admin names audiences, with one village: 18904, 18904/DH-07, role:to-cong-nghe-so@18904.
bool is_area(std::string_view text) {
    constexpr std::string_view kRole = "role:";
    constexpr std::string_view kCommune = "xa:";
    if (text.starts_with(kRole)) {
        text.remove_prefix(kRole.size());
        const std::size_t at = text.find('@');
        return at != std::string_view::npos && is_role(text.substr(0, at)) && is_commune(text.substr(at + 1));
    }
    if (text.starts_with(kCommune)) text.remove_prefix(kCommune.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return is_commune(text);
    return is_commune(text.substr(0, slash)) &&
           (text.substr(slash) == "/*" || is_village(text.substr(slash + 1)));
}

/// Reports texts that `is_one` does not take, or that are there twice.
void check_each_once(const std::vector<std::string>& texts, const std::string& key,
                     bool (*is_one)(std::string_view), const std::string& expected, Report& report) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!is_one(texts[i])) {
            report.add(item(key, i), "expected " + expected + ", got \"" + texts[i] + "\"");
        } else if (!seen.insert(texts[i]).second) {
            report.add(item(key, i), "expected each once, \"" + texts[i] + "\" is there twice");
        }
    }
}

void validate_node(const Node& node, Report& report) {
    constexpr std::size_t kAreasMax = 60;
    constexpr std::size_t kVillagesMax = 256;
    if (!node.id.empty()) check_node_id(node.id, "node.id", report);
    for (std::size_t i = 0; i < node.groups.size(); ++i) {
        check_group(node.groups[i], item("node.groups", i), report);
    }
    check_each_once(node.areas, "node.areas", is_area,
                    "an area such as 18904, 18904/DH-07 or role:to-cong-nghe-so@18904", report);
    check_each_once(node.villages, "node.villages", is_village,
                    "the name of a village such as DH-07 or Khâu Slôm, without the commune", report);
    if (node.areas.size() > kAreasMax) report.add("node.areas", "expected at most 60 areas");
    if (node.villages.size() > kVillagesMax) report.add("node.villages", "expected at most 256 villages");
}

/// A pattern is good when some text in place of its stars makes it an endpoint.
bool is_endpoint_pattern(const std::string& pattern) {
    static constexpr std::array<std::string_view, 6> kFillers = {"1",     "1/",  "1/1",
                                                                 "//1/1", "1.1", "dtn://1/1"};
    return std::ranges::any_of(kFillers, [&](std::string_view filler) {
        std::string text;
        for (const char c : pattern) {
            if (c == '*') {
                text += filler;
            } else {
                text += c;
            }
        }
        return Eid::parse(text).has_value();
    });
}

void validate_security(const Security& security, Report& report) {
    static constexpr std::string_view kPath = "expected the path of a ";
    if (security.identity.empty() && !security.open) {
        report.add("security.identity", std::string{kPath} + "directory, got \"\"");
    }
    if (security.audit.empty()) report.add("security.audit", std::string{kPath} + "file, got \"\"");
    for (std::size_t i = 0; i < security.unsigned_sources.size(); ++i) {
        const std::string& pattern = security.unsigned_sources[i];
        if (is_endpoint_pattern(pattern)) continue;
        report.add(item("security.unsigned_sources", i),
                   "expected an endpoint, '*' standing for any run of characters, such as ipn:12.*, got \"" +
                       pattern + "\"");
    }
}

void validate_store(const Store& store, Report& report) {
    if (store.directory.empty()) report.add("store.directory", "expected the path of a directory, got \"\"");
    if (store.reserve_bytes > store.quota_bytes / 2) {
        report.add("store.reserve", "expected at most half of store.quota (" + exact_size(store.quota_bytes) +
                                        "), got " + exact_size(store.reserve_bytes));
    }
}

void validate_api(const Api& api, Report& report) {
    static constexpr std::string_view kExpected = "a ZeroMQ endpoint such as ipc:///run/tram/api";
    check_address(check_api_endpoint, api.endpoint, "api.endpoint", kExpected, report);
    check_address(check_api_endpoint, api.events, "api.events", kExpected, report);
    if (api.endpoint == api.events) {
        report.add("api.events", "expected another endpoint than api.endpoint, both are " + api.events);
    }
}

void validate_links(const Links& links, Report& report) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < links.listen.size(); ++i) {
        const std::string key = item("links.listen", i);
        check_address(check_listen_address, links.listen[i], key, "address:port such as [::]:4556", report);
        const bool any_port = links.listen[i].ends_with(":0");
        if (!any_port && !seen.insert(links.listen[i]).second) {
            report.add(key, "expected each address once, \"" + links.listen[i] + "\" is there twice");
        }
    }
    if (links.segment_bytes_max > links.bundle_bytes_max) {
        report.add("links.segment_max", "expected at most links.bundle_max (" +
                                            exact_size(links.bundle_bytes_max) + "), got " +
                                            exact_size(links.segment_bytes_max));
    }
    if (links.reconnect_max < links.reconnect_min) {
        report.add("links.reconnect_max", "expected at least links.reconnect_min (" +
                                              exact_duration(links.reconnect_min) + "), got " +
                                              exact_duration(links.reconnect_max));
    }
}

void validate_discovery(const Discovery& discovery, Report& report) {
    constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ, without the zero at the end
    const auto is_pattern = [](std::string_view text) {
        const auto is_sign = [](char c) { return c > ' ' && c < '\x7f' && c != '/'; };
        return !text.empty() && text.size() <= kInterfaceNameMax && std::ranges::all_of(text, is_sign);
    };
    check_each_once(discovery.interfaces, "discovery.interfaces", is_pattern,
                    "the name of a network interface, '*' standing for any run of characters, such as wlan*",
                    report);
    if (discovery.interfaces.empty() && discovery.enabled) {
        report.add("discovery.interfaces",
                   "expected at least one name such as \"*\"; to switch discovery off, enabled = false");
    }
}

void validate_peers(const Config& config, Report& report) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < config.peers.size(); ++i) {
        const Peer& peer = config.peers[i];
        const std::string key = item("peer", i);
        if (!peer.id.empty()) check_node_id(peer.id, key + ".id", report);
        if (peer.plain && peer.id.empty() && !config.security.open) {
            report.add(key + ".plain",
                       "expected the id of this peer too: without TLS its name is all that it is known by");
        }
        if (!peer.id.empty() && peer.id == config.node.id) {
            report.add(key + ".id",
                       "expected the id of another node, " + peer.id + " is this node (node.id)");
        }
        if (report.has(key + ".address")) continue;
        check_address(check_peer_address, peer.address, key + ".address", "host:port such as 192.0.2.7:4556",
                      report);
        if (!seen.insert(peer.address).second) {
            report.add(key + ".address",
                       "expected each address once, \"" + peer.address + "\" is there twice");
        }
    }
}

/// As proto/admin names offices: xa:18904.
bool is_office(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon > 16 || text.size() - colon != 6) return false;
    const auto lower_or_dash = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::all_of(text.substr(0, colon), lower_or_dash) &&
           std::ranges::all_of(text.substr(colon + 1), digit);
}

void validate_offices(const Config& config, Report& report) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < config.offices.size(); ++i) {
        const Office& office = config.offices[i];
        const std::string key = item("office", i);
        if (!report.has(key + ".id") && !is_office(office.id)) {
            report.add(key + ".id", "expected an office such as xa:18904, got \"" + office.id + "\"");
        } else if (!seen.insert(office.id).second) {
            report.add(key + ".id", "expected each office once, \"" + office.id + "\" is there twice");
        }
        const auto endpoint = Eid::parse(office.endpoint);
        if (!report.has(key + ".endpoint") &&
            (!endpoint || endpoint->is_none() || !endpoint->is_singleton())) {
            report.add(key + ".endpoint",
                       "expected an endpoint of one node such as "
                       "dtn://18904-srv/requests, got \"" +
                           office.endpoint + "\"");
        }
    }
}

void validate_routing(const Routing& routing, const std::string& own_id, Report& report) {
    if (!routing.routes.empty() && routing.router != RouterKind::kStatic && !report.has("routing.router")) {
        report.add("routing.route[0]",
                   "expected router = \"static\" in [routing]: no other router reads routes");
    }
    if (routing.routes.empty() && routing.router == RouterKind::kStatic && !report.has("routing.route")) {
        report.add("routing.router", "expected at least one [[routing.route]] for router = \"static\"");
    }
    for (std::size_t i = 0; i < routing.routes.size(); ++i) {
        const std::string key = item("routing.route", i);
        const Route& route = routing.routes[i];
        if (!report.has(key + ".to") && !is_endpoint_pattern(route.to)) {
            report.add(key + ".to",
                       "expected an endpoint, '*' standing for any run of characters, such as "
                       "dtn://18904-*/inbox, got \"" +
                           route.to + "\"");
        }
        if (!report.has(key + ".via")) check_node_id(route.via, key + ".via", report);
        const auto via = Eid::parse(route.via);
        const auto own = Eid::parse(own_id);
        if (via && own && *via == *own)
            report.add(key + ".via", "expected the node id of a peer, got that of this node, " + own_id);
    }
}

}  // namespace

void validate(const Config& config, Report& report) {
    validate_node(config.node, report);
    validate_security(config.security, report);
    validate_store(config.store, report);
    validate_api(config.api, report);
    validate_links(config.links, report);
    validate_discovery(config.discovery, report);
    validate_peers(config, report);
    validate_offices(config, report);
    validate_routing(config.routing, config.node.id, report);
}

}  // namespace tram::config
