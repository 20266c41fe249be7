// Nodes with certificates among nodes without.
#include <catch2/catch.hpp>

#include "tests/unit/links/tls_fixture.h"

using namespace tram;
using namespace tram::links;
using namespace tram::links::test;

namespace {

bool says(const Error& error, const std::string& part) {
    INFO(error.message);
    return error.message.find(part) != std::string::npos;
}

const Error& first_failure(const Node& node) {
    REQUIRE_FALSE(node.heard.failures.empty());
    return node.heard.failures.at(0).error;
}

/// With certificates; takes "dtn://sensor/" without TLS, at an address that nobody answers at.
LinkOptions tolerant(const MiniAuthority& authority) {
    auto options = with_tls(listening("dtn://a/"), authority);
    options.peers = {{"dtn://sensor/", "127.0.0.1:1", true}};
    options.reconnect_min = options.reconnect_max = Duration{60'000};
    return options;
}

bool refused_for(const Node& node, ErrorCode code) {
    return std::ranges::any_of(node.heard.failures,
                               [&](const auto& failure) { return failure.error.code == code; });
}

}  // namespace

TEST_CASE("a caller without TLS is refused at the contact header", "[links][tls][rfc9174]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    SECTION("raw") {
        auto peer = RawPeer::connect(io, a.manager.listening_ports().at(0));
        peer.write(kContactPlain);
        REQUIRE(run_until(io, [&] {
            peer.read();
            return peer.closed;
        }));
        CHECK(peer.received == kContactTls.size() + 3);  // and SESS_TERM
    }
    SECTION("a node without certificates understands it") {
        Node b{io, calling("dtn://b/", a.address())};
        REQUIRE(b.manager.start());
        REQUIRE(run_until(io, [&] { return !b.heard.failures.empty(); }));
        CHECK(first_failure(b).code == ErrorCode::kNoCertificate);
        CHECK(says(first_failure(b), "takes no session without TLS"));
        CHECK(says(first_failure(b), "this node has no certificate"));
        CHECK(b.heard.ups.empty());
    }
    CHECK(first_failure(a).code == ErrorCode::kNoTls);
    CHECK(says(first_failure(a), "TLS is required here"));
    CHECK(a.heard.ups.empty());
}

TEST_CASE("a called peer without TLS is refused unless it is configured as plain", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, listening("dtn://a/")};
    REQUIRE(a.manager.start());
    const bool plain = GENERATE(false, true);
    auto options = with_tls(calling("dtn://b/", a.address(), "dtn://a/"), authority);
    options.peers.at(0).plain = plain;
    Node b{io, options};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return !a.heard.ups.empty() || !b.heard.failures.empty(); }));
    if (!plain) {
        CHECK(first_failure(b).code == ErrorCode::kNoTls);
        REQUIRE(run_until(io, [&] { return !a.heard.failures.empty(); }));
        CHECK(first_failure(a).code == ErrorCode::kNoCertificate);
        return;
    }
    REQUIRE(run_until(io, [&] { return !b.heard.ups.empty(); }));
    CHECK_FALSE(b.heard.ups.at(0).authenticated);
    REQUIRE(b.manager.send(b.heard.ups.at(0).link, bundle_of(10'000, 1)));
    REQUIRE(run_until(io, [&] { return b.heard.acks.size() == 1; }));
}

TEST_CASE("a peer that is called as plain but has TLS says so", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    auto options = with_tls(calling("dtn://b/", a.address(), "dtn://a/"), authority);
    options.peers.at(0).plain = true;
    Node b{io, options};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return !b.heard.failures.empty(); }));
    CHECK(first_failure(b).code == ErrorCode::kNoTls);
    CHECK(says(first_failure(b), "configured as plain here"));
    CHECK(first_failure(a).code == ErrorCode::kNoTls);
}

TEST_CASE("without TLS only the ids of plain peers are taken, and before anything is said", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, tolerant(authority)};
    REQUIRE(a.manager.start());
    SECTION("a plain peer calls") {
        Node sensor{io, calling("dtn://sensor/", a.address())};
        REQUIRE(sensor.manager.start());
        REQUIRE(run_until(io, [&] { return !a.heard.ups.empty() && !sensor.heard.ups.empty(); }));
        CHECK_FALSE(a.heard.ups.at(0).authenticated);
        CHECK_FALSE(sensor.heard.ups.at(0).authenticated);
    }
    SECTION("others") {
        const std::string claimed = GENERATE("dtn://b/", "", "dtn://a/", "dtn://sensor");
        auto peer = RawPeer::connect(io, a.manager.listening_ports().at(0));
        peer.talk(tcpcl::Role::kActive, claimed);
        REQUIRE(run_until(io, [&] {
            peer.step();
            return peer.closed;
        }));
        CHECK_FALSE(peer.established);
        CHECK(refused_for(a, ErrorCode::kNoTls));
        CHECK(a.heard.ups.empty());
    }
}

TEST_CASE("a plain link never stands beside a proof of the same node id", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, tolerant(authority)};
    REQUIRE(a.manager.start());
    auto options = calling("dtn://sensor/", a.address());
    options.reconnect_min = options.reconnect_max = Duration{60'000};
    Node plain{io, options};
    REQUIRE(plain.manager.start());
    REQUIRE(run_until(io, [&] { return !a.heard.ups.empty(); }));

    auto proved = std::make_unique<Node>(io, with_tls(options, authority));
    REQUIRE(proved->manager.start());
    REQUIRE(run_until(io, [&] { return a.heard.ups.size() == 2 && !a.heard.downs.empty(); }));
    CHECK(a.heard.ups.at(1).authenticated);
    CHECK(a.heard.downs.at(0).link == a.heard.ups.at(0).link);
    REQUIRE(a.heard.downs.at(0).failure);
    CHECK(a.heard.downs.at(0).failure->code == ErrorCode::kNoTls);
    CHECK(says(*a.heard.downs.at(0).failure, "has shown a certificate"));

    const bool gone = GENERATE(false, true);
    if (gone) {
        proved.reset();
        REQUIRE(run_until(io, [&] { return a.heard.downs.size() == 2; }));
    }
    Node again{io, options};
    REQUIRE(again.manager.start());
    REQUIRE(run_until(io, [&] { return refused_for(a, ErrorCode::kNoTls); }));
    CHECK(a.heard.ups.size() == 2);
}
