// MSG_REJECT, SESS_TERM, cuts and timeouts: RFC 9174 5.1, 6.1, 6.2.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

Solo established(std::uint16_t keepalive_s = 0, SessionOptions o = options("dtn://us/")) {
    o.keepalive_s = keepalive_s;
    Solo solo{Role::kPassive, std::move(o)};
    solo.establish(keepalive_s);
    return solo;
}

constexpr Duration kSecond{1'000};

}  // namespace

TEST_CASE("an unknown message type is rejected and the connection closed", "[tcpcl][rfc9174]") {
    // 5.1.2: "'Message Type Unknown' and close the TCP connection".
    const std::uint8_t type = GENERATE(as<std::uint8_t>{}, 0x00, 0x08, 0x7f, 0xf0, 0xff);
    Solo us = established();
    us.feed(Buffer{type, 4, 4});
    CHECK(us.output_hex() == message_hex(Reject{1, type}));
    CHECK(us.failure() == "malformed");
    CHECK(us.session.finished());
}

TEST_CASE("SESS_INIT in an established session is unexpected", "[tcpcl][rfc9174]") {
    Solo us = established();
    us.feed(message(SessInit{0, 1, 1, "dtn://x/", {}}));
    CHECK(us.output_hex() == message_hex(Reject{3, 7}));
    CHECK(us.session.can_send());
}

TEST_CASE("KEEPALIVE where keepalives are disabled is unsupported", "[tcpcl][rfc9174]") {
    // 5.1.2: "known but is inappropriate for the negotiated session parameters".
    Solo us = established(0);
    us.feed(message(Keepalive{}));
    CHECK(us.output_hex() == message_hex(Reject{2, 4}));
    Solo with = established(10);
    with.feed(message(Keepalive{}));
    CHECK(with.output_hex().empty());
}

TEST_CASE("a rejection is reported; one that leaves nothing to wait for ends the session",
          "[tcpcl][rfc9174]") {
    const auto [header, fatal] = GENERATE(std::pair<int, bool>{1, true}, std::pair<int, bool>{2, false},
                                          std::pair<int, bool>{3, false}, std::pair<int, bool>{4, false},
                                          std::pair<int, bool>{5, true}, std::pair<int, bool>{6, false},
                                          std::pair<int, bool>{7, true}, std::pair<int, bool>{0xee, false});
    const auto reason =
        GENERATE(RejectReason::kUnknownType, RejectReason::kUnsupported, RejectReason::kUnexpected);
    Solo us = established();
    us.feed(message(Reject{static_cast<std::uint8_t>(reason), static_cast<std::uint8_t>(header)}));
    const auto rejected = us.one<event::Rejected>();
    CHECK(rejected.reason == reason);
    CHECK(rejected.message_header == header);
    CHECK(us.has<event::Ended>() == fatal);
    CHECK(us.output_hex() == (fatal ? "050000" : ""));
}

TEST_CASE("SESS_TERM is answered with the same content and REPLY", "[tcpcl][rfc9174]") {
    // 6.1: "SHALL have identical data content ... except for the REPLY flag".
    const int reason = GENERATE(0, 1, 2, 3, 4, 5, 77);
    Solo us = established();
    us.feed(message(Term{0, static_cast<std::uint8_t>(reason)}));
    CHECK(us.output_hex() == message_hex(Term{kTermReply, static_cast<std::uint8_t>(reason)}));
    const auto terminating = us.one<event::Terminating>();
    CHECK(terminating.by_peer);
    CHECK(static_cast<int>(terminating.reason) == (reason <= 5 ? reason : 0));
    CHECK(us.failure().empty());
    CHECK(us.session.finished());
}

TEST_CASE("terminating sends SESS_TERM and waits for the reply", "[tcpcl][rfc9174]") {
    Solo us = established();
    us.session.terminate(TermReason::kBusy, us.now);
    CHECK(us.output_hex() == "050003");
    CHECK_FALSE(us.one<event::Terminating>().by_peer);
    CHECK_FALSE(us.session.finished());
    CHECK_FALSE(us.session.can_send());
    CHECK(us.session.send_transfer(pattern(1)).error().code == ErrorCode::kUnavailable);
    us.session.terminate(TermReason::kUnknown, us.now);  // again: nothing happens
    CHECK(us.output_hex().empty());
    us.feed_hex("050103");
    CHECK(us.failure().empty());
    CHECK(us.session.finished());
}

TEST_CASE("crossing SESS_TERM need no reply", "[tcpcl][rfc9174]") {
    // 6.1: a reply follows only "after not sending a SESS_TERM message in the same session".
    Pair pair;
    pair.establish();
    pair.active.session.terminate(TermReason::kUnknown, pair.now);
    pair.passive.session.terminate(TermReason::kBusy, pair.now);
    const Buffer from_active = pair.active.take_output();
    const Buffer from_passive = pair.passive.take_output();
    CHECK(to_hex(from_active) == "050000");
    CHECK(to_hex(from_passive) == "050003");
    pair.active.session.receive(from_passive, pair.now);
    pair.passive.session.receive(from_active, pair.now);
    CHECK(pair.active.session.finished());
    CHECK(pair.passive.session.finished());
    CHECK(pair.active.failure().empty());
}

TEST_CASE("a second SESS_TERM is unexpected", "[tcpcl]") {
    Solo us = established();
    us.feed(segment(2, 0, pattern(1)));  // keeps the session from ending
    us.take_output();
    us.feed_hex("050000");
    CHECK(us.output_hex() == "050100");
    us.feed_hex("050000");
    CHECK(us.output_hex() == message_hex(Reject{3, 5}));
}

TEST_CASE("transfers under way in both directions finish while the session ends", "[tcpcl][rfc9174]") {
    // 6.1: "MAY finish an in-progress transfer in either direction", "SHALL NOT begin any new outgoing
    // transfer".
    auto o = options("dtn://us/");
    o.segment_bytes_max = o.output_bytes_max = 10;
    Solo mid = established(0, o);
    const bool by_us = GENERATE(true, false);
    mid.session.send_transfer(pattern(15)).value();
    mid.session.send_transfer(pattern(5)).value();
    mid.session.mark_sent(mid.session.bytes_to_send().size());  // 10 bytes of the first
    mid.feed(segment(2, 0, pattern(4)));
    if (by_us) {
        mid.session.terminate(TermReason::kUnknown, mid.now);
    } else {
        mid.feed_hex("050000");
    }
    CHECK(mid.session.unsent_bytes() == 5);
    const std::string ack = message_hex(Ack{2, 0, 4});
    const std::string rest = to_hex(segment(1, 0, pattern(15).slice(10, 5)));
    CHECK(mid.output_hex() == ack + (by_us ? "050000" : "050100") + rest);
    if (by_us) mid.feed_hex("050100");
    mid.feed(segment(1, 0, pattern(4)));
    mid.feed(message(Ack{1, 0, 15}));
    CHECK(mid.one<event::Acknowledged>().transfer == 0);
    CHECK_FALSE(mid.session.finished());
    mid.session.accept_transfer(0);
    CHECK(mid.output_hex() == message_hex(Ack{1, 0, 8}));
    CHECK(mid.session.finished());
    CHECK(mid.failure().empty());
}

TEST_CASE("the reply to SESS_TERM follows the acknowledgements that are held", "[tcpcl]") {
    Solo us = established();
    us.feed(segment(3, 0, pattern(4)));
    us.feed_hex("050000");
    CHECK(us.output_hex().empty());
    us.session.accept_transfer(0);
    CHECK(us.output_hex() == message_hex(Ack{3, 0, 4}) + "050100");
    CHECK(us.session.finished());
}

TEST_CASE("a new transfer while the session ends is refused", "[tcpcl][rfc9174]") {
    // 6.1: "SHALL send an XFER_REFUSE with a Reason Code of 'Session Terminating'".
    Solo us = established();
    us.session.terminate(TermReason::kUnknown, us.now);
    us.take_output();
    us.feed(segment(3, 0, pattern(4)));
    us.feed(segment(2, 1, pattern(4)));
    CHECK(us.output_hex() == message_hex(Refusal{6, 0}) + message_hex(Refusal{6, 1}));
    CHECK_FALSE(us.has<event::Received>());
    us.feed_hex("050100");
    CHECK(us.session.finished());
}

TEST_CASE("a connection that is lost is reported with what it interrupted", "[tcpcl][rfc9174]") {
    Solo us = established();
    us.session.send_transfer(pattern(4)).value();
    us.take_output();
    us.session.connection_lost(us.now);
    CHECK(us.failure() == "unavailable");
    CHECK(us.session.finished());
    CHECK_FALSE(us.session.next_timeout());
    us.feed(segment(3, 0, pattern(4)));
    us.session.accept_transfer(0);
    CHECK(us.take_output().empty());
    CHECK_FALSE(us.has<event::Received>());
}

TEST_CASE("losing the connection after the end changes nothing", "[tcpcl]") {
    Solo us = established();
    us.feed_hex("050000");
    us.session.connection_lost(us.now);
    CHECK(us.failure().empty());
    CHECK(us.session.finished());
}

TEST_CASE("KEEPALIVE is sent when the interval passed without any message", "[tcpcl][rfc9174]") {
    // 5.1.1: "whenever the negotiated interval has elapsed with no transmission of any message".
    Solo us = established(10);
    CHECK(us.session.next_timeout() == us.now + 10 * kSecond);
    us.pass(10 * kSecond - Duration{1});
    CHECK(us.output_hex().empty());
    us.pass(Duration{1});
    CHECK(us.output_hex() == "04");
    us.pass(5 * kSecond);
    us.session.receive(segment(2, 0, pattern(1)), us.now);
    us.take_output();  // an acknowledgement counts
    us.pass(6 * kSecond);
    CHECK(us.output_hex().empty());
    us.pass(4 * kSecond);
    CHECK(us.output_hex() == "04");
}

TEST_CASE("a peer silent for twice the keepalive is dropped", "[tcpcl][rfc9174]") {
    // 5.1.1: "SHALL terminate the session by transmitting a SESS_TERM ... 'Idle Timeout'", "exactly twice".
    Solo us = established(10);
    us.pass(10 * kSecond);
    us.pass(10 * kSecond - Duration{1});
    CHECK_FALSE(us.has<event::Ended>());
    us.take_output();
    us.pass(Duration{1});
    CHECK(us.output_hex() == "050001");
    CHECK(us.failure() == "unavailable");
}

TEST_CASE("two idle sessions keep each other alive", "[tcpcl]") {
    Pair pair{options("dtn://a/", 10), options("dtn://b/", 7)};
    pair.establish();
    for (int i = 0; i < 1000; ++i) {
        const auto a = pair.active.session.next_timeout();
        const auto b = pair.passive.session.next_timeout();
        REQUIRE((a && b));
        REQUIRE(std::min(*a, *b) >= pair.now);
        pair.now = std::min(*a, *b);
        pair.active.session.handle_timeout(pair.now);
        pair.passive.session.handle_timeout(pair.now);
        pair.pump();
    }
    CHECK(pair.now > Instant{3000 * kSecond});
    CHECK(pair.active.session.can_send());
    CHECK(pair.passive.session.can_send());
}

TEST_CASE("without keepalive an idle session stays and asks for no timer", "[tcpcl][rfc9174]") {
    Solo us = established(0);
    CHECK_FALSE(us.session.next_timeout());
    us.pass(100'000 * kSecond);
    CHECK(us.session.can_send());
}

TEST_CASE("a peer that owes something and is silent is dropped after the stall timeout", "[tcpcl]") {
    enum class Debt { kHalfHead, kHalfData, kAck, kTermReply, kUnread };
    const auto debt = GENERATE(Debt::kHalfHead, Debt::kHalfData, Debt::kAck, Debt::kTermReply, Debt::kUnread);
    Solo us = established(0);
    us.pass(500 * kSecond);  // silence without a debt is fine
    const Buffer whole = segment(3, 0, pattern(10));
    switch (debt) {
        case Debt::kHalfHead: us.feed(ByteView{whole}.first(5)); break;
        case Debt::kHalfData: us.feed(ByteView{whole}.first(25)); break;
        case Debt::kAck:
            us.session.send_transfer(pattern(1)).value();
            us.take_output();
            break;
        case Debt::kTermReply:
            us.session.terminate(TermReason::kUnknown, us.now);
            us.take_output();
            break;
        case Debt::kUnread:
            us.session.send_transfer(pattern(1)).value();
            us.session.bytes_to_send();
            break;
    }
    REQUIRE(us.session.next_timeout());
    CHECK(*us.session.next_timeout() <= us.now + 60 * kSecond);
    us.pass(Duration{0});
    CHECK(us.session.next_timeout() == us.now + 60 * kSecond);
    us.pass(60 * kSecond - Duration{1});
    CHECK_FALSE(us.has<event::Ended>());
    us.pass(Duration{1});
    CHECK(us.failure() == "unavailable");
}

TEST_CASE("an old debt does not shorten a new one", "[tcpcl]") {
    Solo us = established(0);
    us.feed(segment(2, 0, pattern(1)));
    us.session.bytes_to_send();
    us.pass(Duration{0});  // the unread acknowledgement is noticed
    us.take_output();
    us.now += 100 * kSecond;  // no timer runs meanwhile
    us.session.send_transfer(pattern(1)).value();
    us.take_output();
    us.pass(Duration{0});
    CHECK_FALSE(us.has<event::Ended>());
}

TEST_CASE("keepalives alone do not keep an ending session open", "[tcpcl]") {
    Solo us = established(10);
    us.session.terminate(TermReason::kUnknown, us.now);
    us.take_output();
    for (int i = 0; i < 20 && !us.has<event::Ended>(); ++i) {
        us.pass(5 * kSecond);
        us.feed(message(Keepalive{}));
    }
    CHECK(us.failure() == "unavailable");
}

TEST_CASE("silence proves nothing while nothing is read", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.unacknowledged_max = 1;
    Solo us = established(10, o);
    us.feed(segment(3, 0, pattern(1)));
    REQUIRE_FALSE(us.session.wants_input());
    for (int i = 0; i < 20; ++i)
        us.pass(20 * kSecond);
    CHECK_FALSE(us.has<event::Ended>());
    us.session.accept_transfer(0);
    us.pass(10 * kSecond);
    CHECK_FALSE(us.has<event::Ended>());
    us.pass(20 * kSecond);
    CHECK(us.failure() == "unavailable");
}

TEST_CASE("a session without transfers ends after the idle timeout", "[tcpcl][rfc9174]") {
    // 6.2: "no TCPCL messages (other than KEEPALIVE messages) ... 'Idle timeout'".
    auto o = options("dtn://us/");
    o.idle_timeout = 60 * kSecond;
    Solo us = established(25, o);
    const auto live = [&us](int seconds) {
        us.pass(seconds * kSecond);
        us.feed(message(Keepalive{}));
    };
    live(30);
    us.feed(segment(3, 0, pattern(1)));
    live(30);
    live(30);
    live(30);  // held: not idle
    CHECK(us.session.can_send());
    us.session.accept_transfer(0);
    live(30);
    live(30);
    CHECK(us.session.can_send());
    us.take_output();
    live(30);
    CHECK_FALSE(us.session.can_send());
    CHECK(us.output_hex().substr(0, 6) == "050001");
    us.feed_hex("050101");
    CHECK(us.failure().empty());
}

TEST_CASE("a closed session gives up bytes that nobody takes", "[tcpcl]") {
    Solo us = established();
    us.feed_hex("ff");
    CHECK_FALSE(us.session.finished());
    REQUIRE(us.session.next_timeout());
    us.pass(*us.session.next_timeout() - us.now);
    CHECK(us.session.finished());
}

}  // namespace tram::tcpcl::test
