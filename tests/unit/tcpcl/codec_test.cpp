// Every message of RFC 9174 against bytes written down by hand.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

constexpr std::size_t kItemsMax = 1024;

ParsedMessage parse_whole(const Buffer& bytes) {
    const auto parsed = parse_message(bytes, kItemsMax);
    REQUIRE(parsed);
    REQUIRE(*parsed);
    REQUIRE((*parsed)->bytes == bytes.size());
    return **parsed;
}

/// Every message of this file, complete.
const std::vector<std::string> kMessages = {
    "010300000000000000050000000000000000"
    "00000003",                              // XFER_SEGMENT, head only
    "020300000000000000050000000000000003",  // XFER_ACK
    "03020000000000000007",                  // XFER_REFUSE
    "04",                                    // KEEPALIVE
    "050102",                                // SESS_TERM
    "0603f0",                                // MSG_REJECT
    "07001e000000000010000000000000080000000007"
    "69706e3a312e30"
    "00000000",  // SESS_INIT
};

}  // namespace

TEST_CASE("contact header is \"dtn!\", version 4 and the flags", "[tcpcl][rfc9174]") {
    Buffer out;
    encode_contact(out, kContactFlagCanTls);
    CHECK(to_hex(out) ==
          "64746e21"  // "dtn!"
          "04"        // version
          "01");      // CAN_TLS
}

TEST_CASE("SESS_INIT is written and read as in RFC 9174 4.6", "[tcpcl][rfc9174]") {
    const std::string bytes =
        "07"                // SESS_INIT
        "001e"              // keepalive 30 s
        "0000000000100000"  // segment MRU 2^20
        "0000000008000000"  // transfer MRU 2^27
        "0007"              // node id length
        "69706e3a312e30"    // "ipn:1.0"
        "00000007"          // items length
        "01"
        "fff1"
        "0002"
        "abcd";  // CRITICAL, type 0xfff1, 2 bytes
    const SessInit init{
        30, 1U << 20, 1U << 27, "ipn:1.0", {{kItemCritical, 0xfff1, Bytes{Buffer{0xab, 0xcd}}}}};
    CHECK(message_hex(init) == bytes);

    const auto read = std::get<SessInit>(parse_whole(hex(bytes)).message);
    CHECK(read.keepalive_s == 30);
    CHECK(read.segment_mru == 1U << 20);
    CHECK(read.transfer_mru == 1U << 27);
    CHECK(read.node_id == "ipn:1.0");
    REQUIRE(read.extensions.size() == 1);
    CHECK(read.extensions[0].flags == kItemCritical);
    CHECK(read.extensions[0].type == 0xfff1);
    CHECK(to_hex(read.extensions[0].value) == "abcd");
}

TEST_CASE("segment heads carry extension items only with START", "[tcpcl][rfc9174]") {
    Buffer start;
    encode_segment_head(start, kSegmentStart, 5, 0x20000, 0x10000);
    CHECK(to_hex(start) ==
          "01"
          "02"                // XFER_SEGMENT, START
          "0000000000000005"  // transfer id
          "0000000d"          // items length
          "00"
          "0001"
          "0008"                // item: flags, Transfer Length, 8 bytes
          "0000000000020000"    // total length
          "0000000000010000");  // data length
    const auto first = std::get<SegmentHead>(parse_whole(start).message);
    CHECK(first.flags == kSegmentStart);
    CHECK(first.transfer == 5);
    CHECK(first.data_bytes == 0x10000);
    ItemReader items{first.extensions};
    const auto item = items.next();
    REQUIRE(item);
    CHECK(item->type == kTransferLengthItem);
    CHECK(to_hex(item->value) == "0000000000020000");
    CHECK_FALSE(items.next());
    CHECK_FALSE(items.malformed());

    Buffer end;
    encode_segment_head(end, kSegmentEnd, 5, std::nullopt, 1);
    CHECK(to_hex(end) ==
          "01"
          "01"
          "0000000000000005"
          "0000000000000001");
    CHECK(std::get<SegmentHead>(parse_whole(end).message).data_bytes == 1);
}

TEST_CASE("the short messages are written and read as in RFC 9174 5 and 6", "[tcpcl][rfc9174]") {
    CHECK(message_hex(Ack{3, 5, 3}) == kMessages[1]);
    CHECK(message_hex(Refusal{2, 7}) == kMessages[2]);
    CHECK(message_hex(Keepalive{}) == kMessages[3]);
    CHECK(message_hex(Term{kTermReply, 2}) == kMessages[4]);
    CHECK(message_hex(Reject{3, 0xf0}) == kMessages[5]);

    const auto ack = std::get<Ack>(parse_whole(hex(kMessages[1])).message);
    CHECK((ack.flags == 3 && ack.transfer == 5 && ack.acknowledged_bytes == 3));
    const auto refusal = std::get<Refusal>(parse_whole(hex(kMessages[2])).message);
    CHECK((refusal.reason == 2 && refusal.transfer == 7));
    CHECK(std::holds_alternative<Keepalive>(parse_whole(hex(kMessages[3])).message));
    const auto term = std::get<Term>(parse_whole(hex(kMessages[4])).message);
    CHECK((term.flags == kTermReply && term.reason == 2));
    const auto reject = std::get<Reject>(parse_whole(hex(kMessages[5])).message);
    CHECK((reject.reason == 3 && reject.message_header == 0xf0));
}

TEST_CASE("a message that is not complete asks for more and nothing else", "[tcpcl]") {
    for (const std::string& text : kMessages) {
        const Buffer whole = hex(text);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto parsed = parse_message(ByteView{whole}.first(size), kItemsMax);
            REQUIRE(parsed);
            CHECK_FALSE(*parsed);
        }
        CHECK(parse_whole(whole).bytes == whole.size());
    }
}

TEST_CASE("lengths above their bounds are refused before their bytes come", "[tcpcl]") {
    const auto init_items = parse_message(hex("07001e000000000010000000000000080000000000"
                                              "00000401"),
                                          kItemsMax);
    REQUIRE_FALSE(init_items);
    CHECK(init_items.error().code == ErrorCode::kTooLarge);
    const auto node = parse_message(hex("07001e0000000000100000000000000800000004"
                                        "01"),
                                    kItemsMax);
    REQUIRE_FALSE(node);
    CHECK(node.error().code == ErrorCode::kTooLarge);
    const auto items = parse_message(hex("01020000000000000005"
                                         "ffffffff"),
                                     kItemsMax);
    REQUIRE_FALSE(items);
    CHECK(items.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("items that disagree with their length are malformed", "[tcpcl][rfc9174]") {
    // 4.6: "the last Item claims to use more octets than are present" -> the reception failed.
    const std::string head = "07001e000000000010000000000000080000000000";
    for (const char* items : {"00000006"
                              "00fff10002"
                              "ab",
                              "00000004"
                              "00fff100",
                              "00000001"
                              "00"}) {
        const auto parsed = parse_message(hex(head + items), kItemsMax);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == ErrorCode::kMalformed);
    }
}

TEST_CASE("a node id with bytes that no URI has is malformed", "[tcpcl][rfc9174]") {
    for (const char* node : {"20", "0a", "00", "c3a9", "7f"}) {
        const Buffer text = hex(node);
        SessInit init{0, 1, 1, std::string{as_text(text)}, {}};
        const auto parsed = parse_message(message(init), kItemsMax);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == ErrorCode::kMalformed);
    }
}

TEST_CASE("reason codes map to themselves and unknown ones to unknown", "[tcpcl][rfc9174]") {
    for (int code = 0; code < 256; ++code) {
        const auto byte = static_cast<std::uint8_t>(code);
        CHECK(static_cast<int>(refuse_reason(byte)) == (code <= 6 ? code : 0));
        CHECK(static_cast<int>(term_reason(byte)) == (code <= 5 ? code : 0));
    }
}

TEST_CASE("each refusal tells the sender what to do", "[tcpcl][rfc9174]") {
    CHECK(meaning(RefuseReason::kCompleted) == RefusalMeaning::kPeerHasIt);
    CHECK(meaning(RefuseReason::kRetransmit) == RefusalMeaning::kSendAgain);
    CHECK(meaning(RefuseReason::kNoResources) == RefusalMeaning::kSendLater);
    CHECK(meaning(RefuseReason::kUnknown) == RefusalMeaning::kSendLater);
    CHECK(meaning(RefuseReason::kSessionTerminating) == RefusalMeaning::kSendInAnotherSession);
    CHECK(meaning(RefuseReason::kNotAcceptable) == RefusalMeaning::kDoNotSendAgain);
    CHECK(meaning(RefuseReason::kExtensionFailure) == RefusalMeaning::kDoNotSendAgain);
}

}  // namespace tram::tcpcl::test
