// RFC 9174 6: session termination, and 3.1: what the owner is told when a session ends.
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;
using tcpcl::TermReason;

constexpr std::uint8_t kEnd = 0x01;
constexpr std::uint8_t kStart = 0x02;
constexpr std::uint8_t kReply = 0x01;

Bytes bundle(std::size_t length) {
    return Bytes{Buffer(length, 'x')};
}

void terminate(Driven& driven, TermReason reason = TermReason::kUnknown) {
    driven.session.terminate(reason, driven.now);
    driven.pump();
}

TEST_CASE("6.1: the SESS_TERM reason codes of the RFC, REPLY is zero when we begin", "[rfc9174][6.1]") {
    const auto reason =
        GENERATE(TermReason::kUnknown, TermReason::kIdleTimeout, TermReason::kVersionMismatch,
                 TermReason::kBusy, TermReason::kContactFailure, TermReason::kResourceExhaustion);
    auto driven = Driven::established();
    terminate(driven, reason);
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kSessTerm));
    CHECK(messages[0].flags == 0);
    CHECK(messages[0].reason == static_cast<std::uint8_t>(reason));
    CHECK(static_cast<int>(TermReason::kIdleTimeout) == 1);
    CHECK(static_cast<int>(TermReason::kVersionMismatch) == 2);
    CHECK(static_cast<int>(TermReason::kBusy) == 3);
    CHECK(static_cast<int>(TermReason::kContactFailure) == 4);
    CHECK(static_cast<int>(TermReason::kResourceExhaustion) == 5);
}

TEST_CASE("6.1: a SESS_TERM is acknowledged with the same content and REPLY", "[rfc9174][6.1]") {
    const auto reason = GENERATE(range(0, 6));
    auto driven = Driven::established();
    driven.receive(sess_term(0, static_cast<std::uint8_t>(reason)));
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kSessTerm));
    CHECK(messages[0].flags == kReply);
    CHECK(messages[0].reason == reason);
    const auto told = driven.events<tcpcl::event::Terminating>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].by_peer);
    CHECK(static_cast<int>(told[0].reason) == reason);
    CHECK(driven.over());
    CHECK_FALSE(driven.failed());
}

TEST_CASE("6.1: an undecodable reason is echoed as it came and treated as Unknown", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    driven.receive(sess_term(0, 0x77));
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].reason == 0x77);
    const auto told = driven.events<tcpcl::event::Terminating>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].reason == TermReason::kUnknown);
}

TEST_CASE("6.1: reserved SESS_TERM flags are ignored", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    terminate(driven);
    driven.receive(sess_term(0xfe | kReply, 0));
    CHECK(driven.over());
    CHECK_FALSE(driven.failed());
}

TEST_CASE("6.1: an entity that sent SESS_TERM does not acknowledge another one", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    terminate(driven);
    CHECK(driven.take(MessageType::kSessTerm).size() == 1);
    driven.receive(sess_term(0, 0x03));  // both began at once
    CHECK(driven.take().empty());
    CHECK(driven.over());
    CHECK_FALSE(driven.failed());
}

TEST_CASE("6.1: the end is orderly: reply, then the connection is closed", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    terminate(driven);
    CHECK_FALSE(driven.over());
    driven.receive(sess_term(kReply, 0));
    CHECK(driven.session.finished());
    driven.session.connection_lost(driven.now);
    driven.pump();
    const auto ends = driven.events<tcpcl::event::Ended>();
    REQUIRE(ends.size() == 1);
    CHECK_FALSE(ends[0].failure);
}

TEST_CASE("6.1: while Ending 'an entity SHALL NOT begin any new outgoing transfer'", "[rfc9174][6.1]") {
    auto driven = Driven::established({.segment_mru = 10});
    SECTION("we ended") {
        terminate(driven);
    }
    SECTION("the peer ended") {
        driven.receive(start(0, 0, "a"));  // keeps the session from being over at once
        driven.receive(sess_term(0, 0));
    }
    CHECK_FALSE(driven.session.can_send());
    const auto result = driven.session.send_transfer(bundle(1));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("6.1: transfers that were queued but not begun do not begin after SESS_TERM", "[rfc9174][6.1]") {
    auto options = Driven::defaults();
    options.output_bytes_max = 1;
    auto driven = Driven::established({.segment_mru = 100}, options);
    REQUIRE(driven.session.send_transfer(bundle(300)) == 0);
    REQUIRE(driven.session.send_transfer(bundle(300)) == 1);
    const auto some = driven.session.bytes_to_send().size();  // the first has begun
    REQUIRE(some > 0);
    driven.session.receive(sess_term(0, 0), driven.now);
    driven.pump();
    bool term_sent = false;
    std::size_t of_first = 0;
    for (const auto& message : driven.take()) {
        if (message.is(MessageType::kSessTerm)) term_sent = true;
        if (!message.is(MessageType::kXferSegment)) continue;
        if (term_sent) CHECK((message.flags & kStart) == 0);
        if (message.id == 0) of_first += message.data.size();
    }
    CHECK(term_sent);
    CHECK(of_first == 300);  // the running one finishes
    CHECK(driven.session.unsent_bytes() == 0);
}

TEST_CASE("6.1: a running outgoing transfer finishes while Ending", "[rfc9174][6.1]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(30)) == 0);
    driven.pump();
    REQUIRE(driven.take(MessageType::kXferSegment).size() == 3);
    terminate(driven);
    driven.receive(sess_term(kReply, 0));
    CHECK_FALSE(driven.session.finished());
    driven.receive(xfer_ack(kStart, 0, 10));
    driven.receive(xfer_ack(0, 0, 20));
    CHECK_FALSE(driven.session.finished());
    driven.receive(xfer_ack(kEnd, 0, 30));
    CHECK(driven.events<tcpcl::event::Acknowledged>().size() == 1);
    CHECK(driven.session.finished());
    CHECK_FALSE(driven.failed());
}

TEST_CASE("6.1: a running incoming transfer finishes while Ending", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    driven.receive(start(0, 0, "ab"));
    SECTION("we ended") {
        terminate(driven);
        driven.receive(sess_term(kReply, 0));
    }
    SECTION("the peer ended") {
        driven.receive(sess_term(0, 0));
    }
    CHECK_FALSE(driven.session.finished());
    driven.receive(segment(kEnd, 0, "c"));
    REQUIRE(driven.events<tcpcl::event::Received>().size() == 1);
    CHECK_FALSE(driven.session.finished());  // the last acknowledgement is still owed
    driven.take();
    driven.session.accept_transfer(0);
    driven.pump();
    const auto acks = driven.take(MessageType::kXferAck);
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].length == 3);
    CHECK(driven.session.finished());
    CHECK_FALSE(driven.failed());
}

TEST_CASE("6.1: a new incoming transfer while Ending is refused with Session Terminating", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    terminate(driven);
    driven.take();
    driven.receive(start(kEnd, 5, "late"));
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kXferRefuse));
    CHECK(messages[0].id == 5);
    CHECK(messages[0].reason == 0x06);
    CHECK(driven.events<tcpcl::event::Received>().empty());
    driven.receive(sess_term(kReply, 0));
    CHECK(driven.over());
}

TEST_CASE("6.1: SESS_TERM comes after complete transmission of any other message", "[rfc9174][6.1]") {
    auto driven = Driven::established({.segment_mru = 1'000});
    REQUIRE(driven.session.send_transfer(bundle(900)) == 0);
    Buffer sent;
    const auto first = driven.session.bytes_to_send();
    append(sent, first.first(100));
    driven.session.mark_sent(100);
    driven.session.terminate(TermReason::kBusy, driven.now);
    for (auto more = driven.session.bytes_to_send(); !more.empty(); more = driven.session.bytes_to_send()) {
        append(sent, more);
        driven.session.mark_sent(more.size());
    }
    // 1 type, 1 flags, 8 id, 4 items length, 8 data length, 900 data, then SESS_TERM
    REQUIRE(sent.size() == 22 + 900 + 3);
    CHECK(sent[922] == 0x05);
    CHECK(sent[923] == 0x00);
    CHECK(sent[924] == 0x03);
}

TEST_CASE("6.1: a connection that closes in the middle leaves transfers unconfirmed", "[rfc9174][6.1]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(30)) == 0);
    driven.pump();
    driven.receive(start(0, 0, "half"));
    driven.session.connection_lost(driven.now);
    driven.pump();
    const auto ends = driven.events<tcpcl::event::Ended>();
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].failure);
    CHECK(driven.events<tcpcl::event::Acknowledged>().empty());
    CHECK(driven.events<tcpcl::event::Received>().empty());
    CHECK_FALSE(driven.session.can_send());
}

TEST_CASE("6.1: a peer that never answers SESS_TERM does not hold the session for ever", "[rfc9174][6.1]") {
    auto driven = Driven::established();
    terminate(driven);
    driven.wait(Duration{600'000});
    CHECK(driven.over());
}

TEST_CASE("4.2, 6.1: a peer may refuse the session with SESS_TERM right after its contact header",
          "[rfc9174][4.2][6.1]") {
    Driven active{tcpcl::Role::kActive};
    active.receive(contact());
    REQUIRE(active.take_contact());
    REQUIRE(active.take(MessageType::kSessInit).size() == 1);
    active.receive(sess_term(0, 0x03));
    CHECK(active.over());
    CHECK(active.failed());
    CHECK(active.events<tcpcl::event::Established>().empty());
    for (const auto& message : active.take()) {
        CHECK(message.is(MessageType::kSessTerm));
        CHECK(message.flags == kReply);
        CHECK(message.reason == 0x03);
    }
}

TEST_CASE("6.2: an idle session ends with Idle Timeout after the configured time", "[rfc9174][6.2]") {
    auto options = Driven::defaults();
    options.idle_timeout = Duration{50'000};
    auto driven = Driven::established({}, options);
    driven.wait(Duration{49'000});
    CHECK(driven.take().empty());
    driven.wait(Duration{2'000});
    const auto terms = driven.take(MessageType::kSessTerm);
    REQUIRE(terms.size() == 1);
    CHECK(terms[0].flags == 0);
    CHECK(terms[0].reason == 0x01);
    CHECK(driven.events<tcpcl::event::Terminating>().size() == 1);
}

TEST_CASE("6.2: KEEPALIVE does not count as activity", "[rfc9174][6.2]") {
    auto options = Driven::defaults();
    options.idle_timeout = Duration{50'000};
    options.keepalive_s = 10;
    auto driven = Driven::established({.keepalive = 10}, options);
    for (int i = 0; i < 6; ++i) {
        driven.wait(Duration{9'000});
        driven.receive(keepalive());
    }
    CHECK(driven.take(MessageType::kSessTerm).size() == 1);
}

TEST_CASE("6.2: a transfer puts the idle time off", "[rfc9174][6.2]") {
    auto options = Driven::defaults();
    options.idle_timeout = Duration{50'000};
    auto driven = Driven::established({}, options);
    for (std::uint64_t id = 0; id < 4; ++id) {
        driven.wait(Duration{40'000});
        driven.receive(start(kEnd, id, "x"));
        driven.session.accept_transfer(id);
        driven.pump();
    }
    CHECK(driven.take(MessageType::kSessTerm).empty());
    CHECK_FALSE(driven.over());
}

}  // namespace
}  // namespace tram::rfc9174
