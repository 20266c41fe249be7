// Peers that get TLS wrong, are silent or die in the middle of it.
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

struct Listening {
    Listening(asio::io_context& io, Duration contact_timeout)
        : node{io, options(authority, contact_timeout)}, started{node.manager.start()} {}
    static LinkOptions options(const MiniAuthority& authority, Duration contact_timeout) {
        auto made = with_tls(listening("dtn://a/"), authority);
        made.session.contact_timeout = contact_timeout;
        return made;
    }
    RawPeer call(asio::io_context& io) { return RawPeer::connect(io, node.manager.listening_ports().at(0)); }

    MiniAuthority authority;
    Node node;
    Result<void> started;
};

/// A node that calls a raw peer, which has taken the call and exchanged contact headers.
struct Calling {
    explicit Calling(asio::io_context& io)
        : acceptor{io, {asio::ip::address_v4::loopback(), 0}},
          node{io,
               with_tls(calling("dtn://a/", "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())),
                        authority)},
          started{node.manager.start()},
          peer{take_call(io, acceptor)},
          ready{peer && exchange_contact(io, *peer)} {}

    MiniAuthority authority;
    tcp::acceptor acceptor;
    Node node;
    Result<void> started;
    std::unique_ptr<RawPeer> peer;
    bool ready;
};

/// A TLS session of a raw peer with a node, both with SESS_INIT exchanged.
struct Talking : Listening {
    explicit Talking(asio::io_context& io)
        : Listening{io, Duration{10'000}}, identity{authority.issue("dtn://raw/")}, peer{call(io)} {
        if (!exchange_contact(io, peer)) return;
        tls = std::make_unique<RawTls>(peer, tcpcl::Role::kActive, &identity);
        if (!run_until(io, [&] { return tls->shake() || tls->failed; })) return;
        peer.talk(tcpcl::Role::kActive, "dtn://raw/");
        peer.session->mark_sent(peer.session->bytes_to_send().size());  // contact headers went before TLS
        peer.session->receive(kContactPlain, RawPeer::now());
        up = run_until(io, [&] {
            tls->step();
            return peer.established && !node.heard.ups.empty();
        });
    }
    const std::optional<Error>& down(asio::io_context& io) {
        REQUIRE(run_until(io, [&] { return !node.heard.downs.empty(); }));
        return node.heard.downs.at(0).failure;
    }

    TlsOptions identity;
    RawPeer peer;
    std::unique_ptr<RawTls> tls;
    bool up = false;
};

}  // namespace

TEST_CASE("a peer that speaks only TLS 1.2 is refused, and both ends know why", "[links][tls]") {
    asio::io_context io;
    SECTION("as the caller") {
        Listening here{io, Duration{10'000}};
        const auto identity = here.authority.issue("dtn://raw/");
        auto peer = here.call(io);
        REQUIRE(exchange_contact(io, peer));
        RawTls tls{peer, tcpcl::Role::kActive, &identity, TLS1_2_VERSION};
        REQUIRE(
            run_until(io, [&] { return tls.shake() || (tls.failed && !here.node.heard.failures.empty()); }));
        CHECK(tls.alert == std::optional{SSL_AD_PROTOCOL_VERSION});
        CHECK(first_failure(here.node).code == ErrorCode::kTlsFailed);
        CHECK(says(first_failure(here.node), "only TLS 1.2 or older"));
    }
    SECTION("as the called one") {
        Calling here{io};
        REQUIRE(here.ready);
        const auto identity = here.authority.issue("dtn://raw/");
        RawTls tls{*here.peer, tcpcl::Role::kPassive, &identity, TLS1_2_VERSION};
        REQUIRE(
            run_until(io, [&] { return tls.shake() || (tls.failed && !here.node.heard.failures.empty()); }));
        CHECK(first_failure(here.node).code == ErrorCode::kTlsFailed);
        CHECK(says(first_failure(here.node), "refused TLS 1.3"));
    }
}

TEST_CASE("what is not TLS at all is told apart", "[links][tls]") {
    asio::io_context io;
    const std::string garbage =
        GENERATE(std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string(300, '\0'), std::string(20'000, '\xff'),
                 std::string{"\x07\x00\x1e"} + std::string(60, 'x'));
    SECTION("from the caller") {
        Listening here{io, Duration{10'000}};
        auto peer = here.call(io);
        REQUIRE(exchange_contact(io, peer));
        peer.write(as_bytes(garbage));
        REQUIRE(run_until(io, [&] { return !here.node.heard.failures.empty(); }));
        CHECK(first_failure(here.node).code == ErrorCode::kTlsFailed);
        CHECK(says(first_failure(here.node), "not TLS at all"));
    }
    SECTION("from the called one") {
        Calling here{io};
        REQUIRE(here.ready);
        REQUIRE(run_until(io, [&] { return here.peer->read() > 0; }));  // the ClientHello
        here.peer->write(as_bytes(garbage));
        REQUIRE(run_until(io, [&] { return !here.node.heard.failures.empty(); }));
        CHECK(first_failure(here.node).code == ErrorCode::kTlsFailed);
        CHECK(says(first_failure(here.node), "not TLS at all"));
    }
}

TEST_CASE("messages that come together with the contact header are not believed", "[links][tls]") {
    asio::io_context io;
    Listening here{io, Duration{10'000}};
    auto peer = here.call(io);
    Buffer bytes = kContactTls;
    bytes.resize(60, 7);
    peer.write(bytes);
    REQUIRE(run_until(io, [&] { return !here.node.heard.failures.empty(); }));
    CHECK(first_failure(here.node).code == ErrorCode::kForbidden);
}

TEST_CASE("a peer that does not complete the handshake is dropped after the contact timeout",
          "[links][tls][rfc9174]") {
    asio::io_context io;
    Listening here{io, Duration{150}};
    auto peer = here.call(io);
    REQUIRE(exchange_contact(io, peer));
    const auto begun = std::chrono::steady_clock::now();
    const bool dribbles = GENERATE(false, true);
    const std::string hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"};
    std::size_t sent = 0;
    REQUIRE(run_until(io, [&] {
        boost::system::error_code error;
        if (dribbles) peer.socket.write_some(asio::buffer(&hello[sent++ % hello.size()], 1), error);
        return !here.node.heard.failures.empty();
    }));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
    const bool in_time = first_failure(here.node).code == ErrorCode::kUnavailable;
    CHECK((in_time || dribbles));  // what dribbles in may stop being TLS before that
    if (in_time) CHECK(says(first_failure(here.node), "in time"));
    CHECK(here.node.heard.ups.empty());
}

TEST_CASE("contact header, TLS and SESS_INIT share one time limit", "[links][tls]") {
    asio::io_context io;
    Listening here{io, Duration{300}};
    const auto identity = here.authority.issue("dtn://raw/");
    auto peer = here.call(io);
    REQUIRE(exchange_contact(io, peer));
    RawTls tls{peer, tcpcl::Role::kActive, &identity};
    REQUIRE(run_until(io, [&] { return tls.shake() || tls.failed; }));
    REQUIRE_FALSE(tls.failed);
    REQUIRE(run_until(io, [&] {
        tls.step();
        return tls.closed && !here.node.heard.failures.empty();
    }));
    CHECK(says(first_failure(here.node), "in time"));
}

TEST_CASE("a connection that is cut in the middle of the handshake is an ordinary end", "[links][tls]") {
    asio::io_context io;
    Listening here{io, Duration{10'000}};
    const auto identity = here.authority.issue("dtn://raw/");
    auto peer = here.call(io);
    REQUIRE(exchange_contact(io, peer));
    RawTls tls{peer, tcpcl::Role::kActive, &identity};
    CHECK_FALSE(tls.shake());  // the ClientHello is out
    const bool politely = GENERATE(true, false);
    if (politely) {
        boost::system::error_code ignored;
        peer.socket.shutdown(tcp::socket::shutdown_send, ignored);
    } else {
        peer.kill();
    }
    REQUIRE(run_until(io, [&] { return !here.node.heard.failures.empty(); }));
    CHECK(first_failure(here.node).code == ErrorCode::kUnavailable);
    CHECK(says(first_failure(here.node), "in the middle of the TLS handshake"));
}

TEST_CASE("a called peer that hangs up instead of TLS is called again", "[links][tls]") {
    asio::io_context io;
    Calling here{io};
    REQUIRE(here.ready);
    here.peer->socket.close();
    REQUIRE(run_until(io, [&] { return !here.node.heard.failures.empty(); }));
    CHECK(first_failure(here.node).code == ErrorCode::kUnavailable);
    CHECK(take_call(io, here.acceptor) != nullptr);
}

TEST_CASE("a TLS session that is cut says whether it was closed or cut off", "[links][tls]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    SECTION("without close_notify") {
        here.peer.socket.close();
        REQUIRE(here.down(io));
        CHECK(says(*here.node.heard.downs.at(0).failure, "cut off"));
    }
    SECTION("with close_notify, but without SESS_TERM") {
        SSL_shutdown(here.tls->ssl.get());
        here.peer.socket.close();
        REQUIRE(here.down(io));
        CHECK(says(*here.node.heard.downs.at(0).failure, "without a goodbye"));
        CHECK_FALSE(says(*here.node.heard.downs.at(0).failure, "cut off"));
    }
    SECTION("with SESS_TERM, but without close_notify") {
        here.peer.session->terminate(tcpcl::TermReason::kUnknown, RawPeer::now());
        REQUIRE(run_until(io, [&] {
            here.tls->step();
            return !here.node.heard.downs.empty();
        }));
        here.peer.socket.close();
        CHECK_FALSE(here.down(io));
    }
    SECTION("reset in the middle of a transfer") {
        REQUIRE(here.peer.session->send_transfer(bundle_of(1'000'000, 2)));
        here.tls->step();
        run_until_quiet(io);
        here.peer.kill();
        REQUIRE(here.down(io));
        CHECK(says(*here.node.heard.downs.at(0).failure, "in the middle of transfers"));
    }
}

TEST_CASE("our end of a TLS session is told with close_notify", "[links][tls][rfc9174]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    here.node.manager.close(here.node.heard.ups.at(0).link, tcpcl::TermReason::kUnknown);
    REQUIRE(run_until(io, [&] {
        here.tls->step();
        return here.tls->closed;
    }));
    CHECK(here.peer.terminated == std::optional{tcpcl::TermReason::kUnknown});
    CHECK_FALSE(here.down(io));
}

TEST_CASE("a record that was altered on the way ends the session", "[links][tls]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    REQUIRE(here.peer.session->send_transfer(bundle_of(5'000, 1)));
    Buffer record{0x17, 0x03, 0x03, 0x00, 0x40};
    record.resize(5 + 0x40, 0x55);
    here.peer.write(record);
    REQUIRE(here.down(io));
    CHECK(here.node.heard.downs.at(0).failure->code == ErrorCode::kTlsFailed);
    CHECK(says(*here.node.heard.downs.at(0).failure, "altered on the way"));
    REQUIRE(run_until(io, [&] {
        here.tls->step();
        return here.tls->failed;
    }));
    CHECK(here.tls->alert == std::optional{SSL_AD_BAD_RECORD_MAC});
}

TEST_CASE("new keys in the middle of a session are followed", "[links][tls]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    for (int i = 0; i < 5; ++i) {
        REQUIRE(SSL_key_update(here.tls->ssl.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
        REQUIRE(here.peer.session->send_transfer(bundle_of(50'000, 1)));
        REQUIRE(here.node.manager.send(here.node.heard.ups.at(0).link, bundle_of(50'000, 2)));
        const auto count = static_cast<std::size_t>(i) + 1;
        REQUIRE(run_until(io, [&] {
            here.tls->step();
            return here.peer.acknowledged == count;
        }));
    }
    CHECK(here.node.heard.downs.empty());
}

TEST_CASE("many new keys at once do not swallow what comes behind them", "[links][tls]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    for (int i = 0; i < 300; ++i) {
        REQUIRE(SSL_key_update(here.tls->ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
        REQUIRE(SSL_do_handshake(here.tls->ssl.get()) == 1);
    }
    REQUIRE(here.peer.session->send_transfer(bundle_of(100, 1)));
    REQUIRE(run_until(io, [&] {
        here.tls->step();
        return here.node.heard.arrivals.size() == 1;
    }));
}

TEST_CASE("nothing is given to a peer to resume a session with", "[links][tls]") {
    asio::io_context io;
    Talking here{io};
    REQUIRE(here.up);
    here.tls->step();
    CHECK(SSL_version(here.tls->ssl.get()) == TLS1_3_VERSION);
    CHECK(SSL_SESSION_is_resumable(SSL_get0_session(here.tls->ssl.get())) == 0);
}

TEST_CASE("a peer that stops reading over TLS is dropped when it stalls", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    auto options = with_tls(listening("dtn://a/"), authority);
    options.session.stall_timeout = Duration{300};
    Node node{io, options};
    REQUIRE(node.manager.start());
    auto peer = RawPeer::connect(io, node.manager.listening_ports().at(0));
    REQUIRE(exchange_contact(io, peer));
    const auto identity = authority.issue("dtn://raw/");
    RawTls tls{peer, tcpcl::Role::kActive, &identity};
    REQUIRE(run_until(io, [&] { return tls.shake() || tls.failed; }));
    peer.talk(tcpcl::Role::kActive, "dtn://raw/");
    peer.session->mark_sent(peer.session->bytes_to_send().size());
    peer.session->receive(kContactPlain, RawPeer::now());
    REQUIRE(run_until(io, [&] {
        tls.step();
        return !node.heard.ups.empty();
    }));
    REQUIRE(node.manager.send(node.heard.ups.at(0).link, bundle_of(50'000'000, 1)));
    REQUIRE(run_until(io, [&] { return !node.heard.downs.empty(); }));
    REQUIRE(node.heard.downs.at(0).failure);
    CHECK(says(*node.heard.downs.at(0).failure, "stalled"));
}

TEST_CASE("a downgrade by somebody in the middle is refused on both ends", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    const bool plain_peers = GENERATE(false, true);
    const int cleared = GENERATE(1, 2, 3);
    CAPTURE(plain_peers, cleared);
    auto a_options = with_tls(listening("dtn://a/"), authority);
    if (plain_peers) a_options.peers = {{"dtn://sensor/", "127.0.0.1:1", true}};
    a_options.reconnect_min = a_options.reconnect_max = Duration{60'000};
    Node a{io, a_options};
    REQUIRE(a.manager.start());
    Middleman middle{io, a.manager.listening_ports().at(0)};
    middle.clear_from_caller = (cleared & 1) != 0;
    middle.clear_from_called = (cleared & 2) != 0;
    Node b{io, with_tls(calling("dtn://b/", middle.address()), authority)};
    REQUIRE(b.manager.start());
    const auto failed_here = [&](const Node& node) {
        return std::ranges::find_if(node.heard.failures, [](const auto& failure) {
                   return failure.error.code == ErrorCode::kNoTls;
               }) != node.heard.failures.end();
    };
    CHECK(run_until(io, [&] {
        middle.step(io);
        return failed_here(a) && failed_here(b);
    }));
    for (const auto& failure : a.heard.failures)
        INFO("a: " << code_name(failure.error.code) << ' ' << failure.error.message);
    for (const auto& failure : b.heard.failures)
        INFO("b: " << code_name(failure.error.code) << ' ' << failure.error.message);
    CHECK(a.heard.ups.empty());
    CHECK(b.heard.ups.empty());
}
