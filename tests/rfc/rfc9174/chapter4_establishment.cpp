// RFC 9174 4.1 to 4.4: TCP connection, contact header, validation, TLS seam.
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;
using tcpcl::Role;

TEST_CASE("4.1: 'the active entity SHALL immediately transmit its Contact Header'", "[rfc9174][4.1]") {
    Driven active{Role::kActive};
    CHECK(active.take_contact() == contact());
    CHECK(active.take().empty());
}

TEST_CASE("4.1: 'the passive entity SHALL wait for the peer's Contact Header', then send its own",
          "[rfc9174][4.1]") {
    Driven passive{Role::kPassive};
    CHECK(passive.bytes_out == 0);
    passive.receive(raw("dtn!"));
    passive.receive(u8(4));
    CHECK(passive.bytes_out == 0);
    passive.receive(u8(0));
    CHECK(passive.take_contact() == contact());
}

TEST_CASE("4.1: a connection without a contact header is closed after a while", "[rfc9174][4.1]") {
    auto options = Driven::defaults();
    options.contact_timeout = Duration{10'000};
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    Driven driven{role, options};
    driven.receive(raw("dt"));
    driven.wait(Duration{9'000});
    CHECK_FALSE(driven.over());
    driven.wait(Duration{2'000});
    CHECK(driven.over());
    CHECK(driven.failed());
}

TEST_CASE("4.1: 'timeout interval no longer than one minute' by default", "[rfc9174][4.1]") {
    Driven passive{Role::kPassive};
    passive.wait(Duration{60'000});
    CHECK(passive.over());
}

TEST_CASE("4.2: the contact header is 'dtn!', version 4 and one octet of flags", "[rfc9174][4.2]") {
    Driven plain{Role::kActive};
    CHECK(plain.take_contact() == Buffer{0x64, 0x74, 0x6e, 0x21, 0x04, 0x00});
}

TEST_CASE("4.2: CAN_TLS is set exactly when TLS is enabled", "[rfc9174][4.2]") {
    auto options = Driven::defaults();
    options.can_tls = true;
    Driven secure{Role::kActive, options};
    CHECK(secure.take_contact() == Buffer{0x64, 0x74, 0x6e, 0x21, 0x04, 0x01});
}

TEST_CASE("4.2: 'All reserved header flag bits SHALL be ignored by the receiver'", "[rfc9174][4.2]") {
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    Driven driven{role};
    driven.receive(contact(0xfe));
    driven.receive(sess_init());
    CHECK(driven.events<tcpcl::event::Established>().size() == 1);
}

TEST_CASE("4.3: 'If the magic string is not present or is not valid, the connection MUST be terminated'",
          "[rfc9174][4.3][6.1]") {
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    const auto input =
        GENERATE(join({raw("dtn?"), u8(4), u8(0)}), raw("GET / HTTP/1.1\r\n"), raw("DTN!\x04\x01"));
    Driven driven{role};
    const auto before = driven.bytes_out;
    driven.receive(input);
    CHECK(driven.over());
    CHECK(driven.failed());
    // 6.1: 'SHALL close the TCP connection without sending a SESS_TERM message'
    CHECK(driven.bytes_out == before);
    CHECK(driven.events<tcpcl::event::Established>().empty());
}

TEST_CASE("4.3: a passive entity answers an unknown version with its header and 'Version mismatch'",
          "[rfc9174][4.3]") {
    const auto version = GENERATE(std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{5}, std::uint8_t{255});
    Driven passive{Role::kPassive};
    passive.receive(contact(0, version));
    CHECK(passive.take_contact() == contact());
    const auto messages = passive.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kSessTerm));
    CHECK(messages[0].flags == 0);
    CHECK(messages[0].reason == 0x02);
    passive.receive(sess_term(0x01, 0x02));
    CHECK(passive.over());
    CHECK(passive.events<tcpcl::event::Established>().empty());
}

TEST_CASE("4.3: an active entity that gets a lower version closes the connection", "[rfc9174][4.3]") {
    Driven active{Role::kActive};
    active.receive(contact(0, 3));
    active.receive(sess_init());
    CHECK(active.over());
    CHECK(active.failed());
    CHECK(active.events<tcpcl::event::Established>().empty());
}

TEST_CASE("4.3: both headers of a successful negotiation have identical versions", "[rfc9174][4.3]") {
    Driven active{Role::kActive};
    active.receive(contact(0, 5));
    active.receive(sess_init());
    active.wait(Duration{120'000});
    CHECK(active.over());
    CHECK(active.events<tcpcl::event::Established>().empty());
}

TEST_CASE("4.3: Enable TLS is the logical AND of both CAN_TLS flags", "[rfc9174][4.3]") {
    const auto ours = GENERATE(false, true);
    const auto theirs = GENERATE(false, true);
    auto options = Driven::defaults();
    options.can_tls = ours;
    Driven active{Role::kActive, options};
    REQUIRE(active.take_contact());
    active.receive(contact(theirs ? 0x01 : 0x00));
    CHECK(active.events<tcpcl::event::TlsRequired>().size() == (ours && theirs ? 1 : 0));
    CHECK(active.take(MessageType::kSessInit).size() == (ours && theirs ? 0 : 1));
}

TEST_CASE("4.3: 'If the Enable TLS state is unacceptable' the session ends with Contact Failure",
          "[rfc9174][4.3]") {
    auto options = Driven::defaults();
    options.can_tls = true;
    options.require_tls = true;
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    Driven driven{role, options};
    driven.receive(contact(0));
    CHECK(driven.take_contact());
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kSessTerm));
    CHECK(messages[0].reason == 0x04);
    driven.receive(sess_term(0x01, 0x04));
    CHECK(driven.over());
}

TEST_CASE("4.4.3: after the TLS handshake the active entity sends SESS_INIT, not before",
          "[rfc9174][4.4.3]") {
    auto options = Driven::defaults();
    options.can_tls = true;
    Driven active{Role::kActive, options};
    active.receive(contact(0x01));
    REQUIRE(active.take_contact());
    CHECK(active.take().empty());
    active.session.tls_established(active.now);
    active.pump();
    CHECK(active.take(MessageType::kSessInit).size() == 1);
    active.receive(sess_init());
    CHECK(active.events<tcpcl::event::Established>().size() == 1);
}

TEST_CASE("4.4.3: a TLS handshake that comes to nothing closes the connection", "[rfc9174][4.4.3]") {
    auto options = Driven::defaults();
    options.can_tls = true;
    Driven active{Role::kActive, options};
    active.receive(contact(0x01));
    SECTION("it broke") {
        active.session.connection_lost(active.now);
        active.pump();
    }
    SECTION("it takes too long") {
        active.wait(Duration{120'000});
    }
    CHECK(active.over());
    CHECK(active.failed());
}

TEST_CASE("6.1: 'an entity MUST always send the Contact Header to its peer before sending a SESS_TERM'",
          "[rfc9174][6.1]") {
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    Driven driven{role};
    driven.session.terminate(tcpcl::TermReason::kBusy, driven.now);
    driven.pump();
    if (driven.bytes_out == 0) {  // closing without a word is allowed too
        CHECK(driven.over());
        return;
    }
    CHECK(driven.take_contact() == contact());
    for (const auto& message : driven.take()) {
        CHECK(message.is(MessageType::kSessTerm));
        CHECK(message.reason == 0x03);
    }
}

}  // namespace
}  // namespace tram::rfc9174
