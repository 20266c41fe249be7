// Peers that die, are silent, talk nonsense or are somebody else.
#include <catch2/catch.hpp>

#include "tests/unit/links/fixture.h"

using namespace tram;
using namespace tram::links;
using namespace tram::links::test;

TEST_CASE("a peer killed in the middle of a transfer is an ordinary end, and is called again",
          "[links][rfc9174]") {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    Node node{io, calling("dtn://a/", "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()),
                          "dtn://raw/")};
    REQUIRE(node.manager.start());
    auto first = take_call(io, acceptor);
    REQUIRE(first);
    first->talk(tcpcl::Role::kPassive, "dtn://raw/");
    REQUIRE(run_until(io, [&] {
        first->step();
        return first->established && !node.heard.ups.empty();
    }));
    const bool politely = GENERATE(true, false);
    const LinkId link = node.heard.ups.at(0).link;
    REQUIRE(node.manager.send(link, bundle_of(50'000'000, 1)));
    REQUIRE(first->session->send_transfer(bundle_of(1'000'000, 2)));
    const auto before = first->received;
    REQUIRE(run_until(io, [&] {
        first->read();
        first->write_some(1'000);
        return first->received > before + 1'000'000;
    }));
    if (politely) {
        first->socket.close();
    } else {
        first->kill();
    }

    REQUIRE(run_until(io, [&] { return !node.heard.downs.empty(); }));
    CHECK(node.heard.downs.at(0).link == link);
    CHECK(node.heard.acks.empty());
    CHECK(node.heard.arrivals.empty());
    CHECK(node.manager.send(link, bundle_of(1, 1)).error().code == ErrorCode::kNotFound);

    auto second = take_call(io, acceptor);
    REQUIRE(second);
    second->talk(tcpcl::Role::kPassive, "dtn://raw/");
    REQUIRE(run_until(io, [&] {
        second->step();
        return node.heard.ups.size() == 2;
    }));
    CHECK(node.heard.ups.at(1).link != link);
    CHECK(node.heard.failures.empty());
}

TEST_CASE("a peer that restarts its listener is reached again", "[links]") {
    asio::io_context io;
    auto a_options = listening("dtn://a/");
    auto a = std::make_unique<Node>(io, a_options);
    REQUIRE(a->manager.start());
    Node b{io, calling("dtn://b/", a->address(), "dtn://a/")};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return b.heard.ups.size() == 1; }));

    a_options.listen = {a->address()};
    a.reset();
    REQUIRE(run_until(io, [&] { return b.heard.downs.size() == 1 && !b.heard.failures.empty(); }));
    CHECK(b.heard.failures.at(0).address == a_options.listen.at(0));
    CHECK(b.heard.failures.at(0).peer == std::optional<std::size_t>{0});
    CHECK(b.heard.failures.at(0).error.code == ErrorCode::kUnavailable);

    a = std::make_unique<Node>(io, a_options);
    REQUIRE(a->manager.start());
    REQUIRE(run_until(io, [&] { return b.heard.ups.size() == 2; }));
    REQUIRE(b.manager.send(b.heard.ups.at(1).link, bundle_of(10, 1)));
    REQUIRE(run_until(io, [&] { return b.heard.acks.size() == 1; }));
}

TEST_CASE("a port in use is an io error that names address and reason", "[links]") {
    asio::io_context io;
    Node a{io, listening("dtn://a/")};
    REQUIRE(a.manager.start());
    auto options = options_of("dtn://b/");
    options.listen = {a.address()};
    Node b{io, options};
    const auto started = b.manager.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::kIo);
    CHECK(started.error().message.find(a.address()) != std::string::npos);
    CHECK(started.error().message.find("in use") != std::string::npos);
}

TEST_CASE("addresses that cannot be used are refused at the start", "[links]") {
    asio::io_context io;
    auto options = options_of("dtn://a/");
    SECTION("a listener needs a number") {
        options.listen = {"localhost:4556"};
    }
    SECTION("a listener needs a port") {
        options.listen = {"127.0.0.1"};
    }
    SECTION("a peer needs a port") {
        options.peers = {{"", "srv"}};
    }
    SECTION("a peer needs a port that is not zero") {
        options.peers = {{"", "srv:0"}};
    }
    Node node{io, options};
    const auto started = node.manager.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("garbage on one connection leaves the others alone", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    auto vandal = RawPeer::connect(io, pair.a.manager.listening_ports().at(0));
    const auto from = vandal.socket.local_endpoint();
    vandal.write(as_bytes("GET / HTTP/1.1\r\nHost: tram\r\n\r\n"));
    REQUIRE(run_until(io, [&] {
        vandal.read();
        return vandal.closed && !pair.a.heard.failures.empty();
    }));
    CHECK(pair.a.heard.failures.at(0).address == "127.0.0.1:" + std::to_string(from.port()));
    CHECK_FALSE(pair.a.heard.failures.at(0).peer);
    REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(1'000, 1)));
    REQUIRE(run_until(io, [&] { return pair.b->heard.acks.size() == 1; }));
    CHECK(pair.a.heard.downs.empty());
    CHECK(pair.a.heard.ups.size() == 1);
}

TEST_CASE("the session that hoards most is cut when unfinished transfers take too much memory", "[links]") {
    asio::io_context io;
    auto options = listening("dtn://a/");
    options.receiving_bytes_max = 2'000'000;
    Node node{io, options};
    REQUIRE(node.manager.start());
    std::vector<RawPeer> peers;
    for (const char* id : {"dtn://hoarder/", "dtn://modest/"}) {
        RawPeer& peer = peers.emplace_back(RawPeer::connect(io, node.manager.listening_ports().at(0)));
        peer.talk(tcpcl::Role::kActive, id);
        REQUIRE(run_until(io, [&] {
            peer.step();
            return peer.established;
        }));
        REQUIRE(peer.session->send_transfer(bundle_of(5'000'000, 1)));
    }
    const auto push = [&](RawPeer& peer, std::size_t bytes) {
        std::size_t sent = 0;
        return run_until(io, [&] {
            sent += peer.write_some(std::min<std::size_t>(bytes - sent, 10'000));
            return sent >= bytes || !node.heard.downs.empty();
        });
    };
    REQUIRE(push(peers.front(), 1'500'000));
    run_until_quiet(io);
    CHECK(node.heard.downs.empty());
    REQUIRE(push(peers.back(), 1'000'000));
    REQUIRE(run_until(io, [&] { return !node.heard.downs.empty(); }));
    REQUIRE(node.heard.downs.size() == 1);
    CHECK(node.heard.downs.at(0).link == node.heard.ups.at(0).link);
    CHECK(node.heard.ups.at(0).peer_node_id == "dtn://hoarder/");
}

TEST_CASE("a caller that says nothing is dropped after the contact timeout", "[links][rfc9174]") {
    asio::io_context io;
    auto options = listening("dtn://a/");
    options.session.contact_timeout = Duration{100};
    Node node{io, options};
    REQUIRE(node.manager.start());
    const auto begun = std::chrono::steady_clock::now();
    auto silent = RawPeer::connect(io, node.manager.listening_ports().at(0));
    REQUIRE(run_until(io, [&] {
        silent.read();
        return silent.closed && !node.heard.failures.empty();
    }));
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds{90});
    CHECK(node.heard.ups.empty());
}

TEST_CASE("a caller above sessions_max is told busy", "[links][rfc9174]") {
    asio::io_context io;
    auto options = listening("dtn://a/");
    options.sessions_max = 1;
    Pair pair{io, options};
    REQUIRE(pair.connected);
    auto late = RawPeer::connect(io, pair.a.manager.listening_ports().at(0));
    late.talk(tcpcl::Role::kActive, "dtn://late/");
    REQUIRE(run_until(io, [&] {
        late.step();
        return late.closed;
    }));
    CHECK(late.terminated == std::optional{tcpcl::TermReason::kBusy});
    REQUIRE(pair.a.heard.failures.size() == 1);
    CHECK(pair.a.heard.failures.at(0).error.code == ErrorCode::kBusy);
    CHECK(pair.a.heard.ups.size() == 1);
    CHECK(pair.a.heard.downs.empty());

    pair.b.reset();
    REQUIRE(run_until(io, [&] { return pair.a.heard.downs.size() == 1; }));
    Node next{io, calling("dtn://next/", pair.a.address())};
    REQUIRE(next.manager.start());
    REQUIRE(run_until(io, [&] { return pair.a.heard.ups.size() == 2; }));
}

TEST_CASE("callers that only connect do not keep others out", "[links]") {
    asio::io_context io;
    auto options = listening("dtn://a/");
    options.sessions_max = 2;
    Node node{io, options};
    REQUIRE(node.manager.start());
    std::vector<RawPeer> silent;
    for (int i = 0; i < 3; ++i) {
        silent.push_back(RawPeer::connect(io, node.manager.listening_ports().at(0)));
        REQUIRE(run_until(io, [&] { return node.heard.failures.size() == (i < 2 ? 0U : 1U); }));
    }
    CHECK(node.heard.failures.at(0).error.code == ErrorCode::kBusy);
    Node honest{io, calling("dtn://b/", node.address())};
    REQUIRE(honest.manager.start());
    REQUIRE(run_until(io, [&] { return node.heard.ups.size() == 1; }));
    REQUIRE(run_until(io, [&] {
        silent.front().read();
        return silent.front().closed;
    }));

    // Those who have a session keep it.
    for (int i = 0; i < 3; ++i)
        silent.push_back(RawPeer::connect(io, node.manager.listening_ports().at(0)));
    REQUIRE(run_until(io, [&] { return node.heard.failures.size() >= 4; }));
    CHECK(node.heard.downs.empty());
}

TEST_CASE("a configured peer that is somebody else is refused", "[links][rfc9174]") {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    const auto address = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    Node node{io, calling("dtn://a/", address, "dtn://right/")};
    REQUIRE(node.manager.start());
    auto peer = take_call(io, acceptor);
    REQUIRE(peer);
    peer->talk(tcpcl::Role::kPassive, GENERATE("dtn://wrong/", ""));
    REQUIRE(run_until(io, [&] {
        peer->step();
        return peer->closed;
    }));
    CHECK(peer->terminated == std::optional{tcpcl::TermReason::kContactFailure});
    REQUIRE_FALSE(node.heard.failures.empty());
    CHECK(node.heard.failures.at(0).address == address);
    CHECK(node.heard.failures.at(0).peer == std::optional<std::size_t>{0});
    CHECK(node.heard.failures.at(0).error.message.find("dtn://right/") != std::string::npos);
    CHECK(node.heard.ups.empty());
    CHECK(node.heard.downs.empty());
}

TEST_CASE("a node that calls itself notices", "[links]") {
    asio::io_context io;
    Node probe{io, listening("dtn://a/")};
    REQUIRE(probe.manager.start());
    Node caller{io, calling("dtn://a/", probe.address())};
    REQUIRE(caller.manager.start());
    REQUIRE(run_until(io, [&] { return !caller.heard.failures.empty() && !probe.heard.failures.empty(); }));
    CHECK(caller.heard.failures.at(0).error.message.find("our own id dtn://a/") != std::string::npos);
    CHECK(caller.heard.ups.empty());
    CHECK(probe.heard.ups.empty());
}

TEST_CASE("two nodes that call each other have two links", "[links]") {
    asio::io_context io;
    tcp::acceptor reserve{io, {asio::ip::address_v4::loopback(), 0}};
    const auto b_address = "127.0.0.1:" + std::to_string(reserve.local_endpoint().port());
    auto a_options = listening("dtn://a/");
    a_options.peers = {{"dtn://b/", b_address}};
    Node a{io, a_options};
    REQUIRE(a.manager.start());
    reserve.close();
    auto b_options = calling("dtn://b/", a.address(), "dtn://a/");
    b_options.listen = {b_address};
    Node b{io, b_options};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return a.heard.ups.size() == 2 && b.heard.ups.size() == 2; }));
    for (const auto& up : a.heard.ups)
        REQUIRE(a.manager.send(up.link, bundle_of(10, 1)));
    REQUIRE(run_until(io, [&] { return a.heard.acks.size() == 2; }));
    CHECK(a.heard.downs.empty());
}
