// tram bundle list, show, trace, hold, release, cancel, send against a daemon with canned answers.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "tests/unit/cli/run.h"

using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;

namespace {

/// A store of `count` bundles with keys 1, 2, ...
FakeDaemon::Handler store_of(std::uint64_t count) {
    return [count](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        auto& list = *answer.reply.mutable_list_bundles();
        std::uint64_t key = request.list_bundles().after_key();
        const std::uint64_t page_end = key + request.list_bundles().page_size();
        while (key < count && key < page_end) {
            auto& bundle = *list.add_bundles();
            bundle.set_key(++key);
            bundle.set_short_id("ID-" + std::to_string(key));
            bundle.set_size(1'500);
        }
        list.set_next_after_key(key < count ? key : 0);
        return answer;
    };
}

FakeDaemon::Answer one_bundle() {
    FakeDaemon::Answer answer;
    auto& shown = *answer.reply.mutable_show_bundle();
    shown.mutable_bundle()->set_short_id("7KQ4-M2PX");
    shown.mutable_bundle()->set_bundle_id("dtn://18904-ks07/ 0-42");
    shown.mutable_bundle()->set_destination("dtn://18904-srv/requests");
    shown.mutable_bundle()->set_size(2'000);
    shown.mutable_bundle()->add_waiting_for("18904-lt01");
    return answer;
}

/// Shows one bundle and says Done to everything else.
FakeDaemon::Answer show_or_do(const Request& request, const std::string&) {
    return request.has_show_bundle() ? one_bundle() : done();
}

}  // namespace

TEST_CASE("bundle list asks page by page until the last", "[cli]") {
    const FakeDaemon daemon{store_of(25)};
    const Ran ran = run_tram(&daemon, {"bundle", "list", "--page-size", "10", "-o", "name"});
    REQUIRE(ran.exit_code == 0);
    const auto lines = ran.lines();
    REQUIRE(lines.size() == 25);
    CHECK(lines.front() == "ID-1");
    CHECK(lines.back() == "ID-25");
    const auto requests = daemon.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].list_bundles().after_key() == 0);
    CHECK(requests[1].list_bundles().after_key() == 10);
    CHECK(requests[2].list_bundles().after_key() == 20);
}

TEST_CASE("bundle list prints one JSON array over all pages", "[cli]") {
    const auto count = GENERATE(0, 1, 25);
    const FakeDaemon daemon{store_of(static_cast<std::uint64_t>(count))};
    const Ran ran = run_tram(&daemon, {"bundle", "list", "--page-size", "10", "-o", "json"});
    REQUIRE(ran.exit_code == 0);
    REQUIRE(json::parse(ran.out).as_array().size() == static_cast<std::size_t>(count));
}

TEST_CASE("bundle list hands its filters to the daemon", "[cli]") {
    const FakeDaemon daemon{store_of(0)};
    const Ran ran =
        run_tram(&daemon, {"bundle", "list", "--to", "dtn://a/*", "--from", "ipn:1.*", "--state", "held"});
    REQUIRE(ran.exit_code == 0);
    REQUIRE(ran.out.empty());
    const auto list = daemon.requests().at(0).list_bundles();
    CHECK(list.destination() == "dtn://a/*");
    CHECK(list.source() == "ipn:1.*");
    CHECK(list.state() == "held");
}

TEST_CASE("bundle list shows progress only beside data that goes elsewhere", "[cli]") {
    const FakeDaemon daemon{store_of(3)};
    const auto [out_terminal, err_terminal, shown] =
        GENERATE(table<bool, bool, bool>({{false, true, true}, {true, true, false}, {false, false, false}}));
    const Ran ran =
        run_tram(&daemon, {"bundle", "list"}, {.out_terminal = out_terminal, .err_terminal = err_terminal});
    CHECK((ran.err.find("3 bundles") != std::string::npos) == shown);
}

TEST_CASE("bundle list stops when the daemon's pages do not advance", "[cli]") {
    const FakeDaemon daemon{[](const Request&, const std::string&) {
        FakeDaemon::Answer answer;
        answer.reply.mutable_list_bundles()->set_next_after_key(7);
        return answer;
    }};
    const Ran ran = run_tram(&daemon, {"bundle", "list"});
    CHECK(ran.exit_code == 3);
    CHECK(daemon.requests().size() == 2);
}

TEST_CASE("bundle show prints what the daemon knows", "[cli]") {
    const FakeDaemon daemon{show_or_do};
    const Ran table = run_tram(&daemon, {"bundle", "show", "7KQ4"});
    CHECK(table.exit_code == 0);
    CHECK(table.out.find("7KQ4-M2PX") != std::string::npos);
    CHECK(table.out.find("WAITING FOR  18904-lt01") != std::string::npos);
    const Ran object = run_tram(&daemon, {"bundle", "show", "7KQ4", "-o", "json"});
    CHECK(json::parse(object.out).at("destination") == "dtn://18904-srv/requests");
    CHECK(daemon.requests().at(0).show_bundle().name() == "7KQ4");
}

TEST_CASE("bundle trace tells the way as a line", "[cli]") {
    const FakeDaemon daemon{[](const Request&, const std::string&) {
        FakeDaemon::Answer answer;
        auto& trace = *answer.reply.mutable_trace_bundle();
        auto& received = *trace.add_steps();
        received.set_what("received");
        received.set_peer("dtn://18904-ks07/");
        received.set_ago_ms(7'200'000);
        auto& forwarded = *trace.add_steps();
        forwarded.set_what("forwarded");
        forwarded.set_peer("dtn://18904-srv/");
        forwarded.set_ago_ms(60'000);
        return answer;
    }};
    const Ran ran = run_tram(&daemon, {"bundle", "trace", "7KQ4"});
    REQUIRE(ran.out ==
            "received from 18904-ks07 (2 h ago) -> forwarded to 18904-srv (1 min ago) -> no longer here\n");
}

TEST_CASE("bundle hold and release name the bundle to the daemon", "[cli]") {
    const FakeDaemon daemon{show_or_do};
    CHECK(run_tram(&daemon, {"bundle", "hold", "7KQ4"}).out == "held 7KQ4\n");
    CHECK(run_tram(&daemon, {"bundle", "release", "7KQ4"}).out == "released 7KQ4\n");
    const auto requests = daemon.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].hold_bundle().name() == "7KQ4");
    CHECK(requests[1].release_bundle().name() == "7KQ4");
}

TEST_CASE("bundle cancel asks on a terminal and wants the id typed", "[cli]") {
    const FakeDaemon daemon{show_or_do};
    const auto [typed, cancels] = GENERATE(table<const char*, bool>(
        {{"7KQ4\n", true}, {"y\n", false}, {"", false}, {"\n", false}, {"7kq4\n", false}}));
    CAPTURE(typed);
    const Ran ran = run_tram(&daemon, {"bundle", "cancel", "7K"}, {.input = typed, .in_terminal = true});
    const auto requests = daemon.requests();
    CHECK(requests.size() == (cancels ? 2U : 1U));
    CHECK(ran.exit_code == (cancels ? 0 : 1));
    CHECK(ran.err.find("dtn://18904-srv/requests") != std::string::npos);
    if (cancels) CHECK(requests.back().cancel_bundle().name() == "7KQ4-M2PX");
}

TEST_CASE("bundle cancel without a terminal needs --yes", "[cli]") {
    const FakeDaemon daemon{show_or_do};
    const Ran refused = run_tram(&daemon, {"bundle", "cancel", "7K"}, {.input = "7KQ4\n"});
    CHECK(refused.exit_code == 64);
    CHECK(refused.err.find("--yes") != std::string::npos);
    CHECK(daemon.requests().size() == 1);
    const Ran cancelled = run_tram(&daemon, {"bundle", "cancel", "7K", "--yes"});
    CHECK(cancelled.exit_code == 0);
    CHECK(daemon.requests().back().has_cancel_bundle());
}

TEST_CASE("bundle cancel --dry-run only looks", "[cli]") {
    const FakeDaemon daemon{show_or_do};
    const Ran ran = run_tram(&daemon, {"bundle", "cancel", "7K", "--yes", "--dry-run"});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out == "would cancel 7KQ4-M2PX to dtn://18904-srv/requests (2 kB)\n");
    REQUIRE(daemon.requests().size() == 1);
    CHECK(daemon.requests()[0].has_show_bundle());
}

TEST_CASE("bundle send hands over payload and options", "[cli]") {
    std::string payload;
    const FakeDaemon daemon{[&](const Request&, const std::string& frame) {
        payload = frame;
        FakeDaemon::Answer answer;
        answer.reply.mutable_send_bundle()->set_short_id("7KQ4-M2PX");
        answer.reply.mutable_send_bundle()->set_bundle_id("dtn://18904-ks07/ 0-42");
        return answer;
    }};
    const Ran ran =
        run_tram(&daemon,
                 {"bundle", "send", "--to", "dtn://18904-srv/requests", "--from", "dtn://18904-ks07/inbox",
                  "--lifetime", "7 d", "--urgency", "3", "--kind", "request", "--report-delivery", "-"},
                 {.input = std::string{"a\0b", 3}});
    CHECK(ran.err == "warning: carriers can read this bundle; tram message send seals what it sends\n");
    CHECK(ran.out == "queued 7KQ4-M2PX  dtn://18904-ks07/ 0-42\n");
    CHECK(payload == std::string{"a\0b", 3});
    const auto send = daemon.requests().at(0).send_bundle();
    CHECK(send.destination() == "dtn://18904-srv/requests");
    CHECK(send.source() == "dtn://18904-ks07/inbox");
    CHECK(send.lifetime_ms() == 604'800'000);
    CHECK(send.urgency() == 3);
    CHECK(send.kind() == "request");
    CHECK(send.report_delivery());
}

TEST_CASE("bundle send reads a file and refuses one that is not there", "[cli]") {
    const TemporaryDirectory directory;
    std::ofstream{directory.path() / "form"} << "hello";
    std::string payload;
    const FakeDaemon daemon{[&](const Request&, const std::string& frame) {
        payload = frame;
        FakeDaemon::Answer answer;
        answer.reply.mutable_send_bundle()->set_short_id("7KQ4");
        return answer;
    }};
    const Ran sent =
        run_tram(&daemon, {"bundle", "send", "--to", "ipn:1.1", (directory.path() / "form").string()});
    CHECK(sent.exit_code == 0);
    CHECK(payload == "hello");
    const Ran absent =
        run_tram(&daemon, {"bundle", "send", "--to", "ipn:1.1", (directory.path() / "no").string()});
    CHECK(absent.exit_code == 1);
    CHECK(absent.err.starts_with("error: not_found: "));
    CHECK(daemon.requests().size() == 1);
}
