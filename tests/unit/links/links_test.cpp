// Two managers that get along: transfers both ways, held-back acknowledgements, flow control.
#include <catch2/catch.hpp>

#include "tests/unit/links/fixture.h"

using namespace tram;
using namespace tram::links;
using namespace tram::links::test;

TEST_CASE("two managers agree on a session and tell what they know of each other", "[links][rfc9174]") {
    asio::io_context io;
    auto a_options = listening("dtn://a/");
    a_options.session.transfer_mru = 12'345'678;
    Pair pair{io, a_options};
    REQUIRE(pair.connected);
    const LinkUp& seen_by_b = pair.b->heard.ups.at(0);
    CHECK(seen_by_b.peer_node_id == "dtn://a/");
    CHECK(seen_by_b.address == pair.a.address());
    CHECK(seen_by_b.transfer_mru == 12'345'678);
    CHECK(seen_by_b.configured_peer == std::optional<std::size_t>{0});
    const LinkUp& seen_by_a = pair.a.heard.ups.at(0);
    CHECK(seen_by_a.peer_node_id == "dtn://b/");
    CHECK_FALSE(seen_by_a.configured_peer);
    CHECK(pair.a.heard.bursts > 0);
}

TEST_CASE("a thousand small bundles each way arrive once, in order, and are acknowledged", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    constexpr std::size_t kCount = 1'000;
    for (std::size_t i = 0; i < kCount; ++i) {
        REQUIRE(pair.a.manager.send(pair.a_link(), bundle_of(i, static_cast<std::uint8_t>(i))));
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(2 * i, static_cast<std::uint8_t>(i))));
    }
    REQUIRE(run_until(
        io, [&] { return pair.a.heard.acks.size() == kCount && pair.b->heard.acks.size() == kCount; }));
    REQUIRE(pair.a.heard.arrivals.size() == kCount);
    REQUIRE(pair.b->heard.arrivals.size() == kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
        REQUIRE(pair.b->heard.arrivals[i].bundle == bundle_of(i, static_cast<std::uint8_t>(i)));
        REQUIRE(pair.a.heard.arrivals[i].bundle == bundle_of(2 * i, static_cast<std::uint8_t>(i)));
    }
    CHECK(pair.a.heard.downs.empty());
    CHECK(pair.b->heard.downs.empty());
}

TEST_CASE("a bundle of 20 MB arrives whole in each direction at once", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    Buffer large(20'000'000);
    for (std::size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<std::uint8_t>(i * 2'654'435'761U >> 13U);
    const Bytes bundle{std::move(large)};
    REQUIRE(pair.a.manager.send(pair.a_link(), bundle));
    REQUIRE(pair.b->manager.send(pair.b_link(), bundle));
    CHECK(pair.a.manager.unsent_bytes(pair.a_link()) > 0);
    REQUIRE(run_until(io, [&] { return !pair.a.heard.acks.empty() && !pair.b->heard.acks.empty(); }));
    CHECK(pair.a.heard.arrivals.at(0).bundle == bundle);
    CHECK(pair.b->heard.arrivals.at(0).bundle == bundle);
    // The last thing in flight is an acknowledgement.
    CHECK(run_until(io, [&] { return pair.a.manager.unsent_bytes(pair.a_link()) == 0; }));
}

TEST_CASE("acknowledged() comes only after the receiver accepted", "[links][rfc9174]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    pair.a.heard.when_received = nullptr;
    REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(100, 1)));
    REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(100, 2)));
    REQUIRE(run_until(io, [&] { return pair.a.heard.arrivals.size() == 2; }));
    run_until_quiet(io);
    REQUIRE(pair.b->heard.acks.empty());
    const auto arrivals = pair.a.heard.arrivals;
    pair.a.manager.accept(arrivals[0].link, arrivals[0].transfer);
    pair.a.manager.accept(arrivals[1].link, arrivals[1].transfer);
    REQUIRE(run_until(io, [&] { return pair.b->heard.acks.size() == 2; }));
}

TEST_CASE("a refused bundle is reported with its reason and the link stays", "[links][rfc9174]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    pair.a.heard.when_received = [&](const Recorder::Arrival& arrival) {
        pair.a.manager.refuse(arrival.link, arrival.transfer, tcpcl::RefuseReason::kNoResources);
    };
    const auto transfer = pair.b->manager.send(pair.b_link(), bundle_of(100, 1));
    REQUIRE(transfer);
    REQUIRE(run_until(io, [&] { return !pair.b->heard.refusals.empty(); }));
    CHECK(pair.b->heard.refusals.at(0) == std::pair{*transfer, tcpcl::RefuseReason::kNoResources});
    CHECK(pair.b->heard.acks.empty());
    CHECK(pair.b->heard.downs.empty());
}

TEST_CASE("the owner may send, accept and close from within callbacks", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    bool inside = false;
    pair.a.heard.when_received = [&](const Recorder::Arrival& arrival) {
        CHECK_FALSE(inside);
        inside = true;
        pair.a.manager.accept(arrival.link, arrival.transfer);
        CHECK(pair.a.manager.send(arrival.link, arrival.bundle));
        if (pair.a.heard.arrivals.size() == 100)
            pair.a.manager.close(arrival.link, tcpcl::TermReason::kUnknown);
        inside = false;
    };
    for (int i = 0; i < 100; ++i)
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(1'000, 7)));
    REQUIRE(run_until(io, [&] { return !pair.a.heard.downs.empty() && !pair.b->heard.downs.empty(); }));
    CHECK(pair.b->heard.acks.size() == 100);
    // Echoes that had not begun when the link was closed are not sent (RFC 9174 6.1).
    CHECK(pair.b->heard.arrivals.size() > 0);
    CHECK(pair.a.heard.acks.size() == pair.b->heard.arrivals.size());
    CHECK_FALSE(pair.a.heard.downs.at(0).failure);
    CHECK_FALSE(pair.b->heard.downs.at(0).failure);
}

TEST_CASE("transfers accepted in one turn are acknowledged with one write", "[links]") {
    asio::io_context io;
    Node node{io, listening("dtn://a/")};
    REQUIRE(node.manager.start());
    node.heard.when_received = nullptr;
    auto peer = RawPeer::connect(io, node.manager.listening_ports().at(0));
    peer.talk(tcpcl::Role::kActive, "dtn://raw/");
    REQUIRE(run_until(io, [&] {
        peer.step();
        return peer.established && !node.heard.ups.empty();
    }));
    for (int i = 0; i < 128; ++i)
        REQUIRE(peer.session->send_transfer(bundle_of(100, 1)));
    REQUIRE(run_until(io, [&] {
        peer.step();
        return node.heard.arrivals.size() == 128;
    }));
    run_until_quiet(io);
    while (peer.read() > 0) {
    }
    for (const auto& arrival : node.heard.arrivals)
        node.manager.accept(arrival.link, arrival.transfer);
    std::size_t reads = 0;
    REQUIRE(run_until(io, [&] {
        if (peer.read() > 0) ++reads;
        return peer.acknowledged == 128;
    }));
    CHECK(reads == 1);
}

TEST_CASE("a receiver that does not accept stops the sender instead of filling memory", "[links]") {
    asio::io_context io;
    auto a_options = listening("dtn://a/");
    a_options.session.unacknowledged_bytes_max = 400'000;
    Pair pair{io, a_options};
    REQUIRE(pair.connected);
    pair.a.heard.when_received = nullptr;
    constexpr std::size_t kCount = 400;
    const Bytes bundle = bundle_of(100'000, 9);
    for (std::size_t i = 0; i < kCount; ++i)
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle));
    run_until_quiet(io);
    CHECK(pair.a.heard.arrivals.size() >= 4);
    CHECK(pair.a.heard.arrivals.size() < 10);
    CHECK(pair.b->manager.unsent_bytes(pair.b_link()) > 0);

    std::size_t accepted = 0;
    REQUIRE(run_until(io, [&] {
        for (; accepted < pair.a.heard.arrivals.size(); ++accepted) {
            const auto& arrival = pair.a.heard.arrivals[accepted];
            pair.a.manager.accept(arrival.link, arrival.transfer);
        }
        return pair.b->heard.acks.size() == kCount;
    }));
    CHECK(pair.a.heard.arrivals.size() == kCount);
}

TEST_CASE("a bundle above the peer's transfer MRU is not queued", "[links][rfc9174]") {
    asio::io_context io;
    auto a_options = listening("dtn://a/");
    a_options.session.transfer_mru = 1'000;
    Pair pair{io, a_options};
    REQUIRE(pair.connected);
    const auto too_large = pair.b->manager.send(pair.b_link(), bundle_of(1'001, 1));
    REQUIRE_FALSE(too_large);
    CHECK(too_large.error().code == ErrorCode::kTooLarge);
    const auto nowhere = pair.b->manager.send(pair.b_link() + 1'000, bundle_of(1, 1));
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a dual-stack listener takes IPv4 and IPv6, a name is resolved", "[links]") {
    asio::io_context io;
    auto options = options_of("dtn://a/");
    options.listen = {"[::]:0"};
    Node a{io, options};
    REQUIRE(a.manager.start());
    const auto port = std::to_string(a.manager.listening_ports().at(0));
    const std::string host = GENERATE("127.0.0.1", "[::1]", "localhost");
    if (host == "[::1]") {
        boost::system::error_code no_ipv6;
        tcp::acceptor probe{io};
        probe.open(tcp::v6(), no_ipv6);
        if (!no_ipv6) probe.bind({asio::ip::address_v6::loopback(), 0}, no_ipv6);
        if (no_ipv6) {
            WARN("no IPv6 loopback here: skipped");
            return;
        }
    }
    Node b{io, calling("dtn://b/", host + ":" + port)};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return !a.heard.ups.empty() && !b.heard.ups.empty(); }));
    if (host != "localhost") CHECK(b.heard.ups.at(0).address == host + ":" + port);
    CHECK(a.heard.ups.at(0).address.find("ffff") == std::string::npos);
}
