// tram device with a daemon: who is told what, what a lost device held, and who is known.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <ctime>
#include <mutex>

#include "daemon/enrol/authority.h"
#include "daemon/enrol/identity_directory.h"
#include "tests/unit/cli/machine.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;

namespace {

/// Answers what `tram device` asks, and keeps what it was given.
class Answers {
  public:
    FakeDaemon::Answer operator()(const Request& request, const std::string& payload) {
        const std::lock_guard lock{mutex};
        FakeDaemon::Answer answer;
        if (request.has_trust()) {
            if (refuses) return failure("no_certificate", "this node has no identity", "tram device init");
            trusted.push_back(payload);
            auto& trust = *answer.reply.mutable_trust();
            trust.set_new_certificates(2);
            trust.set_new_lists(1);
            trust.set_sessions_ended(1);
            trust.set_bundles_held(3);
        } else if (request.has_send_bundle()) {
            sent.push_back(payload);
            answer.reply.mutable_send_bundle()->set_short_id("7KQ4-M2PX");
        } else if (request.has_device_holdings()) {
            *answer.reply.mutable_device_holdings() = holdings;
        } else if (request.has_receive_bundle()) {
            auto& received = *answer.reply.mutable_receive_bundle();
            received.set_found(!waiting.empty());
            received.set_token("token");
            if (!waiting.empty()) answer.payload = waiting.front();
        } else if (request.has_acknowledge_bundle()) {
            waiting.erase(waiting.begin());
            return done();
        } else if (request.has_list_devices()) {
            *answer.reply.mutable_list_devices() = list;
        }
        return answer;
    }

    std::mutex mutex;
    bool refuses = false;
    std::vector<std::string> trusted;
    std::vector<std::string> sent;
    std::vector<std::string> waiting;
    api::pb::DeviceHoldingsReply holdings;
    api::pb::ListDevicesReply list;
};

FakeDaemon::Handler ask(Answers& answers) {
    return
        [&answers](const Request& request, const std::string& payload) { return answers(request, payload); };
}

identity::TrustBundle decoded(const std::string& wire) {
    auto bundle = identity::decode_trust(as_bytes(wire));
    REQUIRE(bundle);
    return *bundle;
}

std::string encoded(const std::string& file) {
    const Bytes wire = identity::encode_trust(bundle_in(file));
    return std::string{as_text(wire)};
}

/// Two bundles handed to the device: one is safe, one is lost.
api::pb::DeviceHoldingsReply two_holdings() {
    api::pb::DeviceHoldingsReply holdings;
    holdings.set_total(3);
    holdings.set_without_receipt(1);
    auto& safe = *holdings.add_holdings();
    safe.set_short_id("AAAA-1");
    safe.set_destination("dtn://18904-srv/requests");
    safe.set_kind("request");
    safe.set_ago_ms(3'600'000);
    safe.set_receipt(true);
    auto& lost = *holdings.add_holdings();
    lost.set_short_id("BBBB-2");
    lost.set_destination("dtn://18904-srv/\x1b[31m");
    lost.set_kind("update");
    auto& made = *holdings.add_from_device();
    made.set_short_id("CCCC-3");
    made.set_kind("bulk");
    made.set_destination("dtn://18904-srv/x");
    made.set_size(1'000);
    return holdings;
}

}  // namespace

TEST_CASE("approve hands the grant to the daemon, and to the device over the mesh", "[cli][device]") {
    Answers answers;
    const FakeDaemon daemon{ask(answers)};
    Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    server.daemon = &daemon;
    const std::string grant = kiosk.path("g");
    const Ran ran = server.device(
        {"approve", kiosk.path("identity/request.pem"), "--yes", "--send", "--out", grant, "-o", "json"});
    CHECK(ran.exit_code == 0);
    const auto object = json::parse(ran.out);
    CHECK(object.at("approved") == "dtn://18904-ks07/");
    CHECK(object.at("daemon_told") == true);
    CHECK(object.at("sent") == "7KQ4-M2PX");
    CHECK(object.at("certificates").as_array().size() == 2);
    REQUIRE(answers.trusted.size() == 1);
    REQUIRE(answers.sent.size() == 1);
    CHECK(answers.trusted[0] == encoded(grant));
    CHECK(answers.sent[0] == encoded(grant));
    const Request sent = daemon.requests().back();
    CHECK(sent.send_bundle().destination() == "dtn://18904-ks07/tram/grant");
    CHECK(sent.send_bundle().kind() == "control");
}

TEST_CASE("approve can leave the daemon alone, and survives its refusal", "[cli][device]") {
    Answers answers;
    answers.refuses = true;
    const FakeDaemon daemon{ask(answers)};
    Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    server.daemon = &daemon;
    std::vector<std::string> arguments = {"approve", kiosk.path("identity/request.pem"), "--yes", "--out",
                                          kiosk.path("g")};
    const Ran refused = server.device(arguments);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "error: no_certificate: this node has no identity"));
    CHECK(contains(refused.out, "approved dtn://18904-ks07/"));
    CHECK(kiosk.device({"accept", kiosk.path("g"), "--yes"}).exit_code == 0);
    arguments.emplace_back("--no-daemon");
    CHECK(server.device(arguments).exit_code == 0);
    CHECK(daemon.requests().size() == 1);
}

TEST_CASE("approve that cannot send says so, and the grant is there", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const Ran ran = server.device(
        {"approve", kiosk.path("identity/request.pem"), "--yes", "--send", "--out", kiosk.path("g")});
    CHECK(ran.exit_code == 3);
    CHECK(contains(ran.err, "error: unavailable: "));
    CHECK(std::filesystem::exists(kiosk.path("g")));
}

TEST_CASE("accept tells the daemon, and that it must be started again", "[cli][device]") {
    Answers answers;
    const FakeDaemon daemon{ask(answers)};
    const Server server;
    Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::string grant = server.approve(kiosk);
    kiosk.daemon = &daemon;
    const Ran ran = kiosk.device({"accept", grant, "--yes"});
    CHECK(ran.exit_code == 0);
    CHECK(contains(ran.out, "told tramd here: new certificates 2, new lists 1"));
    CHECK(contains(ran.out, "restart tramd"));
    REQUIRE(answers.trusted.size() == 1);
    CHECK(answers.trusted[0] == encoded(grant));
}

TEST_CASE("accept takes every grant that came over the mesh", "[cli][device]") {
    Answers answers;
    const FakeDaemon daemon{ask(answers)};
    const Server server;
    Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::string grant = server.approve(kiosk);
    kiosk.daemon = &daemon;
    SECTION("but not the first") {
        answers.waiting = {encoded(grant)};
        const Ran ran = kiosk.device({"accept", "--from-mesh", "--yes"});
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "the first grant comes as a file"));
        CHECK(answers.waiting.size() == 1);
    }
    REQUIRE(kiosk.device({"accept", grant, "--yes", "--no-daemon"}).exit_code == 0);
    SECTION("nothing there") {
        const Ran ran = kiosk.device({"accept", "--from-mesh"});
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.err, "no grant has come"));
    }
    SECTION("one that is good, and one that is not") {
        answers.waiting = {"junk", encoded(server.approve(kiosk))};
        const Ran ran = kiosk.device({"accept", "--from-mesh"});
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "error: "));
        CHECK(contains(ran.out, "accepted the certificates of dtn://18904-ks07/"));
        CHECK(answers.waiting.empty());
        CHECK(daemon.requests().front().receive_bundle().endpoint() == "dtn://18904-ks07/tram/grant");
    }
    SECTION("one that could not be noted stays") {
        answers.waiting = {encoded(grant)};
        std::filesystem::remove(kiosk.path("audit.log"));
        std::filesystem::create_directory(kiosk.path("audit.log"));
        CHECK(kiosk.device({"accept", "--from-mesh"}).exit_code == 2);
        CHECK(answers.waiting.size() == 1);
    }
}

TEST_CASE("revoke takes everything away and reports what the device held", "[cli][device]") {
    Answers answers;
    answers.holdings = two_holdings();
    const FakeDaemon daemon{ask(answers)};
    Server server;
    const Machine laptop;
    init(laptop, "18904-lt01");
    server.approve(laptop);
    server.daemon = &daemon;
    const Ran ran = server.device({"revoke", "18904-lt01", "--yes", "--out", server.path("list.pem")});
    CHECK(ran.exit_code == 0);
    CHECK(ran.lines().at(0) == "revoked 2 certificates of dtn://18904-lt01/: list 1 of dtn://18904/");
    CHECK(contains(ran.out, "sessions ended 1, bundles of it held back 3"));
    CHECK(contains(ran.out, "dtn://18904-lt01/ was handed 3 bundles here, 1 of them without receipt"));
    CHECK(contains(ran.out, "AAAA-1  request  dtn://18904-srv/requests"));
    CHECK(contains(ran.out, "and 1 more"));
    CHECK(contains(ran.out, "! 1 have neither receipt nor a copy here"));
    CHECK(contains(ran.out, "CCCC-3"));
    CHECK(contains(ran.out, "tram bundle release ID"));
    CHECK_FALSE(contains(ran.out, "\x1b"));
    REQUIRE(answers.trusted.size() == 1);
    REQUIRE(decoded(answers.trusted[0]).lists.size() == 1);
    CHECK(decoded(answers.trusted[0]).lists[0].serials.size() == 2);
    CHECK(bundle_in(server.path("list.pem")).lists[0].number == 1);
    CHECK(server.acts("authority/audit.log").back() == "device.revoke");
    const auto issued = enrol::list_issued(server.path("authority"));
    for (const auto& each : *issued)
        CHECK(each.revoked == (each.certificate.eid == "dtn://18904-lt01/"));
}

TEST_CASE("revoke again tells those whom an interrupted attempt did not reach", "[cli][device]") {
    Answers answers;
    answers.holdings = two_holdings();
    const FakeDaemon daemon{ask(answers)};
    Server server;
    const Machine laptop;
    init(laptop, "18904-lt01");
    server.approve(laptop);
    REQUIRE(server.device({"revoke", "18904-lt01", "--yes"}).exit_code == 1);
    server.daemon = &daemon;
    const Ran again = server.device({"revoke", "18904-lt01", "--out", server.path("list.pem")});
    CHECK(again.exit_code == 0);
    CHECK(again.lines().at(0) ==
          "everything that was issued to dtn://18904-lt01/ is revoked already: list 1 of dtn://18904/");
    CHECK(contains(again.out, "dtn://18904-lt01/ was handed 3 bundles here"));
    REQUIRE(answers.trusted.size() == 1);
    CHECK(decoded(answers.trusted[0]).lists.at(0).number == 1);
    CHECK(bundle_in(server.path("list.pem")).lists.at(0).number == 1);
    CHECK(std::ranges::count(server.acts("authority/audit.log"), "device.revoke") == 1);
}

TEST_CASE("revoke shows first, and asks before it does it", "[cli][device]") {
    Answers answers;
    answers.holdings = two_holdings();
    const FakeDaemon daemon{ask(answers)};
    Server server;
    const Machine laptop;
    init(laptop, "18904-lt01");
    server.approve(laptop);
    server.daemon = &daemon;
    const Ran dry = server.device({"revoke", "18904-lt01", "--dry-run"});
    CHECK(dry.exit_code == 0);
    CHECK(contains(dry.out, "would revoke 2 certificates of dtn://18904-lt01/"));
    CHECK(contains(dry.out, "BBBB-2"));
    const auto object = json::parse(server.device({"revoke", "18904-lt01", "--dry-run", "-o", "json"}).out);
    CHECK(object.at("would") == "revoked");
    CHECK(object.at("holdings").at("without_receipt") == 1);
    CHECK(server.device({"revoke", "18904-lt01"}).exit_code == 64);
    CHECK(server.device({"revoke", "18904-lt01"}, {.input = "yes\n", .in_terminal = true}).exit_code == 1);
    CHECK(answers.trusted.empty());
    CHECK(server.acts("authority/audit.log").back() == "device.approve");
    const Ran typed =
        server.device({"revoke", "18904-lt01", "-o", "json"}, {.input = "18904-lt01\n", .in_terminal = true});
    CHECK(typed.exit_code == 0);
    CHECK(json::parse(typed.out).at("daemon").at("sessions_ended") == 1);
    CHECK(json::parse(typed.out).at("list") == 1);
}

TEST_CASE("revoke without a daemon warns that nobody enforces it yet", "[cli][device]") {
    const Server server;
    const Machine laptop;
    init(laptop, "18904-lt01");
    REQUIRE(laptop.device({"accept", server.approve(laptop), "--yes"}).exit_code == 0);
    const Ran ran = server.device({"revoke", "18904-lt01", "--yes"});
    CHECK(ran.exit_code == 1);
    const std::string list = server.path("authority/revoked.pem");
    CHECK(
        contains(ran.out, "! nobody enforces the list yet; carry it to a node: tram device accept " + list));
    // Any node takes it.
    const Ran carried = laptop.device({"accept", list});
    CHECK(carried.exit_code == 0);
    CHECK(contains(carried.out, "certificates 0, lists 1"));
    const Ran never = server.device({"revoke", "18904-none", "--yes"});
    CHECK(never.exit_code == 1);
    CHECK(contains(never.err, "error: not_found: nothing was ever issued"));
    CHECK(contains(never.err, "tram device list --authority " + server.path("authority")));
}

TEST_CASE("revoke of an authority is the root's affair", "[cli][device]") {
    const Server server;
    const Ran ran = server.device({"revoke", "18904", "--yes", "--out", server.path("list.pem")});
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.out, "revoked 1 certificates of dtn://18904/: list 1 of root:"));
    CHECK(server.acts("root/audit.log").back() == "device.revoke");
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    CHECK(server.device({"accept", server.path("list.pem")}).exit_code == 0);
}

TEST_CASE("list shows what an authority has issued", "[cli][device]") {
    const Server server;
    const Machine laptop;
    init(laptop, "18904-lt01");
    server.approve(laptop);
    REQUIRE(server.device({"revoke", "18904-lt01", "--yes"}).exit_code == 1);
    const Ran table = server.device({"list", "--authority", server.path("authority")});
    CHECK(table.exit_code == 0);
    REQUIRE(table.lines().size() == 6);
    CHECK(table.lines().at(0).starts_with("NODE               FOR   ENDS IN  STATE"));
    CHECK(table.lines().at(1).starts_with("dtn://18904-srv/   tls     36"));
    CHECK(table.lines().at(5).ends_with("revoked"));
    const auto array =
        json::parse(server.device({"list", "--authority", server.path("authority"), "-o", "json"}).out);
    CHECK(array.as_array().size() == 5);
    CHECK(array.at(0).at("usage") == "tls");
    CHECK(array.at(0).at("state") == "good");
    CHECK(server.device({"list", "--authority", server.path("none")}).exit_code == 1);
}

TEST_CASE("list shows what the daemon knows", "[cli][device]") {
    Answers answers;
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    auto& old = *answers.list.add_devices();
    old.set_node_id("dtn://18904-ks07/");
    old.set_usage("tls");
    old.set_not_after(now - 3 * 86'400 - 60);
    old.set_state("expired");
    auto& root = *answers.list.add_devices();
    root.set_usage("root");
    root.set_name("Tỉnh mẫu");
    root.set_not_after(now + 20 * 86'400 + 60);
    root.set_state("good");
    auto& revoked = *answers.list.add_lists();
    revoked.set_authority("dtn://18904/");
    revoked.set_number(4);
    revoked.set_issued(1'790'000'000);
    revoked.set_entries(2);
    const FakeDaemon daemon{ask(answers)};
    const Ran ran = run_tram(&daemon, {"device", "list"});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out ==
          "NODE               FOR   ENDS IN  STATE    NAME\n"
          "-                  root     20 d  good     Tỉnh mẫu\n"
          "dtn://18904-ks07/  tls   3 d ago  expired\n"
          "revocation list of dtn://18904/: number 4, 2 certificates, of 2026-09-21\n");
}
