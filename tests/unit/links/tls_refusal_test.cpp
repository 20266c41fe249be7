// Certificates and node ids that are refused: both ends get a reason with a code and a sentence.
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

struct Refusal {
    ErrorCode ours;          ///< what the check says
    ErrorCode theirs;        ///< what the refused one is told
    const char* their_text;  ///< a part of it
};

const std::vector<Refusal>& refusals() {
    using enum ErrorCode;
    static const std::vector<Refusal> table{
        {kUnknownAuthority, kUnknownAuthority, "same province root"},
        {kCertificateExpired, kCertificateExpired, "out of its time"},
        {kCertificateTooEarly, kCertificateExpired, "out of its time"},
        {kCertificateRevoked, kCertificateRevoked, "has been revoked"},
        {kCertificateMisused, kCertificateMisused, "not made for TLS"},
        {kWrongCommune, kWrongCommune, "another commune"},
        {kWrongNodeId, kCertificateMisused, "not this node's"},
        {kMalformed, kCertificateMisused, "damaged"},
        {kBadSignature, kBadSignature, "signature does not match"},
        {kFull, kTlsFailed, "internal error"},
    };
    return table;
}

const Recorder::Failed& only_failure(const Node& node) {
    REQUIRE_FALSE(node.heard.failures.empty());
    return node.heard.failures.at(0);
}

bool both_failed(const Node& a, const Node& b) {
    return !a.heard.failures.empty() && !b.heard.failures.empty();
}

}  // namespace

TEST_CASE("a certificate that is refused is refused with the same reason on both ends", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    const Refusal refusal = GENERATE(from_range(refusals()));
    const bool listener_refuses = GENERATE(true, false);
    CAPTURE(code_name(refusal.ours), listener_refuses);
    const auto refuse = [&](const std::vector<Bytes>&) -> Result<std::string> {
        return fail(refusal.ours, "reason 4711");
    };
    auto a_options = with_tls(listening("dtn://a/"), authority);
    if (listener_refuses) a_options.tls->check = refuse;
    Node a{io, a_options};
    REQUIRE(a.manager.start());
    auto b_options = with_tls(calling("dtn://b/", a.address(), "dtn://a/"), authority);
    if (!listener_refuses) b_options.tls->check = refuse;
    Node b{io, b_options};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return both_failed(a, b); }));

    const auto& refusing = only_failure(listener_refuses ? a : b);
    CHECK(refusing.error.code == refusal.ours);
    CHECK(says(refusing.error, "the peer's certificate is refused: reason 4711"));
    const auto& refused = only_failure(listener_refuses ? b : a);
    CHECK(refused.error.code == refusal.theirs);
    CHECK(says(refused.error, refusal.their_text));
    CHECK(b.heard.failures.at(0).peer == std::optional<std::size_t>{0});
    CHECK(b.heard.failures.at(0).address == a.address());
    CHECK(a.heard.ups.empty());
    CHECK(b.heard.ups.empty());
}

TEST_CASE("a node of a foreign authority is refused, and refuses", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    const MiniAuthority foreign;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    Node b{io, with_tls(calling("dtn://b/", a.address()), foreign)};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return both_failed(a, b); }));
    CHECK(only_failure(a).error.code == ErrorCode::kUnknownAuthority);
    CHECK(only_failure(b).error.code == ErrorCode::kUnknownAuthority);
    CHECK(a.heard.ups.empty());
    CHECK(b.heard.ups.empty());
}

TEST_CASE("an announced node id that the certificate does not name is refused", "[links][tls][rfc9174]") {
    // RFC 9174 4.4.4: the NODE-ID of the certificate is compared with the node id of SESS_INIT.
    asio::io_context io;
    const MiniAuthority authority;
    SECTION("the caller's: before it learns anything from us") {
        const std::string announced = GENERATE("dtn://somebody-else/", "");
        Node a{io, with_tls(listening("dtn://a/"), authority)};
        REQUIRE(a.manager.start());
        auto b_options = calling(announced, a.address());
        b_options.tls = authority.issue("dtn://b/");
        Node b{io, b_options};
        REQUIRE(b.manager.start());
        REQUIRE(run_until(io, [&] { return both_failed(a, b); }));
        CHECK(only_failure(a).error.code == ErrorCode::kWrongNodeId);
        CHECK(says(only_failure(a).error, "certificate names dtn://b/"));
        CHECK(says(only_failure(a).error, announced.empty() ? "no node id" : announced));
        CHECK(only_failure(b).error.code == ErrorCode::kWrongNodeId);
        CHECK(says(only_failure(b).error, "does not take the node id that this node announces"));
        CHECK(a.heard.ups.empty());
        CHECK(b.heard.ups.empty());
    }
    SECTION("the called one's") {
        auto a_options = listening("dtn://somebody-else/");
        a_options.tls = authority.issue("dtn://a/");
        Node a{io, a_options};
        REQUIRE(a.manager.start());
        Node b{io, with_tls(calling("dtn://b/", a.address()), authority)};
        REQUIRE(b.manager.start());
        REQUIRE(run_until(io, [&] { return !a.heard.downs.empty() && !b.heard.failures.empty(); }));
        CHECK(only_failure(b).error.code == ErrorCode::kWrongNodeId);
        CHECK(says(only_failure(b).error, "certificate names dtn://a/"));
        REQUIRE(a.heard.downs.at(0).failure);
        CHECK(a.heard.downs.at(0).failure->code == ErrorCode::kWrongNodeId);
        CHECK(says(*a.heard.downs.at(0).failure, "dtn://somebody-else/"));
        CHECK(b.heard.ups.empty());
    }
}

TEST_CASE("a configured peer that proves to be another node is refused", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    Node b{io, with_tls(calling("dtn://b/", a.address(), "dtn://other/"), authority)};
    REQUIRE(b.manager.start());
    REQUIRE(run_until(io, [&] { return !a.heard.downs.empty() && !b.heard.failures.empty(); }));
    CHECK(only_failure(b).error.code == ErrorCode::kWrongNodeId);
    CHECK(says(only_failure(b).error, "expects dtn://other/"));
    REQUIRE(a.heard.downs.at(0).failure);
    CHECK(a.heard.downs.at(0).failure->code == ErrorCode::kWrongNodeId);
    CHECK(b.heard.ups.empty());
}

TEST_CASE("a copy of this node's own identity is noticed", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node a{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(a.manager.start());
    Node copy{io, with_tls(calling("dtn://a/", a.address()), authority)};
    REQUIRE(copy.manager.start());
    REQUIRE(run_until(io, [&] { return both_failed(a, copy); }));
    CHECK(says(only_failure(a).error, "two nodes share one id"));
    CHECK(a.heard.ups.empty());
}

TEST_CASE("a caller without a certificate is refused", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    Node node{io, with_tls(listening("dtn://a/"), authority)};
    REQUIRE(node.manager.start());
    auto peer = RawPeer::connect(io, node.manager.listening_ports().at(0));
    REQUIRE(exchange_contact(io, peer));
    RawTls tls{peer, tcpcl::Role::kActive, nullptr};
    REQUIRE(run_until(io, [&] { return tls.shake() || tls.failed; }));
    CHECK_FALSE(tls.failed);  // in TLS 1.3 a client that is refused learns it with the first answer
    REQUIRE(run_until(io, [&] {
        tls.step();
        return tls.failed && !node.heard.failures.empty();
    }));
    CHECK(tls.alert == std::optional{SSL_AD_CERTIFICATE_REQUIRED});
    CHECK(only_failure(node).error.code == ErrorCode::kNoCertificate);
    CHECK(says(only_failure(node).error, "showed no certificate"));
}

TEST_CASE("a chain that is too long is refused before anybody looks at it", "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    bool looked = false;
    auto options = with_tls(listening("dtn://a/"), authority);
    options.tls->check = [&](const std::vector<Bytes>&) -> Result<std::string> {
        looked = true;
        return "dtn://raw/";
    };
    Node node{io, options};
    REQUIRE(node.manager.start());
    auto identity = authority.issue("dtn://raw/");
    const std::size_t certificates = GENERATE(4, 5, 100);
    while (identity.chain.size() < certificates)
        identity.chain.push_back(identity.chain.back());
    auto peer = RawPeer::connect(io, node.manager.listening_ports().at(0));
    REQUIRE(exchange_contact(io, peer));
    RawTls tls{peer, tcpcl::Role::kActive, &identity};
    REQUIRE(run_until(io, [&] { return tls.shake() || tls.failed; }));
    if (certificates == kChainCertificatesMax) {
        REQUIRE(run_until(io, [&] { return looked; }));
        return;
    }
    REQUIRE(run_until(io, [&] {
        tls.step();
        return !node.heard.failures.empty();
    }));
    CHECK(only_failure(node).error.code == ErrorCode::kTooLarge);
    CHECK(says(only_failure(node).error, certificates == 5 ? "5 certificates" : "16 KiB"));
    CHECK_FALSE(looked);
}

TEST_CASE("a server that refuses this node's certificate and hangs up at once is understood",
          "[links][tls]") {
    asio::io_context io;
    const MiniAuthority authority;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    const auto address = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    Node node{io, with_tls(calling("dtn://a/", address), authority)};
    REQUIRE(node.manager.start());
    auto peer = take_call(io, acceptor);
    REQUIRE(peer);
    REQUIRE(exchange_contact(io, *peer));
    const auto identity = authority.issue("dtn://raw/");
    RawTls tls{*peer, tcpcl::Role::kPassive, &identity};
    SSL_set_verify(tls.ssl.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX* store) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
        return 0;
    });
    REQUIRE(run_until(io, [&] { return tls.shake() || tls.failed; }));
    REQUIRE(tls.failed);
    const bool politely = GENERATE(true, false);
    if (politely) {
        boost::system::error_code ignored;
        peer->socket.shutdown(tcp::socket::shutdown_send, ignored);
    } else {
        peer->kill();
    }
    REQUIRE(run_until(io, [&] { return !node.heard.failures.empty(); }));
    if (politely) CHECK(only_failure(node).error.code == ErrorCode::kCertificateRevoked);
    // After a reset the alert may be lost: then the reason can only be guessed.
    CHECK(says(only_failure(node).error, "refused this node's certificate"));
    CHECK(node.heard.ups.empty());
}
