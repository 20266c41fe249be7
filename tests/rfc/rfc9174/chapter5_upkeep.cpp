// RFC 9174 5.1: KEEPALIVE and MSG_REJECT.
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;
using tcpcl::Role;

tcpcl::SessionOptions with_keepalive(std::uint16_t seconds) {
    auto options = Driven::defaults();
    options.keepalive_s = seconds;
    return options;
}

TEST_CASE("5.1.1: KEEPALIVE is sent when the interval passed 'with no transmission of any message'",
          "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 10}, with_keepalive(30));
    driven.wait(Duration{9'500});
    CHECK(driven.take().empty());
    driven.wait(Duration{600});
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kKeepalive));
    driven.receive(keepalive());
    driven.wait(Duration{10'000});
    CHECK(driven.take(MessageType::kKeepalive).size() == 1);
}

TEST_CASE("5.1.1: any message of ours puts the next KEEPALIVE off", "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 10}, with_keepalive(10));
    driven.wait(Duration{6'000});
    driven.receive(keepalive());
    REQUIRE(driven.session.send_transfer(Bytes{Buffer(10, 0)}));
    driven.pump();
    CHECK(driven.take(MessageType::kXferSegment).size() == 1);
    driven.wait(Duration{6'000});
    CHECK(driven.take(MessageType::kKeepalive).empty());
    driven.wait(Duration{5'000});
    CHECK(driven.take(MessageType::kKeepalive).size() == 1);
}

TEST_CASE("5.1.1: an interval of zero disables KEEPALIVE", "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 0}, with_keepalive(30));
    driven.wait(Duration{3'600'000});
    CHECK(driven.take().empty());
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.1.1: KEEPALIVE is one octet and needs no answer", "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 10}, with_keepalive(10));
    driven.receive(keepalive());
    CHECK(driven.take().empty());
    driven.receive(keepalive());
    CHECK(driven.take().empty());
}

TEST_CASE("5.1.1: no message for twice the interval ends the session with Idle Timeout", "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 10}, with_keepalive(10));
    driven.wait(Duration{19'500});
    CHECK(driven.take(MessageType::kSessTerm).empty());
    driven.wait(Duration{20'500});
    const auto terms = driven.take(MessageType::kSessTerm);
    REQUIRE(terms.size() == 1);
    CHECK(terms[0].flags == 0);
    CHECK(terms[0].reason == 0x01);
    driven.wait(Duration{200'000});
    CHECK(driven.over());
}

TEST_CASE("5.1.1: a peer that keeps the session alive is not ended", "[rfc9174][5.1.1]") {
    auto driven = Driven::established({.keepalive = 10}, with_keepalive(10));
    for (int i = 0; i < 100; ++i) {
        driven.wait(Duration{10'000});
        driven.receive(keepalive());
    }
    CHECK(driven.take(MessageType::kSessTerm).empty());
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.1.2: an unknown message type is rejected and the connection closed", "[rfc9174][5.1.2]") {
    const auto type =
        GENERATE(std::uint8_t{0x00}, std::uint8_t{0x08}, std::uint8_t{0x7f}, std::uint8_t{0xff});
    auto driven = Driven::established();
    driven.receive(u8(type));
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x01);
    CHECK(rejects[0].header == type);
    CHECK(driven.over());
    CHECK(driven.failed());
}

TEST_CASE("5.1.2: SESS_INIT in an established session is unexpected", "[rfc9174][5.1.2]") {
    auto driven = Driven::established();
    driven.receive(sess_init());
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x03);
    CHECK(rejects[0].header == 0x07);
    CHECK(driven.events<tcpcl::event::Established>().empty());
}

TEST_CASE("5.1.2: XFER_ACK with an unknown Transfer ID is unexpected", "[rfc9174][5.1.2]") {
    auto driven = Driven::established();
    driven.receive(xfer_ack(0x03, 99, 10));
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x03);
    CHECK(rejects[0].header == 0x02);
    CHECK(driven.events<tcpcl::event::Acknowledged>().empty());
}

TEST_CASE("5.1.2: XFER_REFUSE of a transfer that never was is unexpected", "[rfc9174][5.1.2]") {
    auto driven = Driven::established();
    driven.receive(xfer_refuse(0x02, 99));
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x03);
    CHECK(rejects[0].header == 0x03);
    CHECK(driven.events<tcpcl::event::Refused>().empty());
}

TEST_CASE("5.1.2: transfers before SESS_INIT are unexpected", "[rfc9174][5.1.2]") {
    Driven passive{Role::kPassive};
    passive.receive(contact());
    REQUIRE(passive.take_contact());
    passive.receive(start(0x01, 0, "early"));
    const auto rejects = passive.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x03);
    CHECK(rejects[0].header == 0x01);
    CHECK(passive.events<tcpcl::event::Received>().empty());
}

TEST_CASE("5.1.2: a segment of no transfer (neither START nor running) is unexpected", "[rfc9174][5.1.2]") {
    auto driven = Driven::established();
    driven.receive(segment(0x01, 5, "tail"));
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x03);
    CHECK(rejects[0].header == 0x01);
    CHECK(driven.events<tcpcl::event::Received>().empty());
}

TEST_CASE("5.1.2: KEEPALIVE where it was negotiated away is unsupported", "[rfc9174][5.1.2]") {
    auto driven = Driven::established({.keepalive = 0}, with_keepalive(0));
    driven.receive(keepalive());
    const auto rejects = driven.take(MessageType::kMsgReject);
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].reason == 0x02);
    CHECK(rejects[0].header == 0x04);
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.1.2: a MSG_REJECT from the peer is told to the owner and not answered", "[rfc9174][5.1.2]") {
    const auto reason = GENERATE(std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3});
    auto driven = Driven::established();
    driven.receive(msg_reject(reason, 0x04));
    const auto rejected = driven.events<tcpcl::event::Rejected>();
    REQUIRE(rejected.size() == 1);
    CHECK(static_cast<std::uint8_t>(rejected[0].reason) == reason);
    CHECK(rejected[0].message_header == 0x04);
    CHECK(driven.take(MessageType::kMsgReject).empty());
}

}  // namespace
}  // namespace tram::rfc9174
