// Two nodes with certificates that get along.
#include <catch2/catch.hpp>

#include "tests/unit/links/tls_fixture.h"

using namespace tram;
using namespace tram::links;
using namespace tram::links::test;

namespace {

struct TlsPair : MiniAuthority, Pair {
    explicit TlsPair(asio::io_context& io)
        : Pair{io, with_tls(listening("dtn://a/"), *this), with_tls(options_of("dtn://b/"), *this)} {}
};

Bytes pattern_of(std::size_t size) {
    Buffer bytes(size);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 2'654'435'761U >> 13U);
    return Bytes{std::move(bytes)};
}

}  // namespace

TEST_CASE("a session with certificates is authenticated on both ends", "[links][tls][rfc9174]") {
    asio::io_context io;
    const MiniAuthority authority;
    auto a_options = with_tls(listening("dtn://a/"), authority);
    a_options.session.extensions = {{0, 0x8001, Bytes{Buffer{1, 2}}}};
    Pair pair{io, a_options, with_tls(options_of("dtn://b/"), authority)};
    REQUIRE(pair.connected);
    CHECK(pair.a.heard.ups.at(0).authenticated);
    CHECK(pair.a.heard.ups.at(0).peer_node_id == "dtn://b/");
    CHECK(pair.b->heard.ups.at(0).authenticated);
    CHECK(pair.b->heard.ups.at(0).peer_node_id == "dtn://a/");
    REQUIRE(pair.b->heard.ups.at(0).extensions.size() == 1);
    CHECK(pair.b->heard.ups.at(0).extensions.at(0).type == 0x8001);
    CHECK(pair.b->heard.ups.at(0).extensions.at(0).value == Bytes{Buffer{1, 2}});
    CHECK(pair.a.heard.failures.empty());
    CHECK(pair.b->heard.failures.empty());
}

TEST_CASE("small and large bundles arrive over TLS in both directions at once", "[links][tls]") {
    asio::io_context io;
    TlsPair pair{io};
    REQUIRE(pair.connected);
    const Bytes large = pattern_of(8'000'000);
    constexpr std::size_t kSmall = 300;
    for (std::size_t i = 0; i < kSmall; ++i) {
        REQUIRE(pair.a.manager.send(pair.a_link(), bundle_of(i, static_cast<std::uint8_t>(i))));
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(3 * i, static_cast<std::uint8_t>(i))));
    }
    REQUIRE(pair.a.manager.send(pair.a_link(), large));
    REQUIRE(pair.b->manager.send(pair.b_link(), large));
    CHECK(pair.a.manager.unsent_bytes(pair.a_link()) > 0);
    REQUIRE(run_until(io, [&] {
        return pair.a.heard.acks.size() == kSmall + 1 && pair.b->heard.acks.size() == kSmall + 1;
    }));
    for (std::size_t i = 0; i < kSmall; ++i) {
        REQUIRE(pair.b->heard.arrivals[i].bundle == bundle_of(i, static_cast<std::uint8_t>(i)));
        REQUIRE(pair.a.heard.arrivals[i].bundle == bundle_of(3 * i, static_cast<std::uint8_t>(i)));
    }
    CHECK(pair.a.heard.arrivals.back().bundle == large);
    CHECK(pair.b->heard.arrivals.back().bundle == large);
    CHECK(run_until(io, [&] { return pair.a.manager.unsent_bytes(pair.a_link()) == 0; }));
    CHECK(pair.a.heard.downs.empty());
    CHECK(pair.b->heard.downs.empty());
}

TEST_CASE("a receiver that does not accept stops the sender over TLS too", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    auto a_options = with_tls(listening("dtn://a/"), authority);
    a_options.session.unacknowledged_bytes_max = 400'000;
    Pair pair{io, a_options, with_tls(options_of("dtn://b/"), authority)};
    REQUIRE(pair.connected);
    pair.a.heard.when_received = nullptr;
    constexpr std::size_t kCount = 400;
    for (std::size_t i = 0; i < kCount; ++i)
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(100'000, 9)));
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
}

TEST_CASE("the budget for unfinished transfers holds over TLS", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    auto options = with_tls(listening("dtn://a/"), authority);
    options.receiving_bytes_max = 1'000'000;
    Node node{io, options};
    REQUIRE(node.manager.start());
    Node sender{io, with_tls(calling("dtn://b/", node.address()), authority)};
    sender.heard.when_up = [&](const LinkUp& up) {
        if (sender.heard.ups.size() == 1) CHECK(sender.manager.send(up.link, bundle_of(5'000'000, 1)));
    };
    REQUIRE(sender.manager.start());
    REQUIRE(run_until(io, [&] { return !node.heard.downs.empty() && !sender.heard.downs.empty(); }));
    REQUIRE(node.heard.downs.at(0).failure);
    CHECK(node.heard.downs.at(0).failure->code == ErrorCode::kFull);
    REQUIRE(sender.heard.downs.at(0).failure);
    CHECK(node.heard.arrivals.empty());
}

TEST_CASE("a TLS session ends in good order, with close_notify", "[links][tls][rfc9174]") {
    asio::io_context io;
    TlsPair pair{io};
    REQUIRE(pair.connected);
    for (int i = 0; i < 20; ++i)
        REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(1'000'000, 1)));
    REQUIRE(run_until(io, [&] { return pair.a.heard.arrivals.size() > 2; }));
    bool stopped = false;
    pair.b->manager.stop(Duration{20'000}, [&] { stopped = true; });
    REQUIRE(run_until(io, [&] { return stopped && !pair.a.heard.downs.empty(); }));
    CHECK(pair.b->heard.acks.size() == pair.a.heard.arrivals.size());
    REQUIRE(pair.b->heard.downs.size() == 1);
    CHECK_FALSE(pair.b->heard.downs.at(0).failure);
    CHECK_FALSE(pair.a.heard.downs.at(0).failure);
}

TEST_CASE("the owner ends a session with a reason, at once", "[links][tls]") {
    asio::io_context io;
    TlsPair pair{io};
    REQUIRE(pair.connected);
    pair.a.heard.when_received = nullptr;
    REQUIRE(pair.b->manager.send(pair.b_link(), bundle_of(100, 1)));
    REQUIRE(run_until(io, [&] { return !pair.a.heard.arrivals.empty(); }));
    const LinkId link = pair.a_link();
    pair.a.manager.close(link, Error{ErrorCode::kCertificateRevoked, "revoked by list 7"});
    REQUIRE(run_until(io, [&] { return !pair.a.heard.downs.empty() && !pair.b->heard.downs.empty(); }));
    REQUIRE(pair.a.heard.downs.at(0).failure);
    CHECK(pair.a.heard.downs.at(0).failure->code == ErrorCode::kCertificateRevoked);
    CHECK(pair.a.heard.downs.at(0).failure->message == "revoked by list 7");
    CHECK(pair.b->heard.endings.size() == 1);  // SESS_TERM came, not just the end of the connection
    CHECK(pair.b->heard.acks.empty());
    CHECK(pair.a.manager.send(link, bundle_of(1, 1)).error().code == ErrorCode::kNotFound);
}

TEST_CASE("two hundred TLS sessions stand side by side", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    constexpr std::size_t kSessions = 200;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    auto options = options_of("dtn://b/");
    for (std::size_t i = 0; i < kSessions; ++i)
        options.peers.push_back({"dtn://a/", a.address()});
    Node b{io, with_tls(std::move(options), authority)};
    REQUIRE(b.manager.start());
    REQUIRE(
        run_until(io, [&] { return a.heard.ups.size() == kSessions && b.heard.ups.size() == kSessions; }));
    for (const LinkUp& up : b.heard.ups)
        REQUIRE(b.manager.send(up.link, bundle_of(20'000, 5)));
    REQUIRE(run_until(io, [&] { return b.heard.acks.size() == kSessions; }));
    CHECK(a.heard.arrivals.size() == kSessions);
    CHECK(a.heard.failures.empty());
    CHECK(b.heard.failures.empty());
}

TEST_CASE("certificates that TLS cannot use are an error at the start", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    auto options = with_tls(listening("dtn://a/"), authority);
    ErrorCode expected = ErrorCode::kInvalidArgument;
    std::string part;
    SECTION("no certificate") {
        options.tls->chain.clear();
        expected = ErrorCode::kNoCertificate;
        part = "no certificate";
    }
    SECTION("a key of another length") {
        options.tls->seed.resize(31);
        part = "32 bytes";
    }
    SECTION("somebody else's key") {
        options.tls->seed = authority.issue("dtn://b/").seed;
        part = "does not belong";
    }
    SECTION("not a certificate") {
        options.tls->chain[0] = Bytes{Buffer(100, 0x30)};
        part = "cannot be read";
    }
    SECTION("something behind the certificate") {
        Buffer longer{options.tls->chain[1].view().begin(), options.tls->chain[1].view().end()};
        longer.push_back(0);
        options.tls->chain[1] = Bytes{std::move(longer)};
        part = "certificate 2";
    }
    SECTION("a plain peer without a name") {
        options.peers = {{"", "127.0.0.1:1", true}};
        part = "needs its node id";
    }
    Node node{io, options};
    const auto started = node.manager.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == expected);
    CHECK(started.error().message.find(part) != std::string::npos);
}

TEST_CASE("a manager may go away at any moment of a TLS session", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Recorder heard;
    const int turns = GENERATE(1, 4, 8, 10, 12, 14, 16, 18, 20, 24, 28, 34);
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    {
        LinkManager doomed{io, with_tls(calling("dtn://b/", a.address()), authority), heard};
        REQUIRE(doomed.start());
        for (int i = 0; i < turns; ++i)
            io.run_one_for(std::chrono::milliseconds{1});
        if (!heard.ups.empty()) CHECK(doomed.send(heard.ups.at(0).link, bundle_of(1'000, 1)));
    }
    const auto calls = heard.bursts;
    run_until_quiet(io);
    CHECK(heard.bursts == calls);
}

TEST_CASE("a manager may go away from within its own check of a certificate", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    Recorder heard;
    std::unique_ptr<LinkManager> doomed;
    auto options = with_tls(calling("dtn://b/", a.address()), authority);
    std::size_t bursts = 0;
    options.tls->check = [&](const std::vector<Bytes>&) -> Result<std::string> {
        bursts = heard.bursts;
        doomed.reset();
        return "dtn://a/";
    };
    doomed = std::make_unique<LinkManager>(io, std::move(options), heard);
    REQUIRE(doomed->start());
    REQUIRE(run_until(io, [&] { return doomed == nullptr; }));
    run_until_quiet(io);
    CHECK(heard.bursts == bursts);
    CHECK(a.heard.ups.empty());
}
