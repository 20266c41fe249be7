// RFC 9174 5.2.1 to 5.2.3: transfer ids, segments, acknowledgements.
#include <algorithm>
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;

constexpr std::uint8_t kEnd = 0x01;
constexpr std::uint8_t kStart = 0x02;

Bytes bundle(std::string_view content) {
    return Bytes::copy_of(as_bytes(content));
}

std::string letters(std::size_t count, char first = 'a') {
    std::string out(count, first);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<char>(first + i % 23);
    return out;
}

TEST_CASE("5.2.1: 'The initial Transfer ID from each entity is zero', then one more each",
          "[rfc9174][5.2.1]") {
    auto driven = Driven::established();
    for (std::uint64_t i = 0; i < 5; ++i)
        CHECK(driven.session.send_transfer(bundle("x")) == i);
    driven.pump();
    const auto segments = driven.take(MessageType::kXferSegment);
    REQUIRE(segments.size() == 5);
    for (std::uint64_t i = 0; i < 5; ++i)
        CHECK(segments[i].id == i);
}

TEST_CASE("5.2.1: an entity does not rely on any relation between ids of both directions",
          "[rfc9174][5.2.1]") {
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle("ours")) == 0);
    const auto id = GENERATE(std::uint64_t{0}, std::uint64_t{77}, ~std::uint64_t{0});
    driven.receive(start(kEnd, id, "theirs"));
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(received[0].transfer == id);
    driven.session.accept_transfer(id);
    driven.pump();
    const auto acks = driven.take(MessageType::kXferAck);
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].id == id);
}

TEST_CASE("5.2.2: a transfer in one segment has START and END", "[rfc9174][5.2.2]") {
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle("whole")));
    driven.pump();
    const auto segments = driven.take();
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].is(MessageType::kXferSegment));
    CHECK(segments[0].flags == (kStart | kEnd));
    CHECK(segments[0].data == "whole");
}

TEST_CASE("5.2.2: START is on the first segment and END on the last, reserved bits are zero",
          "[rfc9174][5.2.2]") {
    auto driven = Driven::established({.segment_mru = 10});
    const auto content = letters(35);
    REQUIRE(driven.session.send_transfer(bundle(content)));
    driven.pump();
    const auto segments = driven.take(MessageType::kXferSegment);
    REQUIRE(segments.size() == 4);
    CHECK(segments[0].flags == kStart);
    CHECK(segments[1].flags == 0);
    CHECK(segments[2].flags == 0);
    CHECK(segments[3].flags == kEnd);
    std::string joined;
    for (const auto& one : segments)
        joined += one.data;
    CHECK(joined == content);
}

TEST_CASE("5.2.2: 'segments containing sequential portions of that bundle', never interleaved",
          "[rfc9174][5.2][5.2.2]") {
    auto driven = Driven::established({.segment_mru = 10});
    const std::vector<std::string> contents{letters(95, 'a'), letters(31, 'A'), letters(10, '0')};
    for (const auto& content : contents)
        REQUIRE(driven.session.send_transfer(bundle(content)));
    driven.pump();
    std::vector<std::string> joined(3);
    std::uint64_t current = 0;
    for (const auto& one : driven.take(MessageType::kXferSegment)) {
        if ((one.flags & kStart) != 0) {
            CHECK(joined[one.id].empty());
            current = one.id;
        }
        REQUIRE(one.id == current);
        joined[one.id] += one.data;
    }
    CHECK(joined == contents);
}

TEST_CASE("5.2.2: received segments in any pieces give the bundle", "[rfc9174][5.2.2]") {
    auto driven = Driven::established();
    const auto bytes =
        join({start(0, 4, "one "), segment(0, 4, ""), segment(0, 4, "two "), segment(kEnd, 4, "three")});
    SECTION("byte by byte") {
        driven.trickle(bytes);
    }
    SECTION("at once") {
        driven.receive(bytes);
    }
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(received[0].transfer == 4);
    CHECK(as_text(received[0].bundle) == "one two three");
}

TEST_CASE("5.2.2: reserved segment flags are ignored by the receiver", "[rfc9174][5.2.2]") {
    auto driven = Driven::established();
    driven.receive(start(0xfc, 1, "a"));
    driven.receive(segment(0xfc | kEnd, 1, "b"));
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(as_text(received[0].bundle) == "ab");
}

TEST_CASE("5.2.2: a segment of another transfer in the middle of one is not mixed in", "[rfc9174][5.2.2]") {
    auto driven = Driven::established();
    driven.receive(start(0, 1, "first "));
    SECTION("a new START") {
        driven.receive(start(kEnd, 2, "intruder"));
    }
    SECTION("a continuation of another id") {
        driven.receive(segment(kEnd, 2, "intruder"));
    }
    SECTION("START again with the same id") {
        driven.receive(start(0, 1, "first "));
    }
    // Unexpected in this state (5.1.2): rejected, or the session is given up.
    CHECK((driven.over() || driven.take(MessageType::kMsgReject).size() == 1));
    if (!driven.over()) driven.receive(segment(kEnd, 1, "last"));
    for (const auto& one : driven.events<tcpcl::event::Received>()) {
        CHECK(one.transfer == 1);
        CHECK(as_text(one.bundle) == "first last");
    }
}

TEST_CASE("4.6: a segment above our Segment MRU is not taken", "[rfc9174][4.6]") {
    auto options = Driven::defaults();
    options.segment_mru = 10;
    auto driven = Driven::established({}, options);
    SECTION("all of it") {
        driven.receive(start(kEnd, 0, "eleven byte"));
    }
    SECTION("its head alone, claiming 2^63 bytes") {
        driven.receive(join({u8(1), u8(kStart | kEnd), u64(0), u32(0), u64(std::uint64_t{1} << 63U)}));
    }
    CHECK(driven.events<tcpcl::event::Received>().empty());
    const auto messages = driven.take();
    const auto refused = std::any_of(messages.begin(), messages.end(), [](const Message& one) {
        return one.is(MessageType::kXferRefuse) || one.is(MessageType::kSessTerm) ||
               one.is(MessageType::kMsgReject);
    });
    CHECK((refused || driven.over()));
}

TEST_CASE("4.6: a transfer above our Transfer MRU is not taken", "[rfc9174][4.6]") {
    auto options = Driven::defaults();
    options.transfer_mru = 20;
    auto driven = Driven::established({}, options);
    driven.receive(start(0, 0, letters(15)));
    driven.receive(segment(kEnd, 0, letters(6)));
    CHECK(driven.events<tcpcl::event::Received>().empty());
    CHECK((driven.over() || driven.take(MessageType::kXferRefuse).size() == 1));
}

TEST_CASE("5.2.3: the example: segments of 100, 200, 500, 1000 are acknowledged 100, 300, 800, 1800",
          "[rfc9174][5.2.3]") {
    auto driven = Driven::established();
    driven.receive(start(0, 3, letters(100)));
    driven.receive(segment(0, 3, letters(200)));
    driven.receive(segment(0, 3, letters(500)));
    auto acks = driven.take(MessageType::kXferAck);
    REQUIRE(acks.size() == 3);
    CHECK(acks[0].length == 100);
    CHECK(acks[1].length == 300);
    CHECK(acks[2].length == 800);
    CHECK(acks[0].flags == kStart);
    CHECK(acks[1].flags == 0);
    CHECK(acks[2].flags == 0);
    driven.receive(segment(kEnd, 3, letters(1'000)));
    CHECK(driven.take(MessageType::kXferAck).empty());  // 'after the segment has been fully processed'
    driven.session.accept_transfer(3);
    driven.pump();
    acks = driven.take(MessageType::kXferAck);
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].length == 1'800);
    CHECK(acks[0].flags == kEnd);
    CHECK(acks[0].id == 3);
}

TEST_CASE("5.2.3: XFER_ACK flags match the segment, 'including flags not decodable to the entity'",
          "[rfc9174][5.2.3]") {
    auto driven = Driven::established();
    driven.receive(start(0x80, 1, "a"));
    driven.receive(segment(0x44, 1, "b"));
    driven.receive(segment(0x20 | kEnd, 1, "c"));
    driven.session.accept_transfer(1);
    driven.pump();
    const auto acks = driven.take(MessageType::kXferAck);
    REQUIRE(acks.size() == 3);
    CHECK(acks[0].flags == (0x80 | kStart));
    CHECK(acks[1].flags == 0x44);
    CHECK(acks[2].flags == (0x20 | kEnd));
}

TEST_CASE("5.2.3: every segment is acknowledged in the order in which it came", "[rfc9174][5.2.3]") {
    auto driven = Driven::established();
    for (std::uint64_t id = 0; id < 3; ++id) {
        driven.receive(start(0, id, "ab"));
        driven.receive(segment(kEnd, id, "c"));
    }
    REQUIRE(driven.events<tcpcl::event::Received>().size() == 3);
    driven.session.accept_transfer(2);
    driven.session.accept_transfer(1);
    driven.session.accept_transfer(0);
    driven.pump();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> order;
    for (const auto& ack : driven.take(MessageType::kXferAck))
        order.emplace_back(ack.id, ack.length);
    const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{{0, 2}, {0, 3}, {1, 2},
                                                                        {1, 3}, {2, 2}, {2, 3}};
    CHECK(order == expected);
}

TEST_CASE("5.2.3: 'The sending entity SHOULD transmit multiple XFER_SEGMENT messages without waiting'",
          "[rfc9174][5.2.3]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(letters(50))));
    REQUIRE(driven.session.send_transfer(bundle(letters(50))));
    driven.pump();
    CHECK(driven.take(MessageType::kXferSegment).size() == 10);
    CHECK(driven.events<tcpcl::event::Acknowledged>().empty());
}

TEST_CASE("5.2.3: a transfer is acknowledged when its END segment is, with the whole length",
          "[rfc9174][5.2.3]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(letters(25))) == 0);
    driven.pump();
    driven.receive(xfer_ack(kStart, 0, 10));
    driven.receive(xfer_ack(0, 0, 20));
    CHECK(driven.events<tcpcl::event::Acknowledged>().empty());
    driven.receive(xfer_ack(kEnd, 0, 25));
    const auto acknowledged = driven.events<tcpcl::event::Acknowledged>();
    REQUIRE(acknowledged.size() == 1);
    CHECK(acknowledged[0].transfer == 0);
    CHECK(driven.take(MessageType::kMsgReject).empty());
}

TEST_CASE("5.2.3: an acknowledgement of bytes that were never sent confirms nothing", "[rfc9174][5.2.3]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(letters(25))) == 0);
    driven.pump();
    const auto length = GENERATE(std::uint64_t{9}, std::uint64_t{26}, ~std::uint64_t{0});
    driven.receive(xfer_ack(kEnd, 0, length));
    CHECK(driven.events<tcpcl::event::Acknowledged>().empty());
}

TEST_CASE("5.2.3: reserved XFER_ACK flags are ignored by the receiver", "[rfc9174][5.2.3]") {
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle("abc")) == 0);
    driven.pump();
    driven.receive(xfer_ack(0xfc | kStart | kEnd, 0, 3));
    CHECK(driven.events<tcpcl::event::Acknowledged>().size() == 1);
}

TEST_CASE("5.2: both directions transfer at once", "[rfc9174][5.2]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(letters(30))) == 0);
    driven.receive(start(0, 0, "their "));
    driven.pump();
    driven.receive(xfer_ack(kStart, 0, 10));
    driven.receive(segment(kEnd, 0, "bundle"));
    driven.receive(xfer_ack(0, 0, 20));
    driven.session.accept_transfer(0);
    driven.receive(xfer_ack(kEnd, 0, 30));
    CHECK(driven.events<tcpcl::event::Acknowledged>().size() == 1);
    CHECK(driven.events<tcpcl::event::Received>().size() == 1);
    const auto messages = driven.take();
    CHECK(std::count_if(messages.begin(), messages.end(),
                        [](const Message& one) { return one.is(MessageType::kXferAck); }) == 2);
}

TEST_CASE("2, 5.2.1: integers are in network byte order", "[rfc9174][5.2.1]") {
    auto driven = Driven::established();
    driven.receive(start(kEnd, 0x0102'0304'0506'0708, "x"));
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(received[0].transfer == 0x0102'0304'0506'0708);
}

}  // namespace
}  // namespace tram::rfc9174
