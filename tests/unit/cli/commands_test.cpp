// tram status, peer, config and completion, and what goes wrong before a command runs.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/cli/run.h"

using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;

namespace {

FakeDaemon::Answer status(std::uint64_t store_bytes, const std::string& warning) {
    FakeDaemon::Answer answer;
    auto& reply = *answer.reply.mutable_status();
    reply.set_node_id("dtn://18904-srv/");
    reply.set_clock_trusted(true);
    reply.set_router("epidemic");
    reply.set_store_bytes(store_bytes);
    reply.set_store_quota_bytes(20'000'000'000);
    reply.set_bundles(3);
    reply.set_bundle_bytes(84'000'000);
    reply.set_oldest_bundle_ms(9ULL * 86'400'000);
    reply.set_uptime_ms(60'000);
    auto& away = *reply.add_peers();
    away.set_node_id("dtn://18904-ks07/");
    away.set_ever_met(true);
    away.set_last_met_ms(9ULL * 86'400'000);
    away.set_queued_bundles(2);
    away.set_queued_bytes(84'000'000);
    away.set_oldest_ms(9ULL * 86'400'000);
    auto& near = *reply.add_peers();
    near.set_node_id("dtn://18904-lt01/");
    near.set_connected(true);
    if (!warning.empty()) reply.add_warnings(warning);
    return answer;
}

FakeDaemon::Handler always(FakeDaemon::Answer answer) {
    return [answer](const Request&, const std::string&) { return answer; };
}

}  // namespace

TEST_CASE("status begins with the verdict and ends with what to do", "[cli]") {
    const FakeDaemon daemon{always(status(8'200'000'000, "2 bundles are old: tram bundle list"))};
    const Ran ran = run_tram(&daemon, {"status"});
    CHECK(ran.exit_code == 1);
    REQUIRE(ran.out ==
            "WARN  18904-srv  store 41 % of 20 GB  clock: trusted\n"
            "bundles 3 (84 MB): 0 to forward, 0 to deliver here, 0 held\n"
            "oldest 9 d, up 1 min, router epidemic\n"
            "PEER        LAST MET  OUT  BYTES  OLDEST\n"
            "18904-ks07  9 d         2  84 MB     9 d\n"
            "18904-lt01  now         0      0       -\n"
            "! 2 bundles are old: tram bundle list\n");
}

TEST_CASE("status judges by warnings and store", "[cli]") {
    const auto [bytes, warning, verdict, exit_code] =
        GENERATE(table<std::uint64_t, const char*, const char*, int>({{16'999'999'999, "", "OK", 0},
                                                                      {0, "x: tram doctor", "WARN", 1},
                                                                      {17'000'000'000, "", "WARN", 1},
                                                                      {18'999'999'999, "", "WARN", 1},
                                                                      {19'000'000'000, "", "CRIT", 2}}));
    CAPTURE(bytes, warning);
    const FakeDaemon daemon{always(status(bytes, warning))};
    const Ran ran = run_tram(&daemon, {"status", "-o", "json"});
    CHECK(ran.exit_code == exit_code);
    CHECK(json::parse(ran.out).at("verdict") == verdict);
    const Ran table = run_tram(&daemon, {"status"});
    CHECK((table.out.find("\n! ") != std::string::npos) == (exit_code != 0));
}

TEST_CASE("status speaks Vietnamese, and English where only ASCII may be printed", "[cli]") {
    const FakeDaemon daemon{always(status(0, ""))};
    const Setting vietnamese{.language = Language::kVietnamese};
    CHECK(run_tram(&daemon, {"status"}, vietnamese)
              .out.starts_with("OK  18904-srv  kho 0 % của 20 GB  đồng hồ: tin cậy"));
    CHECK(run_tram(&daemon, {"--ascii", "status"}, vietnamese)
              .out.starts_with("OK  18904-srv  store 0 % of 20 GB"));
    CHECK(run_tram(&daemon, {"status", "-o", "json"}, vietnamese).out ==
          run_tram(&daemon, {"status", "-o", "json"}).out);
}

TEST_CASE("peer list prints every peer", "[cli]") {
    FakeDaemon::Answer answer;
    auto& peer = *answer.reply.mutable_list_peers()->add_peers();
    peer.set_node_id("dtn://18904-ks07/");
    peer.set_last_error("connection \x1b[2Jrefused");
    const FakeDaemon daemon{always(answer)};
    CHECK(run_tram(&daemon, {"peer", "list", "-o", "name"}).out == "dtn://18904-ks07/\n");
    CHECK(json::parse(run_tram(&daemon, {"peer", "list", "-o", "json"}).out).as_array().size() == 1);
    const Ran table = run_tram(&daemon, {"peer", "list"});
    CHECK(table.out.find("never") != std::string::npos);
    CHECK(table.out.find('\x1b') == std::string::npos);
}

TEST_CASE("peer list and status show who was discovered, where, and how long ago", "[cli]") {
    FakeDaemon::Answer answer;
    auto& peer = *answer.reply.mutable_list_peers()->add_peers();
    peer.set_node_id("dtn://18904-ks07/");
    peer.set_discovered(true);
    peer.set_heard_at("[fe80::1%eth0]:4556");
    peer.set_heard_ms(3'000);
    const FakeDaemon daemon{always(answer)};
    const Ran table = run_tram(&daemon, {"peer", "list"});
    CHECK(table.out.find("3 s ago") != std::string::npos);
    CHECK(table.out.find("[fe80::1%eth0]:4556") != std::string::npos);
    const auto listed = json::parse(run_tram(&daemon, {"peer", "list", "-o", "json"}).out).as_array();
    CHECK(listed.at(0).at("heard_ms").to_number<int>() == 3'000);

    FakeDaemon::Answer told = status(0, "");
    auto& discovery = *told.reply.mutable_status()->mutable_discovery();
    discovery.set_enabled(true);
    discovery.add_interfaces("eth0");
    discovery.add_interfaces("wlan0");
    discovery.set_heard(2);
    const FakeDaemon other{always(told)};
    CHECK(run_tram(&other, {"status"}).out.find("discovery: on eth0, wlan0, 2 nodes heard") !=
          std::string::npos);
}

TEST_CASE("a failure of the daemon is shown with its remedy", "[cli]") {
    const auto [code, exit_code] = GENERATE(table<const char*, int>({{"not_found", 1},
                                                                     {"ambiguous", 1},
                                                                     {"full", 1},
                                                                     {"invalid_argument", 64},
                                                                     {"corrupt", 2},
                                                                     {"io", 2},
                                                                     {"unavailable", 3}}));
    const FakeDaemon daemon{always(failure(code, "what is wrong", "what to do"))};
    const Ran ran = run_tram(&daemon, {"bundle", "show", "X"});
    CHECK(ran.exit_code == exit_code);
    CHECK(ran.out.empty());
    CHECK(ran.err == std::string{"error: "} + code + ": what is wrong\n  what to do\n");
}

TEST_CASE("a daemon that is not there is named with the next command", "[cli]") {
    const TemporaryDirectory directory;
    const std::string endpoint = "ipc://" + (directory.path() / "api").string();
    const bool socket_file = GENERATE(false, true);
    if (socket_file) std::ofstream{directory.path() / "api"};
    const Ran ran = run_tram(nullptr, {"--api", endpoint, "--timeout", "100 ms", "status"});
    CHECK(ran.exit_code == 3);
    CHECK(ran.out.empty());
    CHECK(ran.err == "error: unavailable: cannot reach tramd at " + endpoint + ": is it running?\n");
}

TEST_CASE("a daemon that does not answer is given up on", "[cli]") {
    FakeDaemon::Answer silence;
    silence.silent = true;
    const FakeDaemon daemon{always(silence)};
    const Ran ran = run_tram(&daemon, {"--timeout", "100 ms", "status"});
    CHECK(ran.exit_code == 3);
    CHECK(ran.err.find("did not answer within 100 ms") != std::string::npos);
}

TEST_CASE("an answer of the wrong kind is not believed", "[cli]") {
    const FakeDaemon daemon{always(done())};
    const Ran ran = run_tram(&daemon, {"status"});
    CHECK(ran.exit_code == 3);
    CHECK(ran.err.starts_with("error: unsupported_version: "));
}

TEST_CASE("a wrong command line exits with 64 and says why on standard error", "[cli]") {
    const auto arguments =
        GENERATE(std::vector<std::string>{}, std::vector<std::string>{"bundle"},
                 std::vector<std::string>{"nonsense"}, std::vector<std::string>{"status", "-o", "xml"},
                 std::vector<std::string>{"status", "--timeout", "10"},
                 std::vector<std::string>{"--api", "nonsense", "status"},
                 std::vector<std::string>{"bundle", "send", "--to", "nonsense", "-"},
                 std::vector<std::string>{"bundle", "send", "-"},
                 std::vector<std::string>{"bundle", "send", "--to", "ipn:1.1", "--urgency", "5", "-"},
                 std::vector<std::string>{"bundle", "send", "--to", "ipn:1.1", "--kind", "letter", "-"},
                 std::vector<std::string>{"bundle", "receive"},
                 std::vector<std::string>{"bundle", "list", "--page-size", "1001"});
    CAPTURE(arguments);
    const Ran ran = run_tram(nullptr, arguments);
    CHECK(ran.exit_code == 64);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
}

TEST_CASE("config check reports every problem with file and line", "[cli]") {
    const TemporaryDirectory directory;
    const std::string file = (directory.path() / "tram.toml").string();
    std::ofstream{file} << "[node]\nid = 'x'\n[links]\nkepalive = '1 s'\n";
    const Ran text = run_tram(nullptr, {"config", "check", "--config", file});
    CHECK(text.exit_code == 1);
    CHECK(text.out.empty());
    CHECK(text.err.starts_with(file + ":2: node.id: expected a node id"));
    CHECK(text.err.find(file + ":4: links.kepalive: unknown key; did you mean links.keepalive?\n") !=
          std::string::npos);
    const Ran object = run_tram(nullptr, {"config", "check", "--config", file, "-o", "json"});
    CHECK(object.exit_code == 1);
    const auto result = json::parse(object.out);
    CHECK(result.at("valid") == false);
    REQUIRE(result.at("problems").as_array().size() == 2);
    CHECK(result.at("problems").at(1).at("line") == 4);
    CHECK(result.at("problems").at(1).at("key") == "links.kepalive");
}

TEST_CASE("config show fills in the defaults", "[cli]") {
    const TemporaryDirectory directory;
    const std::string file = (directory.path() / "tram.toml").string();
    std::ofstream{file} << "[node]\nid = 'dtn://18904-srv/'\n[store]\ndirectory = \"/a\\n\\\"b\"\n";
    const Ran text = run_tram(nullptr, {"config", "show", "--config", file});
    CHECK(text.exit_code == 0);
    CHECK(text.out.find("keepalive = ") != std::string::npos);
    const auto object =
        json::parse(run_tram(nullptr, {"config", "show", "--config", file, "-o", "json"}).out);
    CHECK(object.at("node").at("id") == "dtn://18904-srv/");
    CHECK(object.at("store").at("directory") == "/a\n\"b");
    CHECK(object.at("store").at("quota") == "20 GB");
}

TEST_CASE("completion knows every verb and option", "[cli]") {
    const Ran ran = run_tram(nullptr, {"completion", "bash"});
    CHECK(ran.exit_code == 0);
    CHECK(
        ran.out.find("' bundle receive') words='--help --endpoint --output --follow --wait --count --api ") !=
        std::string::npos);
}
