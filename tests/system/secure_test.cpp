// Daemons with identities: TLS on every link, signatures on every bundle, and nobody else gets in.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "daemon/audit/audit_log.h"
#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/province.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

const std::string kKiosk = "dtn://18904-ks07/";
const std::string kLaptop = "dtn://18904-lt01/";
const std::string kServer = "dtn://18904-srv/";
const std::string kRequests = kServer + "requests";

std::uint64_t counter(DaemonProcess& daemon, const std::string& name) {
    const pb::StatusReply status = daemon.status();
    const auto found = std::ranges::find(status.counters(), name, &pb::Counter::name);
    return found == status.counters().end() ? 0 : found->value();
}

bool connected(DaemonProcess& daemon, const std::string& peer) {
    const pb::StatusReply status = daemon.status();
    const auto found = std::ranges::find(status.peers(), peer, &pb::Peer::node_id);
    return found != status.peers().end() && found->connected();
}

/// A kiosk and a server, and a laptop that calls both.
struct Village {
    Village() {
        laptop.config().peers = {{.id = kKiosk, .address = kiosk.address()},
                                 {.id = kServer, .address = server.address()}};
        REQUIRE(kiosk.start_and_wait());
        REQUIRE(server.start_and_wait());
    }
    pb::Reply ask(DaemonProcess& daemon, pb::Request request, std::optional<ByteView> payload = {}) {
        ApiClient client{daemon.api()};
        auto answer = client.call(std::move(request), payload);
        if (!answer) FAIL(answer.error().message);
        return answer->reply;
    }
    pb::TrustReply revoke_at(DaemonProcess& daemon, const std::string& node_id) {
        pb::Request request;
        request.mutable_trust();
        const Bytes list = province.revoke(node_id);
        return ask(daemon, request, list.view()).trust();
    }

    TestDirectory directory;
    Province province{directory.path() / "province", "Yen Bai"};
    DaemonProcess kiosk{directory, "kiosk", province.enrol(kKiosk)};
    DaemonProcess laptop{directory, "laptop", province.enrol(kLaptop)};
    DaemonProcess server{directory, "server", province.enrol(kServer)};
};

TEST_CASE("three devices that never met deliver over TLS what was signed", "[system][secure]") {
    Village village;
    ApiClient at_kiosk{village.kiosk.api()};
    const Digests sent = submit(at_kiosk, {kRequests, 200, 0, [](std::uint64_t) { return 300; }});
    REQUIRE(village.laptop.start_and_wait());
    ApiClient at_server{village.server.api()};
    Mailbox mailbox;
    REQUIRE(wait_until([&] {
        collect(at_server, kRequests, mailbox);
        return mailbox.received.size() == sent.size();
    }));
    CHECK(mailbox.received == sent);
    CHECK(mailbox.again == 0);
    CHECK(village.server.status().identity() == "good");
    CHECK(village.server.status().clock_trusted());
    for (DaemonProcess* each : {&village.kiosk, &village.laptop, &village.server}) {
        CHECK(counter(*each, "refused.unknown_signer") == 0);
        CHECK(counter(*each, "refused.bad_signature") == 0);
    }
    pb::Request request;
    request.mutable_list_devices();
    const pb::Reply known = village.ask(village.server, request);
    CHECK(std::ranges::any_of(known.list_devices().devices(), [](const pb::Device& device) {
        return device.node_id() == kKiosk && device.usage() == "sign" && device.state() == "good";
    }));
}

TEST_CASE("a device of another root is refused on both ends, each with the reason", "[system][secure]") {
    Village village;
    Province elsewhere{village.directory.path() / "elsewhere", "Another"};
    DaemonProcess stranger{village.directory, "stranger", elsewhere.enrol("dtn://18904-lt09/")};
    stranger.config().peers = {{.id = kServer, .address = village.server.address()}};
    REQUIRE(stranger.start_and_wait());
    CHECK(wait_until([&] { return counter(village.server, "links_refused.unknown_authority") > 0; }));
    CHECK(wait_until([&] { return counter(stranger, "links_refused.unknown_authority") > 0; }));
    CHECK_FALSE(connected(village.server, "dtn://18904-lt09/"));
    CHECK(village.server.log().find("unknown_authority: ") != std::string::npos);
    CHECK(stranger.log().find("unknown_authority: ") != std::string::npos);
    CHECK(village.server.stored() == 0);
}

TEST_CASE("a device without certificates is refused, and one peer is let in that is named as plain",
          "[system][secure]") {
    Village village;
    const std::string name = "dtn://18904-old/";
    DaemonProcess plain{village.directory, "plain", fast_config(name)};
    plain.config().peers = {{.id = kServer, .address = village.server.address()}};
    REQUIRE(plain.start_and_wait());
    CHECK(wait_until([&] { return counter(village.server, "links_refused.no_tls") > 0; }));
    CHECK_FALSE(connected(village.server, name));
    REQUIRE(village.server.stop() == std::optional{0});
    village.server.config().peers = {{.id = name, .address = plain.address(), .plain = true}};
    village.server.config().security.unsigned_sources = {name + "*"};
    REQUIRE(village.server.start_and_wait());
    CHECK(wait_until([&] { return connected(village.server, name); }));
    ApiClient at_plain{plain.api()};
    REQUIRE(at_plain.send(kRequests, Buffer(10, 1)));
    CHECK(wait_until([&] { return village.server.stored() == 1; }));
}

TEST_CASE("a revocation ends the session, and says what the device took along", "[system][secure]") {
    Village village;
    village.laptop.config().peers = {{.id = kServer, .address = village.server.address()}};
    REQUIRE(village.laptop.start_and_wait());
    REQUIRE(wait_until([&] { return connected(village.server, kLaptop); }));
    ApiClient at_server{village.server.api()};
    REQUIRE(at_server.send(kLaptop + "inbox", Buffer(10, 1)));
    REQUIRE(at_server.send(kKiosk + "inbox", Buffer(10, 2)));
    ApiClient at_laptop{village.laptop.api()};
    REQUIRE(at_laptop.send(kRequests, Buffer(10, 3)));
    REQUIRE(wait_until([&] { return village.laptop.stored() == 2 && village.server.stored() >= 1; }));
    REQUIRE(wait_until([&] { return counter(village.server, "bundles_received") > 0; }));

    const pb::TrustReply told = village.revoke_at(village.server, kLaptop);
    CHECK(told.new_lists() == 1);
    CHECK(told.sessions_ended() == 1);
    CHECK(told.bundles_held() == 1);
    CHECK(wait_until([&] { return !connected(village.server, kLaptop); }));
    CHECK(wait_until([&] { return counter(village.server, "links_refused.certificate_revoked") > 0; }));
    CHECK(wait_until([&] { return counter(village.laptop, "links_refused.certificate_revoked") > 0; }));

    pb::Request request;
    request.mutable_device_holdings()->set_node_id(kLaptop);
    const pb::Reply reply = village.ask(village.server, request);
    CHECK(reply.device_holdings().total() == 2);
    CHECK(reply.device_holdings().without_receipt() == 2);
    REQUIRE(reply.device_holdings().from_device_size() == 1);
    CHECK(reply.device_holdings().from_device(0).state() == "held");

    const auto verdict = audit::verify(village.server.config().security.audit);
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->entries >= 3);
}

TEST_CASE("a device that was not enrolled yet starts without links and says what to do", "[system][secure]") {
    const TestDirectory directory;
    config::Config config = fast_config("dtn://18904-new/");
    config.security.open = false;
    config.security.identity = directory.path() / "identity";
    config.security.audit = directory.path() / "audit";
    DaemonProcess daemon{directory, "new", config};
    REQUIRE(daemon.start_and_wait());
    const pb::StatusReply status = daemon.status();
    CHECK(status.identity() == "none");
    CHECK(std::ranges::any_of(status.warnings(), [](const std::string& warning) {
        return warning.find("tram device init") != std::string::npos;
    }));
    CHECK(daemon.log().find("listening on TCP port none") != std::string::npos);
    ApiClient client{daemon.api()};
    const auto sent = client.send(kRequests, Buffer(10, 1));
    REQUIRE_FALSE(sent);
    CHECK(sent.error().message.starts_with("no_certificate: "));
}

TEST_CASE("a daemon with a broken identity, or another node's, does not start", "[system][secure]") {
    const TestDirectory directory;
    Province province{directory.path() / "province", "Yen Bai"};
    config::Config config = province.enrol(kServer);
    std::string reason;
    SECTION("another node's") {
        config.node.id = kKiosk;
        reason = "but the identity in";
    }
    SECTION("broken") {
        std::filesystem::resize_file(config.security.identity / "sign.key", 10);
        reason = "sign.key";
    }
    DaemonProcess daemon{directory, "server", config};
    CHECK_FALSE(daemon.start_and_wait());
    CHECK_FALSE(daemon.running());
    CHECK(daemon.log().find(reason) != std::string::npos);
}

TEST_CASE("an empty node id is that of the identity", "[system][secure]") {
    const TestDirectory directory;
    Province province{directory.path() / "province", "Yen Bai"};
    config::Config config = province.enrol(kServer);
    config.node.id = "";
    DaemonProcess daemon{directory, "server", config};
    REQUIRE(daemon.start_and_wait());
    CHECK(daemon.status().node_id() == kServer);
}

}  // namespace
}  // namespace tram::harness
