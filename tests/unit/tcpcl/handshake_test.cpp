// Contact headers, version and SESS_INIT: RFC 9174 4.1 to 4.8.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

const std::string kContact = "64746e210400";
const SessInit kPeerInit{15, 200'000, 10'000'000, "ipn:2.0", {}};

}  // namespace

TEST_CASE("the active entity sends its contact header at once, the passive one waits", "[tcpcl][rfc9174]") {
    // 4.1: "the active entity SHALL immediately transmit its Contact Header", "the passive entity SHALL
    // wait".
    Solo active{Role::kActive};
    CHECK(active.output_hex() == kContact);
    Solo passive{Role::kPassive};
    CHECK(passive.output_hex().empty());
    passive.feed_hex(kContact);
    CHECK(passive.output_hex() == kContact);
}

TEST_CASE("the active entity sends SESS_INIT after contact, the passive one in reply", "[tcpcl][rfc9174]") {
    auto o = options("ipn:1.0", 17);
    o.segment_mru = 200'000;
    o.transfer_mru = 10'000'000;
    const std::string ours = message_hex(SessInit{17, 200'000, 10'000'000, "ipn:1.0", {}});
    Solo active{Role::kActive, o};
    active.take_output();
    active.feed_hex(kContact);
    CHECK(active.output_hex() == ours);
    CHECK_FALSE(active.session.can_send());
    active.feed(message(kPeerInit));
    const auto established = active.one<event::Established>();
    CHECK(established.peer_node_id == "ipn:2.0");
    CHECK(established.keepalive_s == 15);  // 4.7: the minimum of both
    CHECK(established.segment_mru == 200'000);
    CHECK(established.transfer_mru == 10'000'000);
    CHECK(active.session.can_send());

    Solo passive{Role::kPassive, o};
    passive.feed_hex(kContact);
    CHECK(passive.output_hex() == kContact);
    passive.feed(message(kPeerInit));
    CHECK(passive.output_hex() == ours);
    CHECK(passive.has<event::Established>());
}

TEST_CASE("no more than 2^48 is announced as transfer MRU", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.transfer_mru = ~std::uint64_t{0};
    Solo active{Role::kActive, o};
    active.feed_hex(kContact);
    const Buffer out = active.take_output();
    const auto parsed = parse_message(ByteView{out}.subspan(kContactBytes), 1024);
    REQUIRE((parsed && *parsed));
    CHECK(std::get<SessInit>((*parsed)->message).transfer_mru == std::uint64_t{1} << 48);
}

TEST_CASE("a wrong magic closes without SESS_TERM as soon as it shows", "[tcpcl][rfc9174]") {
    // 4.3: "If the magic string is not present or is not valid, the connection MUST be terminated."
    // 6.1: "close the TCP connection without sending a SESS_TERM message".
    const char* input = GENERATE("47", "6474", "64746e2f", "64746e22", "474554202f");
    Solo passive{Role::kPassive};
    passive.feed_hex(input);
    const bool valid_so_far = std::string_view{input} == "6474";
    CHECK(passive.output_hex().empty());
    CHECK(passive.session.finished() == !valid_so_far);
    if (!valid_so_far) CHECK(passive.failure() == "malformed");
}

TEST_CASE("a passive entity answers an unknown version with contact header and SESS_TERM",
          "[tcpcl][rfc9174]") {
    // 4.3: "the entity SHALL send its Contact Header and immediately terminate the session with a reason code
    // of 'Version Mismatch'."
    const char* version = GENERATE("00", "03", "05", "ff");
    Solo passive{Role::kPassive};
    passive.feed_hex(std::string{"64746e21"} + version);
    CHECK(passive.output_hex() == kContact + "050002");
    CHECK(passive.failure() == "unsupported_version");
    CHECK(passive.session.finished());
}

TEST_CASE("an active entity closes on a lower version and terminates on a higher one", "[tcpcl][rfc9174]") {
    // 4.3: "receives a Contact Header with a lower protocol version ... the TCP connection SHALL be closed."
    Solo lower{Role::kActive};
    lower.take_output();
    lower.feed_hex("64746e210300");
    CHECK(lower.output_hex().empty());
    CHECK(lower.failure() == "unsupported_version");
    Solo higher{Role::kActive};
    higher.take_output();
    higher.feed_hex("64746e210500");
    CHECK(higher.output_hex() == "050002");
    CHECK(higher.failure() == "unsupported_version");
}

TEST_CASE("reserved contact flags are ignored", "[tcpcl][rfc9174]") {
    Solo passive{Role::kPassive};
    passive.feed_hex("64746e2104fe");
    CHECK(passive.output_hex() == kContact);
    CHECK_FALSE(passive.has<event::Ended>());
}

TEST_CASE("a critical session extension that is unknown ends the session", "[tcpcl][rfc9174]") {
    // 4.8: "unknown Item Type and the CRITICAL flag of 1 ... 'Contact Failure'"; flag 0: "skip over and
    // ignore".
    auto init = kPeerInit;
    const bool critical = GENERATE(false, true);
    const bool known = GENERATE(false, true);
    init.extensions.push_back({static_cast<std::uint8_t>(critical ? kItemCritical : 0), 0x8001, Bytes{}});
    auto o = options("dtn://us/");
    if (known) o.extensions.push_back({0, 0x8001, Bytes{Buffer{1}}});
    Solo passive{Role::kPassive, o};
    passive.feed_hex(kContact);
    passive.take_output();
    passive.feed(message(init));
    CHECK(passive.has<event::Established>() == (!critical || known));
    if (critical && !known) {
        CHECK(passive.output_hex() == "050004");
        CHECK(passive.session.finished());
    }
}

TEST_CASE("a segment MRU of zero is unacceptable", "[tcpcl][rfc9174]") {
    // 4.7: "If either the Transfer MRU or Segment MRU is unacceptable ... 'Contact Failure'".
    auto init = kPeerInit;
    init.segment_mru = 0;
    Solo passive{Role::kPassive};
    passive.feed_hex(kContact);
    passive.take_output();
    passive.feed(message(init));
    CHECK(passive.output_hex() == "050004");
}

TEST_CASE("SESS_INIT that cannot be read ends the session", "[tcpcl][rfc9174]") {
    Solo passive{Role::kPassive};
    passive.feed_hex(kContact);
    passive.take_output();
    passive.feed_hex(
        "07"
        "0000"
        "0000000000000001"
        "0000000000000001"
        "0000"
        "00000001"
        "00");
    CHECK(passive.output_hex() == "050004");
    CHECK(passive.failure() == "malformed");
}

TEST_CASE("transfers before SESS_INIT are rejected as unexpected", "[tcpcl][rfc9174]") {
    // 5.1.2: "inappropriate for the current session state".
    const auto [bytes, rejected] =
        GENERATE(std::pair{segment(3, 0, {}), "01"}, std::pair{message(Ack{3, 0, 0}), "02"},
                 std::pair{message(Refusal{0, 0}), "03"});
    Solo passive{Role::kPassive};
    passive.feed_hex(kContact);
    passive.take_output();
    passive.feed(bytes);
    CHECK(passive.output_hex() == std::string{"0603"} + rejected + "050004");
    CHECK(passive.failure() == "forbidden");
}

TEST_CASE("a peer may refuse the session right after its contact header", "[tcpcl][rfc9174]") {
    // 6.1: "The earliest a TCPCL session termination MAY occur is immediately after transmission of a Contact
    // Header". The reply has the same reason and REPLY set.
    const auto reason =
        GENERATE(TermReason::kVersionMismatch, TermReason::kBusy, TermReason::kContactFailure);
    Solo active{Role::kActive};
    active.feed_hex(kContact);
    active.take_output();
    active.feed(message(Term{0, static_cast<std::uint8_t>(reason)}));
    CHECK(active.output_hex() == message_hex(Term{kTermReply, static_cast<std::uint8_t>(reason)}));
    CHECK(active.failure() == "unavailable");
    CHECK(active.session.finished());
}

TEST_CASE("a session that does not begin in time is closed", "[tcpcl][rfc9174]") {
    // 4.1: "If the passive entity does not receive a Contact Header after some ... time ... SHALL close".
    Solo silent{Role::kPassive};
    silent.feed_hex("6474");
    CHECK(silent.session.next_timeout() == Instant{Duration{10'000}});
    silent.pass(Duration{9'999});
    CHECK_FALSE(silent.has<event::Ended>());
    silent.pass(Duration{1});
    CHECK(silent.output_hex().empty());
    CHECK(silent.failure() == "unavailable");

    Solo half{Role::kPassive};
    half.feed_hex(kContact);
    half.take_output();
    half.pass(Duration{10'000});
    CHECK(half.output_hex() == "050001");
    CHECK(half.failure() == "unavailable");
}

TEST_CASE("handshake works byte by byte", "[tcpcl]") {
    Pair pair{options("dtn://a/", 20), options("dtn://b/", 30)};
    pair.chunk_bytes_max = 1;
    pair.establish();
    CHECK(pair.active.one<event::Established>().peer_node_id == "dtn://b/");
    CHECK(pair.passive.one<event::Established>().peer_node_id == "dtn://a/");
    CHECK(pair.passive.one<event::Established>().keepalive_s == 20);
}

}  // namespace tram::tcpcl::test
