// RFC 9174 5.2.4 and 5.2.5: refusals, transfer extension items, transfer length.
#include <algorithm>
#include <catch2/catch.hpp>

#include "peer.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::MessageType;
using tcpcl::RefuseReason;

constexpr std::uint8_t kEnd = 0x01;
constexpr std::uint8_t kStart = 0x02;

Bytes bundle(std::size_t length) {
    return Bytes{Buffer(length, 'x')};
}

TEST_CASE("5.2.4: each reason code is passed up with its transfer", "[rfc9174][5.2.4]") {
    const auto reason = GENERATE(range(0, 7));
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle(5)) == 0);
    REQUIRE(driven.session.send_transfer(bundle(5)) == 1);
    driven.pump();
    driven.receive(xfer_ack(kStart | kEnd, 0, 5));
    driven.receive(xfer_refuse(static_cast<std::uint8_t>(reason), 1));
    const auto refused = driven.events<tcpcl::event::Refused>();
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].transfer == 1);
    CHECK(static_cast<int>(refused[0].reason) == reason);
    CHECK(driven.events<tcpcl::event::Acknowledged>().size() == 1);
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.2.4: the reason codes of the RFC", "[rfc9174][5.2.4]") {
    CHECK(static_cast<int>(RefuseReason::kUnknown) == 0);
    CHECK(static_cast<int>(RefuseReason::kCompleted) == 1);
    CHECK(static_cast<int>(RefuseReason::kNoResources) == 2);
    CHECK(static_cast<int>(RefuseReason::kRetransmit) == 3);
    CHECK(static_cast<int>(RefuseReason::kNotAcceptable) == 4);
    CHECK(static_cast<int>(RefuseReason::kExtensionFailure) == 5);
    CHECK(static_cast<int>(RefuseReason::kSessionTerminating) == 6);
}

TEST_CASE("5.2.4: an undecodable reason code is treated as Unknown", "[rfc9174][5.2.4]") {
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle(5)) == 0);
    driven.pump();
    driven.receive(xfer_refuse(0x99, 0));
    const auto refused = driven.events<tcpcl::event::Refused>();
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].reason == RefuseReason::kUnknown);
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.2.4: after a refusal the sender completes the current message and sends no further segment",
          "[rfc9174][5.2.4]") {
    auto options = Driven::defaults();
    options.output_bytes_max = 1;  // one message at a time
    auto driven = Driven::established({.segment_mru = 100}, options);
    REQUIRE(driven.session.send_transfer(bundle(1'000)) == 0);
    REQUIRE(driven.session.send_transfer(bundle(50)) == 1);
    Buffer sent;
    const auto first = driven.session.bytes_to_send();
    REQUIRE(first.size() > 20);
    append(sent, first.first(20));
    driven.session.mark_sent(20);  // in the middle of the first segment
    driven.session.receive(xfer_refuse(0x02, 0), driven.now);
    for (auto more = driven.session.bytes_to_send(); !more.empty(); more = driven.session.bytes_to_send()) {
        append(sent, more);
        driven.session.mark_sent(more.size());
    }
    // Whatever was already turned into bytes may still leave, whole; then comes the next transfer.
    std::size_t at = 0;
    std::size_t of_refused = 0;
    std::size_t of_next = 0;
    while (at < sent.size()) {
        REQUIRE(sent[at] == 0x01);
        const bool starts = (sent[at + 1] & kStart) != 0;
        const auto id = sent[at + 9];
        std::size_t head = 10;
        if (starts) head += 4 + sent[at + 13];
        const auto length = std::size_t{sent[at + head + 7]} + 256U * sent[at + head + 6];
        at += head + 8 + length;
        (id == 0 ? of_refused : of_next) += 1;
    }
    CHECK(at == sent.size());
    CHECK(of_refused >= 1);
    CHECK(of_refused < 10);
    CHECK(of_next == 1);
}

TEST_CASE("5.2.4: refusals and acknowledgements that cross on the wire are no error", "[rfc9174][5.2.4]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(30)) == 0);
    driven.pump();
    driven.receive(xfer_ack(kStart, 0, 10));
    driven.receive(xfer_refuse(0x02, 0));
    driven.receive(xfer_refuse(0x02, 0));  // for the segments that were still on their way
    driven.receive(xfer_refuse(0x02, 0));
    CHECK(driven.events<tcpcl::event::Refused>().size() == 1);
    CHECK(driven.take(MessageType::kMsgReject).empty());
    CHECK_FALSE(driven.over());
    CHECK(driven.session.can_send());
}

TEST_CASE("5.2.4: we refuse with the Transfer ID and the reason, in place of the final XFER_ACK",
          "[rfc9174][5.2.4]") {
    const auto reason = GENERATE(RefuseReason::kUnknown, RefuseReason::kCompleted, RefuseReason::kNoResources,
                                 RefuseReason::kRetransmit, RefuseReason::kNotAcceptable);
    auto driven = Driven::established();
    driven.receive(start(0, 7, "ab"));
    driven.receive(segment(kEnd, 7, "c"));
    driven.session.refuse_transfer(7, reason);
    driven.pump();
    const auto messages = driven.take();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].is(MessageType::kXferAck));
    CHECK(messages[1].is(MessageType::kXferRefuse));
    CHECK(messages[1].id == 7);
    CHECK(messages[1].reason == static_cast<std::uint8_t>(reason));
}

TEST_CASE("5.2.4: 'for each transfer preceding the one to be refused' all is acknowledged or refused first",
          "[rfc9174][5.2.4]") {
    auto driven = Driven::established();
    driven.receive(start(kEnd, 0, "a"));
    SECTION("refused by the owner") {
        driven.receive(start(kEnd, 1, "b"));
        driven.session.refuse_transfer(1, RefuseReason::kNoResources);
        driven.pump();
    }
    SECTION("refused by the session") {
        driven.receive(start(kEnd, 1, "b", item(0x01, 0x7777, {})));
    }
    CHECK(driven.take(MessageType::kXferRefuse).empty());
    driven.session.accept_transfer(0);
    driven.pump();
    const auto messages = driven.take();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].is(MessageType::kXferAck));
    CHECK(messages[0].id == 0);
    CHECK(messages[1].is(MessageType::kXferRefuse));
    CHECK(messages[1].id == 1);
}

TEST_CASE("5.2.4: 'subsequent segments of the bundle SHALL also be refused'", "[rfc9174][5.2.4]") {
    auto driven = Driven::established();
    driven.receive(start(0, 0, "a", item(0x01, 0x7777, {})));
    CHECK(driven.take(MessageType::kXferRefuse).size() == 1);
    driven.receive(segment(0, 0, "b"));
    const auto again = driven.take();
    REQUIRE(again.size() == 1);
    CHECK(again[0].is(MessageType::kXferRefuse));
    CHECK(again[0].id == 0);
    driven.receive(segment(kEnd, 0, "c"));
    CHECK(driven.take(MessageType::kXferRefuse).size() == 1);
    CHECK(driven.events<tcpcl::event::Received>().empty());
}

TEST_CASE("5.2.4: the next bundle begins with START and a distinct Transfer ID", "[rfc9174][5.2.4]") {
    auto driven = Driven::established();
    driven.receive(start(0, 0, "a", item(0x01, 0x7777, {})));
    driven.receive(start(kEnd, 1, "next"));  // the aborted transfer has no END
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(received[0].transfer == 1);
    CHECK(as_text(received[0].bundle) == "next");
    CHECK(driven.take(MessageType::kMsgReject).empty());
}

TEST_CASE("5.2.5: an unknown critical transfer extension is refused with Extension Failure",
          "[rfc9174][5.2.5]") {
    const auto flags = GENERATE(std::uint8_t{0x01}, std::uint8_t{0xff});
    auto driven = Driven::established();
    driven.receive(start(kEnd, 6, "x", item(flags, 0x7777, raw("?"))));
    const auto messages = driven.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is(MessageType::kXferRefuse));
    CHECK(messages[0].id == 6);
    CHECK(messages[0].reason == 0x05);
    CHECK(driven.events<tcpcl::event::Received>().empty());
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.2.5: an unknown transfer extension that is not critical is skipped", "[rfc9174][5.2.5]") {
    const auto flags = GENERATE(std::uint8_t{0x00}, std::uint8_t{0xfe});
    auto driven = Driven::established();
    driven.receive(start(kEnd, 6, "x", join({item(flags, 0x7777, raw("?")), item(0, 0x7778, {})})));
    CHECK(driven.events<tcpcl::event::Received>().size() == 1);
}

TEST_CASE("5.2.2: extension items that disagree with their length make the segment fail",
          "[rfc9174][5.2.2][5.2.5]") {
    const auto items = GENERATE(join({u8(0), u16(1), u16(9), raw("abc")}), join({u8(0), u16(1)}),
                                join({item(0, 0x7777, raw("x")), u8(0)}));
    auto driven = Driven::established();
    driven.receive(start(kEnd, 0, "x", items));
    CHECK(driven.events<tcpcl::event::Received>().empty());
    const auto messages = driven.take();
    const auto answered = std::any_of(messages.begin(), messages.end(), [](const Message& one) {
        return one.is(MessageType::kXferRefuse) || one.is(MessageType::kMsgReject) ||
               one.is(MessageType::kSessTerm);
    });
    CHECK((answered || driven.over()));
    CHECK(std::none_of(messages.begin(), messages.end(),
                       [](const Message& one) { return one.is(MessageType::kXferAck); }));
}

TEST_CASE("5.2.5.1: a transfer of several segments announces its length right or not at all",
          "[rfc9174][5.2.5.1]") {
    auto driven = Driven::established({.segment_mru = 10});
    REQUIRE(driven.session.send_transfer(bundle(25)));
    driven.pump();
    const auto segments = driven.take(MessageType::kXferSegment);
    REQUIRE(segments.size() == 3);
    CHECK(segments[0].items.size() <= 1);  // 'Multiple Transfer Length extension items SHALL NOT occur'
    for (const auto& one : segments[0].items) {
        CHECK(one.type == 0x0001);
        CHECK((one.flags & 0xfeU) == 0);
        CHECK(to_hex(one.value) == "0000000000000019");
    }
}

TEST_CASE("5.2.5.1: with a single segment 'the Transfer Length extension SHOULD NOT be present'",
          "[rfc9174][5.2.5.1]") {
    auto driven = Driven::established();
    REQUIRE(driven.session.send_transfer(bundle(25)));
    driven.pump();
    const auto segments = driven.take(MessageType::kXferSegment);
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].items.empty());
}

TEST_CASE("5.2.5.1: a right Transfer Length is accepted, critical or not, in one segment or many",
          "[rfc9174][5.2.5.1]") {
    const auto flags = GENERATE(std::uint8_t{0}, std::uint8_t{1});
    auto driven = Driven::established();
    driven.receive(start(0, 0, "ab", item(flags, 1, u64(3))));
    driven.receive(segment(kEnd, 0, "c"));
    driven.receive(start(kEnd, 1, "abc", item(flags, 1, u64(3))));
    CHECK(driven.events<tcpcl::event::Received>().size() == 2);
}

TEST_CASE("5.2.5.1: a total that differs from Total Length is refused as Not Acceptable",
          "[rfc9174][5.2.5.1]") {
    const auto announced = GENERATE(std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{4}, std::uint64_t{900});
    auto driven = Driven::established();
    SECTION("in one segment") {
        driven.receive(start(kEnd, 0, "abc", transfer_length(announced)));
    }
    SECTION("in two") {
        driven.receive(start(0, 0, "a", transfer_length(announced)));
        driven.receive(segment(kEnd, 0, "bc"));
    }
    CHECK(driven.events<tcpcl::event::Received>().empty());
    const auto refusals = driven.take(MessageType::kXferRefuse);
    REQUIRE_FALSE(refusals.empty());
    for (const auto& one : refusals) {
        CHECK(one.id == 0);
        CHECK(one.reason == 0x04);
    }
}

TEST_CASE("5.2.5.1: a length above the Transfer MRU is refused before the data comes", "[rfc9174][5.2.5.1]") {
    auto options = Driven::defaults();
    options.transfer_mru = 1'000;
    auto driven = Driven::established({}, options);
    driven.receive(start(0, 0, "a", transfer_length(1'001)));
    CHECK(driven.take(MessageType::kXferRefuse).size() == 1);
    CHECK_FALSE(driven.over());
}

TEST_CASE("5.2.5.1: a Transfer Length that is no U64, or that comes twice, is not accepted",
          "[rfc9174][5.2.5.1]") {
    const auto items =
        GENERATE(item(0, 1, u32(1)), item(0, 1, {}), join({transfer_length(1), transfer_length(1)}));
    auto driven = Driven::established();
    driven.receive(start(kEnd, 0, "a", items));
    CHECK(driven.events<tcpcl::event::Received>().empty());
    CHECK((driven.over() || driven.take(MessageType::kXferAck).empty()));
}

TEST_CASE("5.2.5.1: 'The lack of a Transfer Length ... SHALL NOT imply anything'", "[rfc9174][5.2.5.1]") {
    auto driven = Driven::established();
    driven.receive(start(0, 0, std::string(100'000, 'a')));
    driven.receive(segment(kEnd, 0, std::string(100'000, 'b')));
    const auto received = driven.events<tcpcl::event::Received>();
    REQUIRE(received.size() == 1);
    CHECK(received[0].bundle.size() == 200'000);
}

}  // namespace
}  // namespace tram::rfc9174
