// tram bundle receive: the acknowledgement goes out only after the payload is in its file.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/run.h"

using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

std::string contents(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::size_t files_in(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

FakeDaemon::Answer bundle(const std::string& short_id, const std::string& payload) {
    FakeDaemon::Answer answer;
    auto& reply = *answer.reply.mutable_receive_bundle();
    reply.set_found(true);
    reply.set_token("token-" + short_id);
    reply.set_short_id(short_id);
    reply.set_bundle_id("dtn://a/ 0-" + short_id);
    reply.set_source("dtn://a/");
    reply.set_payload_size(payload.size());
    answer.payload = payload;
    return answer;
}

FakeDaemon::Answer nothing() {
    FakeDaemon::Answer answer;
    answer.reply.mutable_receive_bundle();
    return answer;
}

/// An inbox that hands out its first bundle until that is acknowledged.
class Inbox {
  public:
    explicit Inbox(std::vector<FakeDaemon::Answer> bundles) : bundles_{std::move(bundles)} {}

    FakeDaemon::Answer operator()(const Request& request, const std::string&) {
        if (request.has_receive_bundle()) return bundles_.empty() ? nothing() : bundles_.front();
        if (bundles_.empty() ||
            request.acknowledge_bundle().token() != bundles_.front().reply.receive_bundle().token()) {
            return failure("not_found", "no such token", "");
        }
        bundles_.erase(bundles_.begin());
        return done();
    }

  private:
    std::vector<FakeDaemon::Answer> bundles_;
};

}  // namespace

TEST_CASE("receive acknowledges only when the file is there whole", "[cli]") {
    const TemporaryDirectory directory;
    const std::string payload(300'000, 'x');
    std::string seen_at_acknowledgement;
    Inbox inbox{{bundle("7KQ4-M2PX", payload)}};
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        if (request.has_acknowledge_bundle())
            seen_at_acknowledgement = contents(directory.path() / "7KQ4-M2PX");
        return inbox(request, frame);
    }};
    const Ran ran = run_tram(
        &daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", directory.path().string()});
    REQUIRE(ran.err.empty());
    CHECK(ran.exit_code == 0);
    CHECK((seen_at_acknowledgement == payload));  // unexpanded: 300 kB in a report help nobody
    CHECK(files_in(directory.path()) == 1);
    const auto mode = fs::status(directory.path() / "7KQ4-M2PX").permissions();
    CHECK((mode & fs::perms::others_all) == fs::perms::none);
    const auto requests = daemon.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].receive_bundle().endpoint() == "dtn://b/inbox");
    CHECK(requests[1].acknowledge_bundle().token() == "token-7KQ4-M2PX");
}

TEST_CASE("receive takes everything that waits and prints one JSON object a bundle", "[cli]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{bundle("A", "one"), bundle("B", ""), bundle("C", "three")}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output",
                                       directory.path().string(), "-o", "json"});
    REQUIRE(ran.exit_code == 0);
    const auto lines = ran.lines();
    REQUIRE(lines.size() == 3);
    const auto second = json::parse(lines[1]);
    CHECK(second.at("short_id") == "B");
    CHECK(second.at("payload_size") == 0);
    CHECK(second.at("acknowledged") == true);
    CHECK(second.at("already_there") == false);
    CHECK(contents(directory.path() / "C") == "three");
}

TEST_CASE("receive stops after --count", "[cli]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{bundle("A", "one"), bundle("B", "two")}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--count", "1",
                                       "--output", directory.path().string()});
    CHECK(ran.exit_code == 0);
    CHECK(daemon.requests().size() == 2);
}

TEST_CASE("receive acknowledges a bundle whose file is there already", "[cli]") {
    const TemporaryDirectory directory;
    std::ofstream{directory.path() / "A"} << "one";
    const FakeDaemon daemon{Inbox{{bundle("A", "one")}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "-o", "json",
                                       "--output", directory.path().string()});
    REQUIRE(ran.exit_code == 0);
    CHECK(json::parse(ran.out).at("already_there") == true);
    CHECK(daemon.requests().at(1).has_acknowledge_bundle());
}

TEST_CASE("receive never overwrites a different file and does not acknowledge", "[cli]") {
    const TemporaryDirectory directory;
    const auto* present = GENERATE("other", "", "one and more", "on");
    std::ofstream{directory.path() / "A"} << present;
    const FakeDaemon daemon{Inbox{{bundle("A", "one")}}};
    const Ran ran = run_tram(
        &daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", directory.path().string()});
    CHECK(ran.exit_code == 1);
    CHECK(ran.err.starts_with("error: duplicate: "));
    CHECK(contents(directory.path() / "A") == present);
    CHECK(files_in(directory.path()) == 1);
    CHECK(daemon.requests().size() == 1);
}

TEST_CASE("receive does not fetch what it cannot write", "[cli]") {
    const FakeDaemon daemon{Inbox{{bundle("A", "one")}}};
    const Ran ran =
        run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", "/nonexistent"});
    CHECK(ran.exit_code == 1);
    CHECK(ran.err.starts_with("error: not_found: "));
    CHECK(daemon.requests().empty());
}

TEST_CASE("receive does not let a short id leave the directory", "[cli]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{bundle("../../x", "one")}}};
    const Ran ran = run_tram(
        &daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", directory.path().string()});
    CHECK(ran.exit_code == 0);
    CHECK(contents(directory.path() / "______x") == "one");
}

TEST_CASE("receive writes one payload to standard output", "[cli]") {
    const FakeDaemon daemon{Inbox{{bundle("A", std::string{"a\0b", 3}), bundle("B", "two")}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", "-"});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out == std::string{"a\0b", 3});
    CHECK(daemon.requests().size() == 2);
    const Ran follow =
        run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", "-", "--follow"});
    CHECK(follow.exit_code == 64);
}

TEST_CASE("receive says on exit when there was nothing", "[cli]") {
    const FakeDaemon daemon{Inbox{{}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox"});
    CHECK(ran.exit_code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err == "nothing is waiting at dtn://b/inbox\n");
    CHECK(daemon.requests().at(0).receive_bundle().wait_ms() == 0);
}

TEST_CASE("receive lets the daemon wait for as long as it may", "[cli]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{bundle("A", "one")}}};
    const Ran ran = run_tram(&daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--wait", "2 h",
                                       "--output", directory.path().string()});
    CHECK(ran.exit_code == 0);
    const auto requests = daemon.requests();
    CHECK(requests.at(0).receive_bundle().wait_ms() == 2'000);
    CHECK(requests.back().receive_bundle().wait_ms() == 0);
}

TEST_CASE("receive --follow outlives an acknowledgement that got no answer", "[cli]") {
    const TemporaryDirectory directory;
    Inbox inbox{{bundle("A", "one")}};
    bool lost = false;
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        if (request.has_acknowledge_bundle() && !std::exchange(lost, true)) {
            FakeDaemon::Answer silence;
            silence.silent = true;
            return silence;
        }
        return inbox(request, frame);
    }};
    const Ran ran =
        run_tram(&daemon, {"--timeout", "200 ms", "bundle", "receive", "--endpoint", "dtn://b/inbox",
                           "--follow", "--count", "2", "-o", "json", "--output", directory.path().string()});
    CHECK(ran.exit_code == 0);
    const auto lines = ran.lines();
    REQUIRE(lines.size() == 2);
    CHECK(json::parse(lines[0]).at("acknowledged") == false);
    CHECK(json::parse(lines[1]).at("acknowledged") == true);
    CHECK(json::parse(lines[1]).at("already_there") == true);
    CHECK(json::parse(lines[0]).at("bundle_id") == json::parse(lines[1]).at("bundle_id"));
}

TEST_CASE("receive does not keep a payload of the wrong length", "[cli]") {
    const TemporaryDirectory directory;
    auto answer = bundle("A", "one");
    answer.payload = "on";
    const FakeDaemon daemon{Inbox{{answer}}};
    const Ran ran = run_tram(
        &daemon, {"bundle", "receive", "--endpoint", "dtn://b/inbox", "--output", directory.path().string()});
    CHECK(ran.exit_code == 3);
    CHECK(files_in(directory.path()) == 0);
}
