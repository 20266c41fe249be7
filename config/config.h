// tram.toml as data: every setting, its default and its unit. Loading and validation are in load.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tram::config {

enum class RouterKind : std::uint8_t { kDirect, kStatic, kEpidemic, kSpray, kProphet, kEta };
enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

struct Node {
    std::string
        id;  ///< node id: dtn://name/ or ipn:node.0; empty: that of the identity, else dtn://localhost/
    std::vector<std::string> groups;    ///< group endpoints this node is a member of (dtn://18904/~notice)
    std::vector<std::string> areas;     ///< whose notices are shown here: 18904, 18904/DH-07, role:NAME@18904
    std::vector<std::string> villages;  ///< those that this office expects proof of its notices from
    bool clock_trusted = true;          ///< false: the wall clock is not believed
    friend bool operator==(const Node&, const Node&) = default;
};

struct Security {
    std::filesystem::path identity = "/var/lib/tram/identity";  ///< keys and certificates of this device
    bool open = false;                          ///< no certificates at all: plain links, nothing signed
    std::vector<std::string> unsigned_sources;  ///< source patterns taken without signature
    std::filesystem::path audit = "/var/lib/tram/audit.log";
    friend bool operator==(const Security&, const Security&) = default;
};

struct Store {
    std::filesystem::path directory = "/var/lib/tram/store";
    std::uint64_t quota_bytes = 20'000'000'000;
    std::uint64_t reserve_bytes = 64ULL << 20;  ///< kept aside so that a full disk stops nothing halfway
    friend bool operator==(const Store&, const Store&) = default;
};

/// How much others may take up of store.quota: percent of the room for what peers bring (85 % of it, 98 % for
/// copies that may be given up again).
struct Quota {
    std::uint8_t source_percent = 90;   ///< bundles made by one other node
    std::uint8_t peer_percent = 100;    ///< bundles brought by one peer
    std::uint8_t bulk_percent = 95;     ///< bundles of kind bulk
    std::uint8_t surplus_percent = 80;  ///< above it no copies are taken that only may help
    friend bool operator==(const Quota&, const Quota&) = default;
};

struct Api {
    std::string endpoint = "ipc:///run/tram/api";   ///< ZeroMQ endpoint for requests
    std::string events = "ipc:///run/tram/events";  ///< ZeroMQ endpoint for events
    friend bool operator==(const Api&, const Api&) = default;
};

struct Links {
    std::vector<std::string> listen = {"[::]:4556"};  ///< address:port; empty: no listener
    std::uint16_t keepalive_s = 30;
    std::uint64_t segment_bytes_max = 1ULL << 20;
    std::uint64_t bundle_bytes_max = 128ULL << 20;  ///< also the transfer MRU
    std::chrono::seconds idle_timeout{0};           ///< 0: sessions stay open
    std::chrono::seconds stall_timeout{60};
    std::chrono::milliseconds reconnect_min{500};  ///< first pause before a static peer is tried again
    std::chrono::milliseconds reconnect_max{60'000};
    std::uint32_t sessions_max = 256;
    friend bool operator==(const Links&, const Links&) = default;
};

/// Finding other nodes on the local networks, by UDP multicast.
struct Discovery {
    bool enabled = true;
    std::vector<std::string> interfaces = {"*"};  ///< names, '*' for any run of characters
    std::uint16_t port = 24'556;                  ///< UDP, the same on all nodes that are to find each other
    friend bool operator==(const Discovery&, const Discovery&) = default;
};

/// A peer whose address is known.
struct Peer {
    std::string id;       ///< node id it must announce; empty: any
    std::string address;  ///< host:port
    bool plain = false;   ///< talks without TLS although this node has certificates
    friend bool operator==(const Peer&, const Peer&) = default;
};

struct Route {
    std::string to;   ///< endpoint pattern, '*' for any run of characters
    std::string via;  ///< node id of the next hop
    friend bool operator==(const Route&, const Route&) = default;
};

/// Where the requests to an office go.
struct Office {
    std::string id;        ///< xa:18904
    std::string endpoint;  ///< dtn://18904-srv/requests
    friend bool operator==(const Office&, const Office&) = default;
};

struct Routing {
    RouterKind router = RouterKind::kEpidemic;
    std::vector<Route> routes;  ///< for router "static", first match wins
    friend bool operator==(const Routing&, const Routing&) = default;
};

struct Bundles {
    std::chrono::milliseconds lifetime{std::chrono::hours{24 * 120}};  ///< of bundles without their own
    std::uint8_t hop_limit = 32;
    bool strict = false;  ///< refuse primary blocks without CRC and BIB
    bool status_reports =
        false;  ///< make the status reports that bundles ask for; RFC 9171 5.1 wants it off by default
    std::chrono::seconds delivery_lease{60};  ///< how long a fetched bundle waits for its acknowledgement
    std::chrono::seconds offer_again{
        std::chrono::hours{24 * 7}};  ///< to a peer that has it, without a receipt
    friend bool operator==(const Bundles&, const Bundles&) = default;
};

struct Log {
    LogLevel level = LogLevel::kInfo;
    friend bool operator==(const Log&, const Log&) = default;
};

struct Config {
    Node node;
    Security security;
    Store store;
    Quota quota;
    Api api;
    Links links;
    Discovery discovery;
    std::vector<Peer> peers;
    std::vector<Office> offices;
    Routing routing;
    Bundles bundles;
    Log log;
    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace tram::config
