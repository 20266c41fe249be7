// RFC 9174 4.5 to 4.8: message header, SESS_INIT, negotiation, session extension items.
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;
using tcpcl::Role;

/// A session after both contact headers, before the peer's SESS_INIT.
Driven contacted(Role role, tcpcl::SessionOptions options = Driven::defaults()) {
    Driven driven{role, std::move(options)};
    driven.receive(contact());
    REQUIRE(driven.take_contact());
    return driven;
}

/// What a session does that cannot go on: SESS_TERM "Contact Failure", nothing established.
void check_contact_failure(Driven& driven) {
    const auto terms = driven.take(MessageType::kSessTerm);
    REQUIRE(terms.size() == 1);
    CHECK(terms[0].flags == 0);
    CHECK(terms[0].reason == 0x04);
    CHECK_FALSE(driven.session.can_send());
    driven.receive(sess_term(0x01, 0x04));
    CHECK(driven.over());
}

TEST_CASE("4.5: the message type codes", "[rfc9174][4.5]") {
    CHECK(static_cast<int>(MessageType::kXferSegment) == 0x01);
    CHECK(static_cast<int>(MessageType::kXferAck) == 0x02);
    CHECK(static_cast<int>(MessageType::kXferRefuse) == 0x03);
    CHECK(static_cast<int>(MessageType::kKeepalive) == 0x04);
    CHECK(static_cast<int>(MessageType::kSessTerm) == 0x05);
    CHECK(static_cast<int>(MessageType::kMsgReject) == 0x06);
    CHECK(static_cast<int>(MessageType::kSessInit) == 0x07);
}

TEST_CASE("4.6: SESS_INIT has keepalive, both MRUs, node id and extension items", "[rfc9174][4.6]") {
    auto options = Driven::defaults();
    options.keepalive_s = 0x1234;
    options.segment_mru = 0x0102'0304;
    options.transfer_mru = 0x0001'0203'0405;
    options.node_id = "dtn://here/";
    options.extensions = {{.flags = 0, .type = 0x8001, .value = Bytes{Buffer{0xaa, 0xbb}}}};
    auto active = contacted(Role::kActive, options);
    const auto messages = active.take();
    REQUIRE(messages.size() == 1);
    REQUIRE(messages[0].is(MessageType::kSessInit));
    CHECK(messages[0].init.keepalive_s == 0x1234);
    CHECK(messages[0].init.segment_mru == 0x0102'0304);
    CHECK(messages[0].init.transfer_mru == 0x0001'0203'0405);
    CHECK(messages[0].init.node_id == "dtn://here/");
    REQUIRE(messages[0].items.size() == 1);
    CHECK(messages[0].items[0].flags == 0);
    CHECK(messages[0].items[0].type == 0x8001);
    CHECK(to_hex(messages[0].items[0].value) == "aabb");
}

TEST_CASE("3, figure 'Session Initiation': active sends SESS_INIT first, passive answers", "[rfc9174][4.6]") {
    auto active = contacted(Role::kActive);
    CHECK(active.take(MessageType::kSessInit).size() == 1);
    CHECK_FALSE(active.session.can_send());
    auto passive = contacted(Role::kPassive);
    CHECK(passive.take().empty());
    passive.receive(sess_init());
    CHECK(passive.take(MessageType::kSessInit).size() == 1);
    CHECK(passive.session.can_send());
}

TEST_CASE("4.6: SESS_INIT is understood in any pieces", "[rfc9174][4.6]") {
    auto passive = contacted(Role::kPassive);
    passive.trickle(sess_init({.keepalive = 7,
                               .segment_mru = 500,
                               .transfer_mru = 60'000,
                               .items = item(0, 0x9999, raw("skip me"))}));
    const auto established = passive.events<tcpcl::event::Established>();
    REQUIRE(established.size() == 1);
    CHECK(established[0].peer_node_id == "dtn://peer/");
    CHECK(established[0].segment_mru == 500);
    CHECK(established[0].transfer_mru == 60'000);
}

TEST_CASE("4.6: 'A zero-length Node ID SHALL be used to indicate the lack of Node ID'", "[rfc9174][4.6]") {
    auto passive = contacted(Role::kPassive);
    passive.receive(sess_init({.node_id = ""}));
    const auto established = passive.events<tcpcl::event::Established>();
    REQUIRE(established.size() == 1);
    CHECK(established[0].peer_node_id.empty());

    auto options = Driven::defaults();
    options.node_id = "";
    auto nameless = contacted(Role::kActive, options);
    const auto messages = nameless.take(MessageType::kSessInit);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].init.node_id.empty());
}

TEST_CASE("4.6: extension items that disagree with their length make SESS_INIT fail", "[rfc9174][4.6]") {
    const auto items = GENERATE(join({u8(0), u16(1), u16(5), raw("abc")}),  // claims more than there is
                                join({u8(0), u16(1)}),                      // no length
                                join({item(0, 0x9999, raw("x")), u8(0)}));  // a rest
    auto passive = contacted(Role::kPassive);
    passive.receive(sess_init({.items = items}));
    CHECK(passive.events<tcpcl::event::Established>().empty());
    CHECK_FALSE(passive.session.can_send());
    const auto terms = passive.take(MessageType::kSessTerm);
    for (const auto& term : terms)
        CHECK(term.reason == 0x04);
    passive.receive(sess_term(0x01, 0x04));
    CHECK(passive.over());
}

TEST_CASE("4.6: a session without SESS_INIT does not wait for ever", "[rfc9174][4.6]") {
    const auto role = GENERATE(Role::kPassive, Role::kActive);
    auto driven = contacted(role);
    driven.wait(Duration{120'000});
    CHECK(driven.over());
    CHECK(driven.events<tcpcl::event::Established>().empty());
}

TEST_CASE("4.7: the session keepalive is the minimum of both proposals", "[rfc9174][4.7]") {
    const auto [ours, theirs] = GENERATE(table<std::uint16_t, std::uint16_t>(
        {{30, 60}, {60, 30}, {45, 45}, {0, 30}, {30, 0}, {0, 0}, {65'535, 600}}));
    auto options = Driven::defaults();
    options.keepalive_s = ours;
    auto passive = contacted(Role::kPassive, options);
    passive.receive(sess_init({.keepalive = theirs}));
    const auto established = passive.events<tcpcl::event::Established>();
    REQUIRE(established.size() == 1);
    CHECK(established[0].keepalive_s == std::min(ours, theirs));
}

TEST_CASE("4.7: segments are no longer than the peer's Segment MRU", "[rfc9174][4.7]") {
    const auto mru = GENERATE(std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{100}, ~std::uint64_t{0});
    auto options = Driven::defaults();
    options.segment_bytes_max = 200;
    auto driven = Driven::established({.segment_mru = mru}, options);
    const std::string content(1'000, 'x');
    REQUIRE(driven.session.send_transfer(Bytes::copy_of(as_bytes(content))));
    driven.pump();
    std::string joined;
    for (const auto& message : driven.take(MessageType::kXferSegment)) {
        CHECK(message.data.size() <= std::min<std::uint64_t>(mru, 200));
        joined += message.data;
    }
    CHECK(joined == content);
}

TEST_CASE("4.7: no transfer is longer than the peer's Transfer MRU", "[rfc9174][4.7]") {
    auto driven = Driven::established({.transfer_mru = 100});
    const auto large = driven.session.send_transfer(Bytes{Buffer(101, 0)});
    REQUIRE_FALSE(large);
    CHECK(large.error().code == ErrorCode::kTooLarge);
    CHECK(driven.session.send_transfer(Bytes{Buffer(100, 0)}));
    driven.pump();
    CHECK(driven.take(MessageType::kXferSegment).size() == 1);
}

TEST_CASE("4.7: a Segment MRU of nothing is unacceptable: Contact Failure", "[rfc9174][4.7]") {
    auto passive = contacted(Role::kPassive);
    passive.receive(sess_init({.segment_mru = 0}));
    check_contact_failure(passive);
}

TEST_CASE("4.8: an unknown critical session extension ends the session with Contact Failure",
          "[rfc9174][4.8]") {
    const auto flags = GENERATE(std::uint8_t{0x01}, std::uint8_t{0xff});
    auto passive = contacted(Role::kPassive);
    passive.receive(sess_init({.items = join({item(0, 0x9998, {}), item(flags, 0x9999, raw("?"))})}));
    check_contact_failure(passive);
}

TEST_CASE("4.8: 'an entity SHALL skip over and ignore any item with an unknown Item Type'",
          "[rfc9174][4.8]") {
    const auto flags = GENERATE(std::uint8_t{0x00}, std::uint8_t{0xfe});  // reserved bits are ignored
    auto passive = contacted(Role::kPassive);
    passive.receive(sess_init({.items = join({item(flags, 0x9999, raw("?")), item(flags, 1, {})})}));
    CHECK(passive.events<tcpcl::event::Established>().size() == 1);
}

TEST_CASE("4.8: a critical item of a type that we speak is handed on", "[rfc9174][4.8]") {
    auto options = Driven::defaults();
    options.extensions = {{.flags = 0, .type = 0x8001, .value = Bytes{Buffer{1}}}};
    auto passive = contacted(Role::kPassive, options);
    passive.receive(sess_init({.items = item(0x01, 0x8001, Buffer{2, 3})}));
    const auto established = passive.events<tcpcl::event::Established>();
    REQUIRE(established.size() == 1);
    REQUIRE(established[0].extensions.size() == 1);
    CHECK(established[0].extensions[0].type == 0x8001);
    CHECK(to_hex(established[0].extensions[0].value) == "0203");
}

TEST_CASE("4.8: extension items beyond our bound are not stored on the peer's word", "[rfc9174][4.8]") {
    auto options = Driven::defaults();
    options.extension_bytes_max = 1'000;
    auto passive = contacted(Role::kPassive, options);
    passive.receive(join({u8(0x07), u16(0), u64(1'000), u64(1'000), u16(0), u32(0xffff'ffff)}));
    CHECK(passive.events<tcpcl::event::Established>().empty());
    for (const auto& term : passive.take(MessageType::kSessTerm)) {
        CHECK((term.reason == 0x04 || term.reason == 0x05));
    }
    passive.wait(Duration{120'000});
    CHECK(passive.over());
}

}  // namespace
}  // namespace tram::rfc9174
