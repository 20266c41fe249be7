// How links and managers end.
#include <catch2/catch.hpp>

#include "tests/unit/links/fixture.h"

using namespace tram;
using namespace tram::links;
using namespace tram::links::test;

TEST_CASE("stop() lets running transfers finish and ends every session in good order", "[links][rfc9174]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    constexpr std::size_t kCount = 20;
    for (std::size_t i = 0; i < kCount; ++i) {
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(1'000'000, 1)));
    }
    REQUIRE(run_until(io, [&] { return pair.a.heard.arrivals.size() > 2; }));
    bool stopped = false;
    pair.b->manager.stop(Duration{20'000}, [&] { stopped = true; });
    CHECK_FALSE(stopped);
    REQUIRE(run_until(io, [&] { return stopped && !pair.a.heard.downs.empty(); }));
    // What had begun was finished; what had not was never sent and stays unconfirmed (RFC 9174 6.1).
    CHECK(pair.b->heard.acks.size() == pair.a.heard.arrivals.size());
    CHECK(pair.b->heard.endings.size() == 1);
    CHECK(pair.a.heard.endings.size() == 1);
    REQUIRE(pair.b->heard.downs.size() == 1);
    CHECK_FALSE(pair.b->heard.downs.at(0).failure);
    CHECK_FALSE(pair.a.heard.downs.at(0).failure);
    CHECK(pair.b->heard.failures.empty());
    run_until_quiet(io);
    CHECK(pair.a.heard.ups.size() == 1);
}

TEST_CASE("stop() on the listening side ends sessions and takes no new ones", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    bool stopped = false;
    pair.a.manager.stop(Duration{20'000}, [&] { stopped = true; });
    REQUIRE(run_until(io, [&] { return stopped && !pair.b->heard.failures.empty(); }));
    CHECK_FALSE(pair.a.heard.downs.at(0).failure);
    CHECK(pair.b->heard.downs.size() == 1);
    CHECK(pair.a.heard.ups.size() == 1);
}

TEST_CASE("stop() cuts what does not end within the grace", "[links]") {
    asio::io_context io;
    Node node{io, listening("dtn://a/")};
    REQUIRE(node.manager.start());
    auto stubborn = RawPeer::connect(io, node.manager.listening_ports().at(0));
    stubborn.talk(tcpcl::Role::kActive, "dtn://raw/");
    REQUIRE(run_until(io, [&] {
        stubborn.step();
        return !node.heard.ups.empty();
    }));
    bool stopped = false;
    node.manager.stop(Duration{100}, [&] { stopped = true; });
    REQUIRE(run_until(io, [&] { return stopped; }));
    REQUIRE(node.heard.downs.size() == 1);
    REQUIRE(node.heard.downs.at(0).failure);
    CHECK(node.heard.downs.at(0).failure->code == ErrorCode::kUnavailable);
}

TEST_CASE("stop() without any link is done at once, but not from within the call", "[links]") {
    asio::io_context io;
    Node node{io, calling("dtn://a/", "127.0.0.1:1")};
    REQUIRE(node.manager.start());
    bool stopped = false;
    node.manager.stop(Duration{20'000}, [&] { stopped = true; });
    CHECK_FALSE(stopped);
    REQUIRE(run_until(io, [&] { return stopped; }));
    run_until_quiet(io);
    CHECK(io.stopped());
}

TEST_CASE("closing a link ends it for both sides and a static peer is called again", "[links]") {
    asio::io_context io;
    Pair pair{io};
    REQUIRE(pair.connected);
    pair.b->manager.close(pair.b_link(), tcpcl::TermReason::kResourceExhaustion);
    REQUIRE(run_until(io, [&] { return pair.a.heard.ups.size() == 2 && pair.b->heard.ups.size() == 2; }));
    CHECK(pair.a.heard.endings.size() == 1);
    REQUIRE(pair.a.heard.downs.size() == 1);
    CHECK_FALSE(pair.a.heard.downs.at(0).failure);
}

TEST_CASE("a manager may go away at any moment without another callback", "[links]") {
    asio::io_context io;
    Recorder heard;
    const int turns = GENERATE(0, 1, 2, 3, 5, 8, 13, 21, 34);
    Node a{io, listening("dtn://a/")};
    REQUIRE(a.manager.start());
    {
        LinkManager doomed{io, calling("dtn://b/", a.address()), heard};
        REQUIRE(doomed.start());
        for (int i = 0; i < turns; ++i)
            io.run_one_for(std::chrono::milliseconds{1});
        if (!heard.ups.empty()) CHECK(doomed.send(heard.ups.at(0).link, bundle_of(1'000, 1)));
    }
    const auto calls = heard.bursts;
    run_until_quiet(io);
    CHECK(heard.bursts == calls);
    CHECK(heard.downs.empty());
}

TEST_CASE("the loop may go away while links are running", "[links]") {
    auto io = std::make_unique<asio::io_context>();
    Recorder heard;
    Node a{*io, listening("dtn://a/")};
    REQUIRE(a.manager.start());
    auto b = std::make_unique<Node>(*io, calling("dtn://b/", a.address()));
    REQUIRE(b->manager.start());
    REQUIRE(run_until(*io, [&] { return !a.heard.ups.empty(); }));
    SUCCEED("destroying everything in an awkward order is for the sanitizers");
}

TEST_CASE("the last words reach a peer that is still sending", "[links][rfc9174]") {
    asio::io_context io;
    Node node{io, listening("dtn://a/")};
    REQUIRE(node.manager.start());
    auto peer = RawPeer::connect(io, node.manager.listening_ports().at(0));
    peer.write(as_bytes(std::string_view{"dtn!\x03\x00", 6}));
    const Buffer more(10'000, 0);
    std::size_t sent = 0;
    boost::system::error_code error;
    REQUIRE(run_until(io, [&] {
        sent += peer.socket.write_some(asio::buffer(more), error);
        return sent > 3'000'000 || (error && error != asio::error::would_block);
    }));
    CHECK(sent > 3'000'000);  // or else the connection was reset
    peer.socket.shutdown(tcp::socket::shutdown_send, error);
    REQUIRE(run_until(io, [&] {
        peer.read();
        return peer.closed;
    }));
    CHECK(peer.closed_with == asio::error::eof);
    CHECK(peer.received == 6 + 3);  // contact header and SESS_TERM "version mismatch"
    REQUIRE(node.heard.failures.size() == 1);
    CHECK(node.heard.failures.at(0).error.code == ErrorCode::kUnsupportedVersion);
}
