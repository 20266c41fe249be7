// What TLS means for a session: RFC 9174 4.3 and 4.4. The handshake itself happens outside.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

const std::string kContact = "64746e210400";
const std::string kContactTls = "64746e210401";
const std::string kContactFailure = "050004";
const SessInit kPeerInit{15, 200'000, 10'000'000, "ipn:2.0", {}};

SessionOptions tls_required(std::vector<std::string> plain_node_ids = {}) {
    auto o = options("dtn://us/");
    o.can_tls = o.require_tls = true;
    o.plain_node_ids = std::move(plain_node_ids);
    return o;
}

SessInit init_of(const std::string& node_id) {
    auto init = kPeerInit;
    init.node_id = node_id;
    return init;
}

}  // namespace

TEST_CASE("TLS is used when both headers carry CAN_TLS", "[tcpcl][rfc9174]") {
    auto o = options("dtn://us/");
    o.can_tls = true;
    Solo active{Role::kActive, o};
    CHECK(active.output_hex() == kContactTls);
    active.feed_hex(kContactTls);
    CHECK(active.has<event::TlsRequired>());
    CHECK(active.output_hex().empty());  // 4.4.3: before any other TCPCL message
    active.session.tls_established(active.now);
    CHECK(active.output_hex().substr(0, 2) == "07");
    active.feed(message(kPeerInit));
    CHECK(active.has<event::Established>());

    Solo plain{Role::kActive, o};
    plain.take_output();
    plain.feed_hex(kContact);  // 4.3: "the logical AND of the two Contact Headers' CAN_TLS flags"
    CHECK_FALSE(plain.has<event::TlsRequired>());
    CHECK(plain.output_hex().substr(0, 2) == "07");
}

TEST_CASE("a peer without TLS is refused where TLS is required", "[tcpcl][rfc9174]") {
    // 4.3: "If the Enable TLS state is unacceptable, the entity SHALL terminate ... 'Contact Failure'".
    auto o = options("dtn://us/");
    o.can_tls = o.require_tls = true;
    Solo passive{Role::kPassive, o};
    passive.feed_hex(kContact);
    CHECK(passive.output_hex() == kContactTls + "050004");
    CHECK(passive.failure() == "no_tls");
}

TEST_CASE("bytes that come before the TLS handshake are not believed", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.can_tls = true;
    Solo passive{Role::kPassive, o};
    Buffer bytes = hex(kContactTls);
    append(bytes, message(kPeerInit));
    passive.feed(bytes);
    CHECK(passive.failure() == "forbidden");
    CHECK_FALSE(passive.has<event::Established>());
}

TEST_CASE("the announced node id must be the proved one", "[tcpcl][rfc9174]") {
    const auto role = GENERATE(Role::kActive, Role::kPassive);
    const std::string announced = GENERATE("dtn://peer/", "dtn://other/", "");
    Solo us{role, tls_required()};
    us.feed_hex(kContactTls);
    us.take_output();
    us.session.tls_established(us.now, "dtn://peer/");
    us.take_output();
    us.feed(message(init_of(announced)));
    if (announced == "dtn://peer/") {
        CHECK(us.one<event::Established>().peer_node_id == "dtn://peer/");
        return;
    }
    CHECK_FALSE(us.has<event::Established>());
    CHECK(us.output_hex() == kContactFailure);  // the passive one keeps its SESS_INIT for itself
    CHECK(us.failure() == "wrong_node_id");
}

TEST_CASE("where TLS is required, only plain nodes may go without", "[tcpcl][rfc9174]") {
    const std::string announced = GENERATE("dtn://plain/", "dtn://other/", "");
    Solo passive{Role::kPassive, tls_required({"dtn://another/", "dtn://plain/"})};
    passive.feed_hex(kContact);
    CHECK(passive.output_hex() == kContactTls);
    CHECK_FALSE(passive.has<event::Ended>());
    passive.feed(message(init_of(announced)));
    if (announced == "dtn://plain/") {
        CHECK(passive.has<event::Established>());
        return;
    }
    CHECK_FALSE(passive.has<event::Established>());
    CHECK(passive.output_hex() == kContactFailure);
    CHECK(passive.failure() == "no_tls");
}

TEST_CASE("a plain node that offers TLS all the same goes through TLS", "[tcpcl]") {
    Solo passive{Role::kPassive, tls_required({"dtn://plain/"})};
    passive.feed_hex(kContactTls);
    CHECK(passive.has<event::TlsRequired>());
}

TEST_CASE("what Contact Failure means depends on who offered TLS", "[tcpcl]") {
    auto o = options("dtn://us/");
    SECTION("only the peer") {
        Solo us{Role::kActive, o};
        us.feed_hex(kContactTls + kContactFailure);
        CHECK(us.failure() == "no_tls");
    }
    SECTION("nobody") {
        Solo us{Role::kActive, o};
        us.feed_hex(kContact + kContactFailure);
        CHECK(us.failure() == "unavailable");
    }
    SECTION("both, and TLS runs") {
        o.can_tls = true;
        Solo us{Role::kActive, o};
        us.feed_hex(kContactTls);
        us.session.tls_established(us.now, "dtn://peer/");
        us.feed_hex(kContactFailure);
        CHECK(us.failure() == "wrong_node_id");
    }
    SECTION("both, and SESS_INIT was exchanged") {
        o.can_tls = true;
        Solo us{Role::kActive, o};
        us.feed_hex(kContactTls);
        us.session.tls_established(us.now, "ipn:2.0");
        us.feed(message(kPeerInit));
        CHECK(us.has<event::Established>());
        us.feed_hex(kContactFailure);
        CHECK(us.failure() == "wrong_node_id");
    }
    SECTION("another reason is just that") {
        Solo us{Role::kActive, o};
        us.feed_hex(kContactTls + "050003");
        CHECK(us.failure() == "unavailable");
    }
}

TEST_CASE("an offer of TLS that got lost on the way is noticed", "[tcpcl]") {
    SECTION("ours: the peer ends the session where TLS is due") {
        Solo us{Role::kPassive, tls_required()};
        us.feed_hex(kContactTls + kContactFailure);
        CHECK(us.failure() == "no_tls");
    }
    SECTION("ours: the peer refuses to go without") {
        Solo us{Role::kPassive, tls_required({"dtn://plain/"})};
        us.feed_hex(kContact + kContactFailure);
        CHECK(us.failure() == "no_tls");
    }
    SECTION("the peer's: it begins TLS") {
        Solo us{Role::kPassive, tls_required({"dtn://plain/"})};
        us.feed_hex(kContact + "160301");
        CHECK(us.failure() == "no_tls");
        CHECK(us.output_hex() == kContactTls + kContactFailure);
    }
}

TEST_CASE("abort() tells the peer and waits for nothing", "[tcpcl]") {
    Solo us{Role::kActive};
    us.establish();
    REQUIRE(us.session.send_transfer(pattern(1'000'000)));
    const Error why{ErrorCode::kCertificateRevoked, "list 7"};
    us.session.abort(TermReason::kUnknown, why, us.now);
    CHECK(us.output_hex() == "050000");
    CHECK(us.failure() == "certificate_revoked");
    us.session.abort(TermReason::kUnknown, why, us.now);
    CHECK(us.all<event::Ended>().size() == 1);

    auto o = options("dtn://us/");
    o.can_tls = true;
    Solo shaking{Role::kActive, o};
    shaking.feed_hex(kContactTls);
    shaking.take_output();
    shaking.session.abort(TermReason::kUnknown, why, shaking.now);
    CHECK(shaking.output_hex().empty());  // it would look like part of the handshake
    CHECK(shaking.failure() == "certificate_revoked");
}

}  // namespace tram::tcpcl::test
