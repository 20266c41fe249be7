// What decode() refuses and what it warns of, rule by rule: each case is one valid bundle with one thing
// wrong.
#include <catch2/catch.hpp>
#include <functional>

#include "proto/bpv7/codec.h"

using namespace tram;
using namespace tram::bpv7;

namespace {

Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    REQUIRE(bytes);
    return Bytes{std::move(*bytes)};
}

Bundle good_bundle() {
    Bundle bundle;
    bundle.primary.destination = Eid::parse("dtn://b/in").value();
    bundle.primary.source = Eid::parse("dtn://a/out").value();
    bundle.primary.report_to = Eid::parse("dtn://a/reports").value();
    bundle.primary.timestamp = {.time = {1000}, .sequence = 5};
    bundle.primary.lifetime_ms = 3'600'000;
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = kPayloadBlockNumber,
                             .flags = 0,
                             .crc_type = CrcType::kCrc32c,
                             .data = Bytes::copy_of(as_bytes("hello"))});
    return bundle;
}

CanonicalBlock block(std::uint64_t type, std::uint64_t number, std::string_view data) {
    return {.type = type, .number = number, .flags = 0, .crc_type = CrcType::kNone, .data = hex(data)};
}

void put_first(Bundle& bundle, CanonicalBlock added) {
    bundle.blocks.insert(bundle.blocks.begin(), std::move(added));
}

struct Rule {
    std::string name;
    std::string section;
    std::function<void(Bundle&)> bend;
};

void check_refused(const Bytes& wire, ErrorCode code, std::string_view says) {
    const auto decoded = decode(wire);
    REQUIRE_FALSE(decoded);
    INFO(decoded.error().message);
    CHECK(decoded.error().code == code);
    CHECK(decoded.error().message.find(says) != std::string::npos);
}

}  // namespace

TEST_CASE("the bundle that the rules are tried on is clean", "[bpv7]") {
    const auto decoded = decode(encode(good_bundle()), {.limits = {}, .strict = true});
    REQUIRE(decoded);
    CHECK(decoded->warnings.empty());
}

TEST_CASE("decode names the rule that a bundle's flags or blocks break", "[bpv7][rfc9171]") {
    namespace flag = bundle_flag;
    const auto rule = GENERATE(values<Rule>({
        {"group as source", "4.2.5.2",
         [](Bundle& b) { b.primary.source = Eid::parse("dtn://a/~g").value(); }},
        {"no source, may be fragmented", "4.2.3", [](Bundle& b) { b.primary.source = Eid{}; }},
        {"null ipn source, may be fragmented", "4.2.3",
         [](Bundle& b) { b.primary.source = Eid::ipn(0, 0, 0); }},
        {"no source, wants reports", "4.2.3",
         [](Bundle& b) {
             b.primary.source = Eid{};
             b.primary.flags = flag::kMustNotFragment | flag::kReportDeletion;
         }},
        {"record that wants a reception report", "4.2.3",
         [](Bundle& b) { b.primary.flags = flag::kAdministrativeRecord | flag::kReportReception; }},
        {"record that wants a forwarding report", "4.2.3",
         [](Bundle& b) { b.primary.flags = flag::kAdministrativeRecord | flag::kReportForwarding; }},
        {"record that wants a delivery report", "4.2.3",
         [](Bundle& b) { b.primary.flags = flag::kAdministrativeRecord | flag::kReportDelivery; }},
        {"record whose block wants a report", "4.2.4",
         [](Bundle& b) {
             b.primary.flags = flag::kAdministrativeRecord;
             b.blocks.back().flags = block_flag::kReportIfUnprocessable;
         }},
        {"no source, block wants a report", "4.2.4",
         [](Bundle& b) {
             b.primary.source = Eid{};
             b.primary.flags = flag::kMustNotFragment;
             b.blocks.back().flags = block_flag::kReportIfUnprocessable;
         }},
        {"fragment of what must not be fragmented", "5.8",
         [](Bundle& b) {
             b.primary.flags = flag::kIsFragment | flag::kMustNotFragment;
             b.primary.fragment = FragmentPosition{.offset = 0, .total_length = 100};
         }},
        {"fragment beyond the total length", "4.3.1",
         [](Bundle& b) {
             b.primary.flags = flag::kIsFragment;
             b.primary.fragment = FragmentPosition{.offset = 96, .total_length = 100};
         }},
        {"fragment whose end overflows", "4.3.1",
         [](Bundle& b) {
             b.primary.flags = flag::kIsFragment;
             b.primary.fragment =
                 FragmentPosition{.offset = ~std::uint64_t{0} - 1, .total_length = ~std::uint64_t{0}};
         }},
        {"block type 0", "9.1", [](Bundle& b) { put_first(b, block(0, 2, "00")); }},
        {"block number 0", "4.1", [](Bundle& b) { put_first(b, block(192, 0, "00")); }},
        {"block number 1 on another block", "4.1", [](Bundle& b) { put_first(b, block(192, 1, "00")); }},
        {"payload with another number", "4.1", [](Bundle& b) { b.blocks.back().number = 2; }},
        {"block number twice", "4.1",
         [](Bundle& b) {
             put_first(b, block(192, 2, "00"));
             put_first(b, block(193, 2, "00"));
         }},
        {"two payloads", "4.1", [](Bundle& b) { put_first(b, b.blocks.back()); }},
        {"two previous nodes", "4.4",
         [](Bundle& b) {
             put_first(b, block(6, 2, "820282010 0"));
             put_first(b, block(6, 3, "820282010 0"));
         }},
        {"two ages", "4.4",
         [](Bundle& b) {
             put_first(b, block(7, 2, "00"));
             put_first(b, block(7, 3, "00"));
         }},
        {"two hop counts", "4.4",
         [](Bundle& b) {
             put_first(b, block(10, 2, "820500"));
             put_first(b, block(10, 3, "820500"));
         }},
    }));
    INFO(rule.name);
    Bundle bundle = good_bundle();
    rule.bend(bundle);
    check_refused(encode(bundle), ErrorCode::kForbidden, rule.section);
}

TEST_CASE("decode refuses known extension blocks with malformed data", "[bpv7][rfc9171]") {
    struct Case {
        std::uint64_t type;
        std::string data;
        std::string section;
    };
    const auto one = GENERATE(values<Case>({
        {block_type::kPreviousNode, "00", "4.4.1"},
        {block_type::kPreviousNode, "820100", "4.4.1"},              // the null endpoint is no node
        {block_type::kPreviousNode, "8201662f2f612f7e67", "4.4.1"},  // nor is a group
        {block_type::kPreviousNode, "820282010000", "4.4.1"},        // a byte too many
        {block_type::kBundleAge, "", "4.4.2"},
        {block_type::kBundleAge, "20", "4.4.2"},  // negative
        {block_type::kBundleAge, "0000", "4.4.2"},
        {block_type::kHopCount, "8100", "4.4.3"},
        {block_type::kHopCount, "820000", "4.4.3"},      // limit 0
        {block_type::kHopCount, "8219010000", "4.4.3"},  // limit 256
        {block_type::kHopCount, "83010000", "4.4.3"},
        {block_type::kBlockIntegrity, "00", "RFC 9172 3.6"},
        {block_type::kBlockIntegrity, "80", "RFC 9172 3.6"},  // no target
        {block_type::kBlockConfidentiality, "8120", "RFC 9172 3.6"},
    }));
    INFO(one.type << " " << one.data);
    Bundle bundle = good_bundle();
    put_first(bundle, block(one.type, 2, one.data));
    const auto decoded = decode(encode(bundle));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message.find(one.section) != std::string::npos);
}

TEST_CASE("hop limits 1 and 255 are in range", "[bpv7][rfc9171]") {
    CHECK(decode_hop_count(hex("820100"))->limit == 1);
    CHECK(decode_hop_count(hex("8218ff190100"))->count == 256);
}

TEST_CASE("encrypted extension blocks are not looked into", "[bpv7][rfc9172]") {
    Bundle bundle = good_bundle();
    put_first(bundle, block(block_type::kBundleAge, 2, "deadbeef"));
    CHECK_FALSE(decode(encode(bundle)));
    put_first(bundle, block(block_type::kBlockConfidentiality, 3, "8102 02 00 820282010 0"));
    CHECK(decode(encode(bundle)));
}

TEST_CASE("unknown blocks and flags are kept as they are", "[bpv7][rfc9171]") {
    Bundle bundle = good_bundle();
    bundle.primary.flags |= std::uint64_t{1} << 50 | 0x8;
    put_first(bundle, block(77, 2, "ff00"));
    bundle.blocks.front().flags = 0xe8;
    put_first(bundle, block(block_type::kClass, 3, "ff"));  // somebody else's block 200
    const Bytes wire = encode(bundle);
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    CHECK(encode(decoded->bundle) == wire);
}

TEST_CASE("habits of peers are warned of, and refused when strict", "[bpv7][rfc9171]") {
    const auto rule = GENERATE(values<Rule>({
        {"no CRC", "4.3.1", [](Bundle& b) { b.primary.crc_type = CrcType::kNone; }},
        {"no CRC, BIB over the payload only", "4.3.1",
         [](Bundle& b) {
             b.primary.crc_type = CrcType::kNone;
             put_first(b, block(block_type::kBlockIntegrity, 2, "8101 01 00 820282010 0"));
         }},
        {"no clock and no age", "4.4.2", [](Bundle& b) { b.primary.timestamp.time = {}; }},
    }));
    INFO(rule.name);
    Bundle bundle = good_bundle();
    rule.bend(bundle);
    const Bytes wire = encode(bundle);
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    REQUIRE(decoded->warnings.size() == 1);
    CHECK(decoded->warnings.front().find(rule.section) != std::string::npos);
    const auto strict = decode(wire, {.limits = {}, .strict = true});
    REQUIRE_FALSE(strict);
    CHECK(strict.error().code == ErrorCode::kForbidden);
}

TEST_CASE("a BIB over the primary block stands for its CRC", "[bpv7][rfc9171][rfc9172]") {
    // Targets in the clear, and a BIB that is itself encrypted and may have any.
    const bool encrypted = GENERATE(false, true);
    Bundle bundle = good_bundle();
    bundle.primary.crc_type = CrcType::kNone;
    put_first(bundle,
              block(block_type::kBlockIntegrity, 2, encrypted ? "deadbeef" : "820001 01 00 820282010 0"));
    if (encrypted) put_first(bundle, block(block_type::kBlockConfidentiality, 3, "8102 02 00 820282010 0"));
    CHECK(decode(encode(bundle), {.limits = {}, .strict = true}));
}

TEST_CASE("long CBOR heads are warned of, and refused when strict", "[bpv7][rfc9171]") {
    const Bytes wire =
        hex("9f 88 07 00 00 82028201 02 82028202 01 820100 82 01 02 1903e8"
            "85 01 01 1800 00 41 aa ff");  // flags 0 in two bytes
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    CHECK(decoded->warnings.size() == 2);
    CHECK(decoded->warnings.back().find("4.1") != std::string::npos);
}

TEST_CASE("decode refuses what is not a bundle's structure", "[bpv7][rfc9171]") {
    const std::string primary = "88 07 00 00 82028201 02 82028202 01 820100 82 01 02 1903e8";
    const std::string payload = "85 01 01 00 00 41 aa";
    struct Case {
        std::string hex;
        ErrorCode code;
        std::string says;
    };
    const auto one = GENERATE_COPY(values<Case>({
        {"", ErrorCode::kTruncated, "4.3.1"},
        {"ff", ErrorCode::kMalformed, ""},
        {"82" + primary + payload, ErrorCode::kMalformed, "4.1"},  // definite length
        {"06 81", ErrorCode::kUnsupportedVersion, "version 6"},    // RFC 5050
        {"9f 88 06 00 00", ErrorCode::kUnsupportedVersion, "version 6"},
        {"9f 88 1807", ErrorCode::kTruncated, ""},
        {"9f ff", ErrorCode::kMalformed, "4.3.1"},              // no primary block
        {"9f" + primary + "ff", ErrorCode::kForbidden, "4.1"},  // no payload
        {"9f" + primary + payload, ErrorCode::kTruncated, ""},  // no end
        {"9f" + primary + payload + "ff 00", ErrorCode::kTrailingData, "4.1"},
        {"9f" + primary + payload + "ff ff", ErrorCode::kTrailingData, "4.1"},
        {"9f" + primary + payload + "85 18c0 02 00 00 41 aa ff", ErrorCode::kForbidden,
         ""},  // payload not last
        {"9f 89 07 00 00 82028201 02 82028202 01 820100 82 01 02 1903e8 00" + payload + "ff",
         ErrorCode::kMalformed, "9 items, expected 8"},  // CRC without type
        {"9f 88 07 00 01 82028201 02 82028202 01 820100 82 01 02 1903e8" + payload + "ff",
         ErrorCode::kMalformed, "8 items, expected 9"},  // type without CRC
        {"9f 88 07 01 00 82028201 02 82028202 01 820100 82 01 02 1903e8" + payload + "ff",
         ErrorCode::kMalformed, "8 items, expected 10"},  // fragment, no offset
        {"9f 89 07 00 03 82028201 02 82028202 01 820100 82 01 02 1903e8 40" + payload + "ff",
         ErrorCode::kMalformed, "CRC type 3"},
        {"9f 88 07 00 00 82028201 02 82028202 01 820100 83 01 02 03 1903e8" + payload + "ff",
         ErrorCode::kMalformed, "3 items"},  // timestamp
        {"9f 88 07 20 00 82028201 02 82028202 01 820100 82 01 02 1903e8" + payload + "ff",
         ErrorCode::kMalformed, "negative"},  // flags
        {"9f" + primary + "86 01 01 00 00 41 aa 42 0000 ff", ErrorCode::kMalformed,
         "4.3.2"},                                                                     // CRC without type
        {"9f" + primary + "85 01 01 00 01 41 aa ff", ErrorCode::kMalformed, "4.3.2"},  // type without CRC
        {"9f" + primary + "86 01 01 00 01 41 aa 44 00000000 ff", ErrorCode::kMalformed,
         "CRC field of 4 bytes"},
        {"9f" + primary + "86 01 01 00 02 41 aa 42 0000 ff", ErrorCode::kMalformed, "CRC field of 2 bytes"},
        {"9f" + primary + "86 01 01 00 02 41 aa 44 00000000 ff", ErrorCode::kBadCrc, "4.2.2"},
        {"9f" + primary + "85 01 01 00 00 5f 41 aa ff ff", ErrorCode::kMalformed,
         "indefinite"},  // payload in chunks
        {"9f" + primary + "85 01 01 00 00 61 61 ff", ErrorCode::kMalformed,
         "byte string"},  // payload as text
        {"9f" + primary + "a0 ff", ErrorCode::kMalformed, "an array"},
    }));
    INFO(one.hex);
    check_refused(hex(one.hex), one.code, one.says);
}

TEST_CASE("limits are held", "[bpv7]") {
    Bundle bundle = good_bundle();
    for (std::uint64_t i = 0; i < 4; ++i)
        put_first(bundle, block(192, 2 + i, "00"));
    bundle.blocks.front().data = Bytes{Buffer(100)};
    const Bytes wire = encode(bundle);
    const auto refused = [&](Limits limits) {
        const auto decoded = decode(wire, {.limits = limits, .strict = false});
        return !decoded && decoded.error().code == ErrorCode::kTooLarge;
    };
    CHECK_FALSE(refused({.bundle_bytes_max = wire.size(),
                         .blocks_max = 5,
                         .block_data_bytes_max = 100,
                         .eid_bytes_max = 11}));
    CHECK(refused({.bundle_bytes_max = wire.size() - 1}));
    CHECK(refused({.blocks_max = 4}));
    CHECK(refused({.block_data_bytes_max = 99}));
    CHECK(refused({.eid_bytes_max = 8}));
}
