#include "config/load.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <toml++/toml.h>
#include <utility>

#include "config/document.h"
#include "config/names.h"
#include "config/table_reader.h"
#include "config/validate.h"

namespace tram::config {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kTiB = 1ULL << 40;

template <typename T>
void read_whole(TableReader& table, std::string_view key, T& out, std::uint64_t min, std::uint64_t max) {
    std::uint64_t value = out;
    table.whole(key, value, min, max);
    out = static_cast<T>(value);
}

void read_seconds(TableReader& table, std::string_view key, seconds& out, seconds min, seconds max) {
    Duration value = out;
    table.duration(key, value, min, max, seconds{1});
    out = std::chrono::duration_cast<seconds>(value);
}

template <typename Enum>
void read_choice(TableReader& table, std::string_view key, Enum& out,
                 std::span<const std::string_view> names) {
    auto index = static_cast<std::size_t>(out);
    table.choice(key, index, names);
    out = static_cast<Enum>(index);
}

void read_node(TableReader& table, Node& node) {
    table.text("id", node.id);
    table.texts("groups", node.groups);
    table.texts("areas", node.areas);
    table.texts("villages", node.villages);
    table.flag("clock_trusted", node.clock_trusted);
}

void read_path(TableReader& table, std::string_view key, std::filesystem::path& out) {
    std::string text = out.string();
    table.text(key, text);
    out = text;
}

void read_security(TableReader& table, Security& security) {
    read_path(table, "identity", security.identity);
    table.flag("open", security.open);
    table.texts("unsigned_sources", security.unsigned_sources);
    read_path(table, "audit", security.audit);
}

void read_store(TableReader& table, Store& store) {
    read_path(table, "directory", store.directory);
    table.size("quota", store.quota_bytes, 16 * kMiB, 1024 * kTiB);
    table.size("reserve", store.reserve_bytes, 0, kTiB);
}

void read_quota(TableReader& table, Quota& quota) {
    read_whole(table, "source", quota.source_percent, 1, 100);
    read_whole(table, "peer", quota.peer_percent, 1, 100);
    read_whole(table, "bulk", quota.bulk_percent, 1, 100);
    read_whole(table, "surplus", quota.surplus_percent, 0, 100);
}

void read_api(TableReader& table, Api& api) {
    table.text("endpoint", api.endpoint);
    table.text("events", api.events);
}

void read_links(TableReader& table, Links& links) {
    table.texts("listen", links.listen);
    seconds keepalive{links.keepalive_s};
    read_seconds(table, "keepalive", keepalive, seconds{0}, seconds{65'535});
    links.keepalive_s = static_cast<std::uint16_t>(keepalive.count());
    table.size("segment_max", links.segment_bytes_max, kKiB, kGiB);
    table.size("bundle_max", links.bundle_bytes_max, kKiB, kGiB);
    read_seconds(table, "idle_timeout", links.idle_timeout, seconds{0}, days{1});
    read_seconds(table, "stall_timeout", links.stall_timeout, seconds{1}, days{1});
    table.duration("reconnect_min", links.reconnect_min, milliseconds{10}, hours{1}, milliseconds{1});
    table.duration("reconnect_max", links.reconnect_max, milliseconds{10}, days{1}, milliseconds{1});
    read_whole(table, "sessions_max", links.sessions_max, 1, 65'535);
}

void read_discovery(TableReader& table, Discovery& discovery) {
    table.flag("enabled", discovery.enabled);
    table.texts("interfaces", discovery.interfaces);
    read_whole(table, "port", discovery.port, 1, 65'535);
}

void read_peers(TableReader& root, std::vector<Peer>& peers, Report& report) {
    for (TableReader& table : root.tables("peer")) {
        Peer peer;
        table.text("id", peer.id);
        table.text("address", peer.address);
        table.flag("plain", peer.plain);
        if (!table.has("address")) {
            report.add(table.name_of("address"), "expected host:port of the peer, the key is missing");
        }
        table.finish();
        peers.push_back(std::move(peer));
    }
}

void read_offices(TableReader& root, std::vector<Office>& offices, Report& report) {
    for (TableReader& table : root.tables("office")) {
        Office office;
        table.text("id", office.id);
        table.text("endpoint", office.endpoint);
        for (const std::string_view key : {"id", "endpoint"}) {
            if (!table.has(key)) {
                report.add(table.name_of(key), "expected an office and its endpoint, the key is missing");
            }
        }
        table.finish();
        offices.push_back(std::move(office));
    }
}

void read_routing(TableReader& table, Routing& routing, Report& report) {
    read_choice(table, "router", routing.router, kRouterNames);
    for (TableReader& row : table.tables("route")) {
        Route route;
        row.text("to", route.to);
        row.text("via", route.via);
        for (const std::string_view key : {"to", "via"}) {
            if (!row.has(key)) report.add(row.name_of(key), "expected an endpoint id, the key is missing");
        }
        row.finish();
        routing.routes.push_back(std::move(route));
    }
}

void read_bundles(TableReader& table, Bundles& bundles) {
    table.duration("lifetime", bundles.lifetime, seconds{1}, days{3650}, milliseconds{1});
    read_whole(table, "hop_limit", bundles.hop_limit, 1, 255);
    table.flag("strict", bundles.strict);
    table.flag("status_reports", bundles.status_reports);
    read_seconds(table, "delivery_lease", bundles.delivery_lease, seconds{1}, days{1});
    read_seconds(table, "offer_again", bundles.offer_again, seconds{1}, days{3'650});
}

void read_file(const toml::table& document, Config& config, Report& report) {
    TableReader root{document, "", report};
    const auto section = [&](std::string_view key, auto&& read) {
        if (auto table = root.table(key)) {
            read(*table);
            table->finish();
        }
    };
    section("node", [&](TableReader& table) { read_node(table, config.node); });
    section("security", [&](TableReader& table) { read_security(table, config.security); });
    section("store", [&](TableReader& table) { read_store(table, config.store); });
    section("quota", [&](TableReader& table) { read_quota(table, config.quota); });
    section("api", [&](TableReader& table) { read_api(table, config.api); });
    section("links", [&](TableReader& table) { read_links(table, config.links); });
    section("discovery", [&](TableReader& table) { read_discovery(table, config.discovery); });
    read_peers(root, config.peers, report);
    read_offices(root, config.offices, report);
    section("routing", [&](TableReader& table) { read_routing(table, config.routing, report); });
    section("bundles", [&](TableReader& table) { read_bundles(table, config.bundles); });
    section("log",
            [&](TableReader& table) { read_choice(table, "level", config.log.level, kLogLevelNames); });
    root.finish();
}

Loaded unreadable(const std::string& file, std::string message) {
    return {.config = {}, .problems = {{.file = file, .line = 0, .key = {}, .message = std::move(message)}}};
}

}  // namespace

std::string Problem::to_string() const {
    std::string text = file;
    if (line > 0) text += ":" + std::to_string(line);
    if (!key.empty()) text += ": " + key;
    return text + ": " + message;
}

Loaded parse(std::string_view text, const std::string& file) {
    Report report{file};
    Loaded loaded;
    if (const auto document = parse_document(text, file, report)) {
        read_file(*document, loaded.config, report);
        validate(loaded.config, report);
    }
    loaded.problems = report.take();
    return loaded;
}

Loaded load(const std::filesystem::path& file) {
    const std::string name = file.string();
    std::error_code failure;
    if (std::filesystem::is_directory(file, failure))
        return unreadable(name, "expected a file, got a directory");
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    if (!in) return unreadable(name, std::string{"cannot be read: "} + std::strerror(errno));
    std::string text(kFileBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return unreadable(name, "cannot be read to its end");
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) return unreadable(name, "expected at most 1 MiB");
    return parse(text, name);
}

Loaded load_or_default(const std::filesystem::path& file) {
    std::error_code failure;
    return std::filesystem::exists(file, failure) || failure ? load(file) : Loaded{};
}

}  // namespace tram::config
