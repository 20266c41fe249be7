#include "config/load.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace tram::config;

namespace {

std::vector<std::string> problems(std::string_view text) {
    std::vector<std::string> result;
    for (const Problem& problem : parse(text, "tram.toml").problems)
        result.push_back(problem.to_string());
    return result;
}

/// The only problem of `text`.
std::string problem(std::string_view text) {
    const auto all = problems(text);
    CAPTURE(all);
    REQUIRE(all.size() == 1);
    return all.front();
}

}  // namespace

TEST_CASE("empty file gives the defaults", "[config]") {
    const Loaded loaded = parse("", "tram.toml");
    REQUIRE(loaded.problems.empty());
    REQUIRE(loaded.config == Config{});
}

TEST_CASE("every key is read into its setting", "[config]") {
    const Loaded loaded = parse(R"(
quota = {source = 50, peer = 60, bulk = 70, surplus = 0}
[node]
id = "ipn:12.0"
groups = ["dtn://18904/~notice"]
areas = ["18904/Khâu Slôm", "role:to-cong-nghe-so@18904"]
villages = ["Khâu Slôm", "DH-07"]
clock_trusted = false
[security]
identity = "/srv/identity"
open = true
unsigned_sources = ["ipn:12.*"]
audit = "/srv/audit"
[store]
directory = "/srv/tram"
quota = "1 GiB"
reserve = "1 MiB"
[api]
endpoint = "ipc:///tmp/a"
events = "tcp://127.0.0.1:7000"
[links]
listen = ["127.0.0.1:0", "[fe80::1%eth0]:4556"]
keepalive = "5 s"
segment_max = "64 KiB"
bundle_max = "10 MB"
idle_timeout = "2 min"
stall_timeout = "7 s"
reconnect_min = "20 ms"
reconnect_max = "3 s"
sessions_max = 8
[discovery]
enabled = false
interfaces = ["wlan*", "eth0"]
port = 4000
[[peer]]
id = "dtn://18904-srv/"
address = "srv.example:4556"
plain = true
[[peer]]
address = "[2001:db8::1]:4556"
[routing]
router = "static"
[[routing.route]]
to = "dtn://18904-*/inbox"
via = "dtn://18904-srv/"
[bundles]
lifetime = "2 d"
hop_limit = 9
strict = true
status_reports = true
delivery_lease = "5 s"
offer_again = "2 d"
[log]
level = "debug"
)",
                                "tram.toml");
    REQUIRE(loaded.problems.empty());
    Config expected;
    expected.node = {.id = "ipn:12.0",
                     .groups = {"dtn://18904/~notice"},
                     .areas = {"18904/Khâu Slôm", "role:to-cong-nghe-so@18904"},
                     .villages = {"Khâu Slôm", "DH-07"},
                     .clock_trusted = false};
    expected.security = {
        .identity = "/srv/identity", .open = true, .unsigned_sources = {"ipn:12.*"}, .audit = "/srv/audit"};
    expected.store = {.directory = "/srv/tram", .quota_bytes = 1ULL << 30, .reserve_bytes = 1ULL << 20};
    expected.quota = {.source_percent = 50, .peer_percent = 60, .bulk_percent = 70, .surplus_percent = 0};
    expected.api = {.endpoint = "ipc:///tmp/a", .events = "tcp://127.0.0.1:7000"};
    expected.links.listen = {"127.0.0.1:0", "[fe80::1%eth0]:4556"};
    expected.links.keepalive_s = 5;
    expected.links.segment_bytes_max = 65'536;
    expected.links.bundle_bytes_max = 10'000'000;
    expected.links.idle_timeout = std::chrono::seconds{120};
    expected.links.stall_timeout = std::chrono::seconds{7};
    expected.links.reconnect_min = std::chrono::milliseconds{20};
    expected.links.reconnect_max = std::chrono::milliseconds{3'000};
    expected.links.sessions_max = 8;
    expected.discovery = {.enabled = false, .interfaces = {"wlan*", "eth0"}, .port = 4'000};
    expected.peers = {{.id = "dtn://18904-srv/", .address = "srv.example:4556", .plain = true},
                      {.id = "", .address = "[2001:db8::1]:4556"}};
    expected.routing.router = RouterKind::kStatic;
    expected.routing.routes = {{.to = "dtn://18904-*/inbox", .via = "dtn://18904-srv/"}};
    expected.bundles.lifetime = std::chrono::hours{48};
    expected.bundles.hop_limit = 9;
    expected.bundles.strict = true;
    expected.bundles.status_reports = true;
    expected.bundles.delivery_lease = std::chrono::seconds{5};
    expected.bundles.offer_again = std::chrono::hours{48};
    expected.log.level = LogLevel::kDebug;
    REQUIRE(loaded.config == expected);

    SECTION("and written so that it loads to the same") {
        const Loaded again = parse(to_toml(expected), "again.toml");
        REQUIRE(again.problems.empty());
        REQUIRE(again.config == expected);
    }
}

TEST_CASE("texts with quotes and line ends survive writing", "[config]") {
    Config config;
    config.store.directory = "/srv/\"tram\"\n\\x/ho\xCC\x82";
    REQUIRE(parse(to_toml(config), "again.toml").config == config);
}

TEST_CASE("unknown key names the nearest valid one", "[config]") {
    CHECK(problem("\n[links]\nkeepalive_s = 30\n") ==
          "tram.toml:3: links.keepalive_s: unknown key; did you mean links.keepalive?");
    CHECK(problem("[links]\nkepalive = \"30 s\"") ==
          "tram.toml:2: links.kepalive: unknown key; did you mean links.keepalive?");
    CHECK(problem("[link]\n") == "tram.toml:1: link: unknown key; did you mean links?");
    CHECK(problem("[node]\nxyzzy = 1") == "tram.toml:2: node.xyzzy: unknown key");
    CHECK(problem("[[peer]]\nadress = 'x:1'\naddress='x:2'") ==
          "tram.toml:2: peer[0].adress: unknown key; did you mean peer[0].address?");
}

TEST_CASE("wrong type says what was expected and what came", "[config]") {
    CHECK(problem("[store]\nquota = 20000000") ==
          "tram.toml:2: store.quota: expected a size with its unit in quotes, such as \"20 GB\", got a whole "
          "number");
    CHECK(problem("[bundles]\nstrict = 'yes'") ==
          "tram.toml:2: bundles.strict: expected true or false, got a text");
    CHECK(problem("[node]\ngroups = ['dtn://a/~b', 7]") ==
          "tram.toml:2: node.groups[1]: expected a text in quotes, got a whole number");
    CHECK(problem("node = 1") == "tram.toml:1: node: expected a table, written [node], got a whole number");
    CHECK(problem("[peer]\naddress = 'a:1'") ==
          "tram.toml:1: peer: expected tables, each beginning with [[peer]] in double brackets, got a table");
}

TEST_CASE("value out of range says the range", "[config]") {
    CHECK(problem("[bundles]\nhop_limit = 256") ==
          "tram.toml:2: bundles.hop_limit: expected a whole number from 1 to 255, got 256");
    CHECK(problem("[bundles]\nhop_limit = -1") ==
          "tram.toml:2: bundles.hop_limit: expected a whole number from 1 to 255, got -1");
    CHECK(problem("[links]\nkeepalive = '65536 s'") ==
          "tram.toml:2: links.keepalive: expected a duration from 0 s to 65535 s, got 65536 s");
    CHECK(problem("[links]\nkeepalive = '1500 ms'") ==
          "tram.toml:2: links.keepalive: expected a multiple of 1 s, got 1500 ms");
    CHECK(problem("[store]\nquota = '1 kB'")
              .starts_with("tram.toml:2: store.quota: expected a size from 16 MiB"));
    CHECK(problem("[routing]\nrouter = 'epidemc'") ==
          "tram.toml:2: routing.router: expected \"direct\", \"static\", \"epidemic\", \"spray\", "
          "\"prophet\" or "
          "\"eta\", got \"epidemc\"; did you mean \"epidemic\"?");
    const auto router = [](const std::string& name) {
        return parse("[node]\nid = 'dtn://a/'\n[routing]\nrouter = '" + name + "'", "t")
            .config.routing.router;
    };
    CHECK(router("spray") == RouterKind::kSpray);
    CHECK(router("prophet") == RouterKind::kProphet);
    CHECK(router("eta") == RouterKind::kEta);
}

TEST_CASE("endpoint ids must fit their place", "[config]") {
    const auto* text =
        GENERATE("[node]\nid = 'dtn:none'", "[node]\nid = 'dtn://a/inbox'", "[node]\nid = 'nonsense'",
                 "[node]\nid = 'ipn:1.2'", "[node]\ngroups = ['dtn://a/inbox']",
                 "[node]\ngroups = ['dtn:none']", "[[peer]]\nid = 'dtn://a/x'\naddress = 'a:1'",
                 "[node]\nid = 'dtn://b/'\n[[peer]]\nid = 'dtn://b/'\naddress = 'a:1'");
    CAPTURE(text);
    REQUIRE(problem(text).find(": expected ") != std::string::npos);
}

TEST_CASE("areas are communes, villages of communes, and roles", "[config]") {
    const auto [area, good] = GENERATE(table<const char*, bool>({{"18904", true},
                                                                 {"xa:18904", true},
                                                                 {"xa:18904/*", true},
                                                                 {"18904/DH-07", true},
                                                                 {"xa:18904/Khâu Slôm", true},
                                                                 {"role:to-cong-nghe-so@18904", true},
                                                                 {"", false},
                                                                 {"1890", false},
                                                                 {"18904/", false},
                                                                 {"18904/ - ", false},
                                                                 {"18904/DH-07,DH-08", false},
                                                                 {"tyt:18904", false},
                                                                 {"role:@18904", false},
                                                                 {"role:Y Te@18904", false},
                                                                 {"role:y-te", false},
                                                                 {"Dân Hóa", false}}));
    CAPTURE(area);
    const auto found = problems(std::string{"[node]\nareas = ['00901',\n '"} + area + "']");
    REQUIRE(found.empty() == good);
    if (!good) CHECK(found.front().starts_with("tram.toml:3: node.areas[1]: expected an area such as 18904"));
}

TEST_CASE("villages are names without their commune, each once", "[config]") {
    CHECK(problem("[node]\nvillages = ['DH-07', '18904/DH-08']") ==
          "tram.toml:2: node.villages[1]: expected the name of a village such as DH-07 or Khâu Slôm, without "
          "the "
          "commune, got \"18904/DH-08\"");
    CHECK(problem("[node]\nvillages = ['DH-07',\n'DH-07']") ==
          "tram.toml:3: node.villages[1]: expected each once, \"DH-07\" is there twice");
    CHECK(problem("[node]\nvillages = 'DH-07'").starts_with("tram.toml:2: node.villages: expected"));
}

TEST_CASE("addresses must be usable", "[config]") {
    const auto* text = GENERATE(
        "[links]\nlisten = ['4556']", "[links]\nlisten = ['host:4556']", "[links]\nlisten = ['::1:4556']",
        "[links]\nlisten = ['1.2.3.4:70000']", "[links]\nlisten = ['[::]:4556', '[::]:4556']",
        "[[peer]]\naddress = 'a:0'", "[[peer]]\naddress = 'a b:1'", "[[peer]]\naddress = '10.0.0.300:4556'",
        "[[peer]]\nid = 'dtn://a/'", "[[peer]]\naddress = 'a'", "[api]\nendpoint = '/run/tram/api'",
        "[api]\nendpoint = 'tcp://0.0.0.0:1'", "[api]\nevents = 'ipc:///run/tram/api'");
    CAPTURE(text);
    REQUIRE(problem(text).find(": expected ") != std::string::npos);
}

TEST_CASE("a socket path that the system cannot hold is refused", "[config]") {
    REQUIRE(problem("[api]\nendpoint = 'ipc:///" + std::string(120, 'x') + "'").find("at most 107 bytes") !=
            std::string::npos);
}

TEST_CASE("keys that depend on each other are checked together", "[config]") {
    CHECK(problem("[[routing.route]]\nto='*'\nvia='dtn://a/'")
              .starts_with("tram.toml:1: routing.route[0]: expected router = \"static\""));
    CHECK(problem("[routing]\nrouter='static'")
              .starts_with("tram.toml:2: routing.router: expected at least one"));
    CHECK(
        problem(
            "[node]\nid='dtn://a/'\n[routing]\nrouter='static'\n[[routing.route]]\nto='*'\nvia='dtn://a/'") ==
        "tram.toml:7: routing.route[0].via: expected the node id of a peer, got that of this node, dtn://a/");
    CHECK(problem("[links]\nreconnect_min='2 min'").find("links.reconnect_max: expected at least") !=
          std::string::npos);
    CHECK(problem("[links]\nbundle_max='100 kB'").find("links.segment_max: expected at most") !=
          std::string::npos);
    CHECK(problem("[store]\nquota='100 MiB'").find("store.reserve: expected at most half") !=
          std::string::npos);
}

TEST_CASE("discovery needs interfaces and a port", "[config]") {
    CHECK(problem("[discovery]\nport = 0") ==
          "tram.toml:2: discovery.port: expected a whole number from 1 to 65535, got 0");
    CHECK(problem("[discovery]\ninterfaces = []")
              .starts_with("tram.toml:2: discovery.interfaces: expected at least one name"));
    CHECK(problems("[discovery]\ninterfaces = []\nenabled = false").empty());
    CHECK(problem("[discovery]\ninterfaces = ['eth0', 'eth0']") ==
          "tram.toml:2: discovery.interfaces[1]: expected each once, \"eth0\" is there twice");
    const auto* name = GENERATE("", "a b", "a/b", "a-name-of-16-chr", "wl\u00e1n");
    CHECK(problem(std::string{"[discovery]\ninterfaces = ['"} + name + "']")
              .starts_with("tram.toml:2: discovery.interfaces[0]: expected the name of a network interface"));
}

TEST_CASE("security needs places, patterns and names", "[config]") {
    CHECK(problem("[security]\nidentity = ''") ==
          "tram.toml:2: security.identity: expected the path of a directory, got \"\"");
    CHECK(problem("[security]\naudit = ''") ==
          "tram.toml:2: security.audit: expected the path of a file, got \"\"");
    CHECK(problem("[security]\nopen = 'yes'") ==
          "tram.toml:2: security.open: expected true or false, got a text");
    CHECK(problem("[security]\nunsigned_sources = ['ipn:12.*', 'nonsense']")
              .starts_with("tram.toml:2: security.unsigned_sources[1]: expected an endpoint, '*' standing"));
    CHECK(problem("[[peer]]\naddress = 'a:1'\nplain = true")
              .starts_with("tram.toml:3: peer[0].plain: expected the id of this peer too"));
    CHECK(
        problems("[security]\nopen = true\nidentity = ''\n[[peer]]\naddress = 'a:1'\nplain = true").empty());
}

TEST_CASE("a node without an id of its own is valid: its certificate names it", "[config]") {
    CHECK(problems("[node]\nid = ''").empty());
}

TEST_CASE("route patterns are endpoints with stars", "[config]") {
    const auto [pattern, good] = GENERATE(table<const char*, bool>({{"*", true},
                                                                    {"dtn://18904-*/inbox", true},
                                                                    {"dtn://18904-*", true},
                                                                    {"dtn:*", true},
                                                                    {"dtn://*", true},
                                                                    {"ipn:12.*", true},
                                                                    {"ipn:*", true},
                                                                    {"dtn://a/", true},
                                                                    {"http://*", false},
                                                                    {"18904", false}}));
    CAPTURE(pattern);
    const auto found = problems(std::string{"[routing]\nrouter='static'\n[[routing.route]]\nto='"} + pattern +
                                "'\nvia='dtn://a/'");
    REQUIRE(found.empty() == good);
}

TEST_CASE("all problems are reported in the order of their lines", "[config]") {
    const auto found =
        problems("[log]\nlevel = 'loud'\n[node]\nid = 7\nnick = 'x'\n[[peer]]\naddress = 'a'\n");
    REQUIRE(found.size() == 4);
    CHECK(found[0].starts_with("tram.toml:2: log.level"));
    CHECK(found[1].starts_with("tram.toml:4: node.id"));
    CHECK(found[2].starts_with("tram.toml:5: node.nick"));
    CHECK(found[3].starts_with("tram.toml:7: peer[0].address"));
}

TEST_CASE("broken syntax is reported with its line", "[config]") {
    const auto loaded = parse("[node]\nid = \n", "tram.toml");
    REQUIRE(loaded.problems.size() == 1);
    REQUIRE(loaded.problems[0].line == 2);
    REQUIRE(loaded.problems[0].key.empty());
}

TEST_CASE("a key that nests without end is refused before it is parsed", "[config]") {
    std::string key = "a";
    for (int i = 0; i < 50'000; ++i)
        key += ".a";
    const auto where =
        GENERATE_COPY(values<std::string>({"[" + key + "]", key + " = 1", "a = {" + key + " = 1}"}));
    const Loaded loaded = parse("[node]\n" + where + "\n", "t");
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].line == 2);
    CHECK(parse("[api]\n# " + std::string(200, '.') + "\n", "t").problems.empty());
}

TEST_CASE("a file that nobody asked for may be missing, not unreadable", "[config]") {
    const auto directory = std::filesystem::temp_directory_path();
    const Loaded missing = load_or_default(directory / "tram-config-none" / "tram.toml");
    CHECK(missing.problems.empty());
    CHECK(missing.config == Config{});
    CHECK(load_or_default(directory).problems.size() == 1);
}

TEST_CASE("files that cannot be read are a problem of the whole file", "[config]") {
    const auto directory =
        std::filesystem::temp_directory_path() / ("tram-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    const auto large = directory / "large.toml";
    std::ofstream{large} << std::string((1U << 20) + 1, '#');

    const auto [file, message] = GENERATE_COPY(table<std::filesystem::path, std::string>(
        {{directory / "none.toml", "cannot be read: No such file or directory"},
         {directory, "expected a file, got a directory"},
         {large, "expected at most 1 MiB"}}));
    const Loaded loaded = load(file);
    std::filesystem::remove_all(directory);
    REQUIRE(loaded.problems.size() == 1);
    REQUIRE(loaded.problems[0].line == 0);
    REQUIRE(loaded.problems[0].to_string() == file.string() + ": " + message);
}
