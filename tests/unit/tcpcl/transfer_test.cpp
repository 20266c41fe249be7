// Transfers: RFC 9174 5.2.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

TEST_CASE("bundles travel both ways at once in any chunking", "[tcpcl][rfc9174]") {
    const std::size_t chunk = GENERATE(1U, 3U, 100U, 1U << 16);
    auto a = options("dtn://a/");
    auto b = options("dtn://b/");
    a.segment_mru = 1000;
    b.segment_bytes_max = 700;
    Pair pair{a, b};
    pair.chunk_bytes_max = chunk;
    pair.establish();
    const std::vector<std::size_t> sizes{0, 1, 699, 700, 701, 5000, 20'000};
    for (const std::size_t size : sizes) {
        REQUIRE(pair.active.session.send_transfer(pattern(size, 3)));
        REQUIRE(pair.passive.session.send_transfer(pattern(size, 9)));
    }
    CHECK(pair.active.session.unsent_bytes() == 27'101);
    pair.pump();
    CHECK(pair.active.session.unsent_bytes() == 0);
    for (auto [end, seed] : {std::pair{&pair.active, 9}, std::pair{&pair.passive, 3}}) {
        const auto received = end->all<event::Received>();
        REQUIRE(received.size() == sizes.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            CHECK(received[i].transfer == i);
            CHECK(received[i].bundle == pattern(sizes[i], static_cast<std::uint8_t>(seed)));
            end->session.accept_transfer(i);
        }
    }
    CHECK_FALSE(pair.active.has<event::Acknowledged>());
    pair.pump();
    CHECK(pair.active.all<event::Acknowledged>().size() == sizes.size());
    CHECK(pair.passive.all<event::Acknowledged>().size() == sizes.size());
}

namespace {

SessionOptions small_limits() {
    auto o = options("dtn://us/");
    o.segment_mru = 100;
    o.transfer_mru = 250;
    return o;
}

Solo established(SessionOptions o = options("dtn://us/")) {
    Solo solo{Role::kPassive, std::move(o)};
    solo.establish();
    return solo;
}

std::string refusal_hex(RefuseReason reason, std::uint64_t transfer) {
    return message_hex(Refusal{static_cast<std::uint8_t>(reason), transfer});
}

const std::string kLength250 =
    "00"
    "0001"
    "0008"
    "00000000000000fa";

}  // namespace

TEST_CASE("each segment is acknowledged with its flags and the sum so far", "[tcpcl][rfc9174]") {
    // 5.2.3: "SHALL be set to match the corresponding XFER_SEGMENT message being acknowledged (including
    // flags not decodable to the entity)"; the RFC's example of 100, 200, 500 and 1000 bytes.
    Solo us = established();
    us.feed(segment(0xf0 | kSegmentStart, 7, pattern(100)));
    CHECK(us.output_hex() == message_hex(Ack{0xf2, 7, 100}));
    us.feed(segment(0x80, 7, pattern(200)));
    us.feed(segment(0, 7, pattern(500)));
    CHECK(us.output_hex() == message_hex(Ack{0x80, 7, 300}) + message_hex(Ack{0, 7, 800}));
    us.feed(segment(0x40 | kSegmentEnd, 7, pattern(1000)));
    CHECK(us.output_hex().empty());  // held until durable
    CHECK(us.one<event::Received>().bundle.size() == 1800);
    us.session.accept_transfer(7);
    CHECK(us.output_hex() == message_hex(Ack{0x41, 7, 1800}));
}

TEST_CASE("acknowledgements and refusals leave in the order of the segments", "[tcpcl][rfc9174]") {
    // 5.2.4: "MUST, for each transfer preceding the one to be refused, have either acknowledged all
    // XFER_SEGMENT messages or refused the bundle transfer."
    Solo us = established(small_limits());
    us.feed(segment(3, 0, pattern(10)));
    us.feed(segment(3, 1, pattern(20)));
    us.feed(segment(3, 2, pattern(101)));  // above the segment MRU
    us.feed(segment(kSegmentStart, 3, pattern(30)));
    us.session.accept_transfer(1);
    CHECK(us.output_hex().empty());
    us.session.refuse_transfer(0, RefuseReason::kNoResources);
    CHECK(us.output_hex() == refusal_hex(RefuseReason::kNoResources, 0) + message_hex(Ack{3, 1, 20}) +
                                 refusal_hex(RefuseReason::kNotAcceptable, 2) + message_hex(Ack{2, 3, 30}));
    us.session.accept_transfer(0);  // already answered: nothing happens
    us.session.refuse_transfer(99, RefuseReason::kUnknown);
    CHECK(us.output_hex().empty());
}

TEST_CASE("segments are never larger than the peer's segment MRU", "[tcpcl][rfc9174]") {
    // 5.2.2 and 4.6: "Any XFER_SEGMENT sent to this peer SHALL have a data payload no longer than" it.
    Solo us{Role::kPassive};
    us.establish(0, 4);
    us.session.send_transfer(pattern(9)).value();
    const Bytes data = pattern(9);
    std::string expected = to_hex(segment(kSegmentStart, 0, data.slice(0, 4),
                                          "00"
                                          "0001"
                                          "0008"
                                          "0000000000000009"));
    expected += to_hex(segment(0, 0, data.slice(4, 4)));
    expected += to_hex(segment(kSegmentEnd, 0, data.slice(8, 1)));
    CHECK(us.output_hex() == expected);
    // 5.2.5.1: with one segment "the Transfer Length extension SHOULD NOT be present"; 5.2.1: ids count up.
    us.session.send_transfer(pattern(4)).value();
    CHECK(us.output_hex() == to_hex(segment(3, 1, pattern(4))));
}

TEST_CASE("a bundle above the peer's transfer MRU is not sent", "[tcpcl][rfc9174]") {
    Solo us{Role::kPassive};
    us.establish(0, 1000, 100);
    CHECK(us.session.send_transfer(pattern(101)).error().code == ErrorCode::kTooLarge);
    CHECK(us.session.send_transfer(pattern(100)).value() == 0);
}

TEST_CASE("transfers need an established session", "[tcpcl]") {
    Solo us{Role::kPassive};
    CHECK(us.session.send_transfer(pattern(1)).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("a next transfer begins before the last is acknowledged", "[tcpcl][rfc9174]") {
    Solo us = established();
    for (int i = 0; i < 3; ++i)
        us.session.send_transfer(pattern(2)).value();
    CHECK(us.take_output().size() == 3 * (22 + 2));
    us.feed(message(Ack{3, 1, 2}));
    us.feed(message(Ack{3, 0, 2}));
    us.feed(message(Refusal{1, 2}));
    const auto acknowledged = us.all<event::Acknowledged>();
    REQUIRE(acknowledged.size() == 2);
    CHECK((acknowledged[0].transfer == 1 && acknowledged[1].transfer == 0));
    CHECK(us.one<event::Refused>().reason == RefuseReason::kCompleted);
    CHECK(us.take_output().empty());
}

TEST_CASE("output is filled up to its bound and the rest waits", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.output_bytes_max = 1000;
    o.segment_bytes_max = 400;
    Solo us = established(o);
    us.session.send_transfer(pattern(10'000)).value();
    const ByteView view = us.session.bytes_to_send();
    CHECK((view.size() >= 1000 && view.size() < 1500));
    CHECK(us.session.unsent_bytes() == 10'000 - 3 * 400);
    const Buffer before{view.begin(), view.end()};
    us.feed(segment(kSegmentStart, 0, pattern(5)));  // an acknowledgement joins the output
    CHECK(std::ranges::equal(view, before));         // but what is being written stays as it is
    us.session.mark_sent(1);
    CHECK(us.session.bytes_to_send().data() == view.data() + 1);
    const std::string all = us.output_hex();
    CHECK(all.find(message_hex(Ack{kSegmentStart, 0, 5})) == 2 * (view.size() - 1));
}

TEST_CASE("a peer that sends more than it may is refused and nothing is kept", "[tcpcl][rfc9174]") {
    struct Case {
        const char* what;
        std::vector<Buffer> segments;
        RefuseReason reason;
    };
    const std::string item_200 =
        "00"
        "0001"
        "0008"
        "00000000000000c8";
    const std::vector<Case> cases{
        {"segment above the MRU", {segment(3, 0, pattern(101))}, RefuseReason::kNotAcceptable},
        {"transfer above the MRU",
         {segment(2, 0, pattern(100)), segment(0, 0, pattern(100)), segment(1, 0, pattern(51))},
         RefuseReason::kNotAcceptable},
        {"announced above the MRU",
         {segment(2, 0, pattern(1),
                  "00"
                  "0001"
                  "0008"
                  "00000000000000fb")},
         RefuseReason::kNotAcceptable},
        // 5.2.5.1: "If ... the actual total length ... differs ... 'Not Acceptable'".
        {"more than announced",
         {segment(2, 0, pattern(100), item_200), segment(0, 0, pattern(100)), segment(0, 0, pattern(1))},
         RefuseReason::kNotAcceptable},
        {"less than announced",
         {segment(2, 0, pattern(100), item_200), segment(1, 0, pattern(99))},
         RefuseReason::kNotAcceptable},
        {"length item twice",
         {segment(2, 0, pattern(1), item_200 + item_200)},
         RefuseReason::kExtensionFailure},
        {"length item of 4 bytes",
         {segment(2, 0, pattern(1),
                  "00"
                  "0001"
                  "0004"
                  "00000001")},
         RefuseReason::kExtensionFailure},
        // 5.2.5: "unknown Item Type and the CRITICAL flag is 1 ... 'Extension Failure'".
        {"critical unknown item",
         {segment(3, 0, pattern(1),
                  "01"
                  "7777"
                  "0001"
                  "00")},
         RefuseReason::kExtensionFailure},
        // 5.2.2: items that disagree with their length: "considered to have failed".
        {"items too short",
         {segment(3, 0, pattern(1),
                  "00"
                  "7777"
                  "0002"
                  "00")},
         RefuseReason::kExtensionFailure},
    };
    for (const Case& c : cases) {
        INFO(c.what);
        Solo us = established(small_limits());
        std::string acks;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < c.segments.size(); ++i) {
            us.feed(c.segments[i]);
            if (i + 1 == c.segments.size()) break;
            sum += 100;
            acks += message_hex(Ack{c.segments[i][1], 0, sum});
        }
        CHECK(us.output_hex() == acks + refusal_hex(c.reason, 0));
        us.feed(segment(3, 1, pattern(5)));  // the next transfer is fine
        CHECK(us.one<event::Received>().transfer == 1);
    }
}

TEST_CASE("a non-critical unknown transfer item is skipped", "[tcpcl][rfc9174]") {
    Solo us = established(small_limits());
    us.feed(segment(3, 0, pattern(4),
                    "00"
                    "7777"
                    "0002"
                    "abcd"
                    "fe"
                    "7778"
                    "0000"));
    CHECK(us.one<event::Received>().bundle == pattern(4));
}

TEST_CASE("a refusal does not wait for the refused bytes", "[tcpcl]") {
    // A segment that claims 2^63 bytes: refused from its head, the data skipped as it comes.
    Solo us = established(small_limits());
    us.feed_hex(
        "01"
        "03"
        "0000000000000000"
        "00000000"
        "8000000000000000");
    CHECK(us.output_hex() == refusal_hex(RefuseReason::kNotAcceptable, 0));
    for (int i = 0; i < 100; ++i)
        us.feed(pattern(1000));
    CHECK(us.output_hex().empty());
    CHECK_FALSE(us.has<event::Ended>());
}

TEST_CASE("segments of a refused transfer that are on their way are refused too", "[tcpcl][rfc9174]") {
    // 5.2.4: "subsequent segments of the bundle SHALL also be refused with a XFER_REFUSE message".
    Solo us = established(small_limits());
    us.feed(segment(2, 0, pattern(101)));
    us.feed(segment(0, 0, pattern(10)));
    us.feed(segment(1, 0, pattern(10)));
    const std::string refusal = refusal_hex(RefuseReason::kNotAcceptable, 0);
    CHECK(us.output_hex() == refusal + refusal + refusal);
    us.feed(segment(0, 0, pattern(10)));  // after its END the id means nothing any more
    CHECK(us.output_hex() == message_hex(Reject{3, 1}));
}

TEST_CASE("after a refusal the next START begins another transfer", "[tcpcl][rfc9174]") {
    // 5.2.4: "the receiver does not receive a segment with the 'END' flag set to 1 for the aborted bundle".
    Solo us = established(small_limits());
    us.feed(segment(2, 0, pattern(101)));
    us.feed(segment(3, 1, pattern(10)));
    us.session.accept_transfer(1);
    CHECK(us.output_hex() == refusal_hex(RefuseReason::kNotAcceptable, 0) + message_hex(Ack{3, 1, 10}));
}

TEST_CASE("segments in the wrong place are rejected as unexpected", "[tcpcl][rfc9174]") {
    const std::string unexpected = message_hex(Reject{3, 1});
    Solo us = established();
    us.feed(segment(0, 0, pattern(5)));  // no START
    CHECK(us.output_hex() == unexpected);
    us.feed(segment(2, 4, pattern(5)));
    us.take_output();
    us.feed(segment(3, 5, pattern(5)));  // 5.2.2: no interleaving
    us.feed(segment(2, 4, pattern(5)));  // START again
    us.feed(segment(1, 6, pattern(5)));  // another id
    CHECK(us.output_hex() == unexpected + unexpected + unexpected);
    us.feed(segment(1, 4, pattern(5)));
    CHECK(us.one<event::Received>().bundle.size() == 10);
    us.feed(segment(3, 4, pattern(5)));  // 5.2.1: unique, and 4 is not answered yet
    CHECK(us.output_hex() == unexpected);
    us.feed(segment(3, 3, pattern(5)));  // smaller, but unused
    CHECK(us.all<event::Received>().size() == 2);
}

TEST_CASE("a refusal stops the transfer after the segment that was begun", "[tcpcl][rfc9174]") {
    // 5.2.4: "MUST complete the transmission of any partially sent XFER_SEGMENT", "MUST NOT commence
    // transmission of any further segments".
    auto o = options("dtn://us/");
    o.segment_bytes_max = 100;
    o.output_bytes_max = 100;
    Solo us = established(o);
    us.session.send_transfer(pattern(1000)).value();
    us.session.send_transfer(pattern(10)).value();
    const std::size_t begun = us.session.bytes_to_send().size();
    us.session.mark_sent(50);
    us.feed(message(Refusal{4, 0}));
    CHECK(us.one<event::Refused>().reason == RefuseReason::kNotAcceptable);
    CHECK(us.session.unsent_bytes() == 10);
    const Buffer rest = us.take_output();
    CHECK(rest.size() == begun - 50 + 32);
    CHECK(to_hex(ByteView{rest}.subspan(begun - 50)) == to_hex(segment(3, 1, pattern(10))));
    us.feed(message(Refusal{4, 0}));  // repeated for a segment on its way: ordinary
    us.feed(message(Ack{3, 1, 10}));
    CHECK(us.one<event::Acknowledged>().transfer == 1);
    CHECK(us.take_output().empty());
}

TEST_CASE("every refuse reason is reported, unknown ones as unknown", "[tcpcl][rfc9174]") {
    const int code = GENERATE(range(0, 9));
    Solo us = established();
    us.session.send_transfer(pattern(1)).value();
    us.take_output();
    us.feed(message(Refusal{static_cast<std::uint8_t>(code), 0}));
    CHECK(static_cast<int>(us.one<event::Refused>().reason) == (code <= 6 ? code : 0));
}

TEST_CASE("answers to what was not sent are rejected as unexpected", "[tcpcl][rfc9174]") {
    // 5.1.2: "an XFER_ACK message with an unknown Transfer ID".
    auto o = options("dtn://us/");
    o.segment_bytes_max = o.output_bytes_max = 10;
    Solo us = established(o);
    us.session.send_transfer(pattern(25)).value();
    us.session.send_transfer(pattern(5)).value();
    us.session.mark_sent(us.session.bytes_to_send().size());  // the first 10 bytes
    const Buffer bytes = GENERATE(message(Ack{2, 9, 10}), message(Ack{0, 1, 5}), message(Ack{2, 0, 11}),
                                  message(Ack{1, 0, 25}), message(Ack{1, 0, 10}), message(Refusal{0, 1}));
    us.feed(bytes);
    CHECK(us.output_hex().find(message_hex(Reject{3, bytes[0]})) == 0);
    CHECK_FALSE(us.has<event::Acknowledged>());
    CHECK_FALSE(us.has<event::Refused>());
}

TEST_CASE("END acknowledges only the whole length, once", "[tcpcl]") {
    Solo us = established();
    us.session.send_transfer(pattern(25)).value();
    us.take_output();
    us.feed(message(Ack{3, 0, 24}));
    CHECK_FALSE(us.has<event::Acknowledged>());
    us.feed(message(Ack{3, 0, 25}));
    us.feed(message(Ack{3, 0, 25}));
    CHECK(us.one<event::Acknowledged>().transfer == 0);
}

TEST_CASE("reading stops at the limits on unacknowledged transfers", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.unacknowledged_max = 3;
    o.unacknowledged_bytes_max = 1000;
    Solo us = established(o);
    us.feed(segment(3, 0, pattern(10)));
    us.feed(segment(3, 1, pattern(10)));
    CHECK(us.session.wants_input());
    us.feed(segment(3, 2, pattern(10)));
    CHECK_FALSE(us.session.wants_input());
    us.session.accept_transfer(1);
    CHECK(us.session.wants_input());
    us.feed(segment(3, 3, pattern(990)));
    CHECK_FALSE(us.session.wants_input());
    us.session.refuse_transfer(3, RefuseReason::kNoResources);
    CHECK(us.session.wants_input());
}

TEST_CASE("small segments behind a held transfer stop reading too", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.unacknowledged_max = 3;
    Solo us = established(o);
    us.feed(segment(3, 0, pattern(1)));
    us.feed(segment(2, 1, {}));
    for (int i = 0; i < 4; ++i)
        us.feed(segment(0, 1, {}));
    CHECK_FALSE(us.session.wants_input());
    us.session.accept_transfer(0);
    CHECK(us.session.wants_input());
}

TEST_CASE("a peer that does not read its acknowledgements is not read from", "[tcpcl]") {
    Solo us = established();
    us.feed(segment(2, 0, {}));
    Buffer many;
    for (int i = 0; i < 10'000; ++i)
        append(many, segment(0, 0, {}));
    for (int i = 0; i < 30; ++i)
        us.feed(many);
    CHECK_FALSE(us.session.wants_input());
    us.take_output();
    CHECK(us.session.wants_input());
}

TEST_CASE("an announced length makes no room by itself", "[tcpcl]") {
    auto o = options("dtn://us/");
    o.transfer_mru = std::uint64_t{1} << 48;
    Solo us = established(o);
    // 2^47 bytes announced, one byte sent: would throw or be killed if it were believed.
    us.feed(segment(2, 0, pattern(1),
                    "00"
                    "0001"
                    "0008"
                    "0000800000000000"));
    CHECK(us.output_hex() == message_hex(Ack{2, 0, 1}));
}

}  // namespace tram::tcpcl::test
