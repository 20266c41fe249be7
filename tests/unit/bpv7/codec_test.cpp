#include "proto/bpv7/codec.h"

#include <catch2/catch.hpp>

#include "proto/bpv7/crc.h"
#include "tests/fuzz/random_bundle.h"

using namespace tram;
using namespace tram::bpv7;

namespace {

Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    REQUIRE(bytes);
    return Bytes{std::move(*bytes)};
}

Eid eid(std::string_view text) {
    return Eid::parse(text).value();
}

Bundle small_bundle() {
    Bundle bundle;
    bundle.primary.destination = eid("dtn://b/in");
    bundle.primary.source = eid("ipn:12.7");
    bundle.primary.timestamp = {.time = {1000}, .sequence = 5};
    bundle.primary.lifetime_ms = 3'600'000;
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = kPayloadBlockNumber,
                             .flags = 0,
                             .crc_type = CrcType::kCrc16,
                             .data = Bytes::copy_of(as_bytes("hello"))});
    return bundle;
}

void check_same(const Bundle& a, const Bundle& b) {
    CHECK(a.primary.flags == b.primary.flags);
    CHECK(a.primary.crc_type == b.primary.crc_type);
    CHECK(a.primary.destination == b.primary.destination);
    CHECK(a.primary.source == b.primary.source);
    CHECK(a.primary.report_to == b.primary.report_to);
    CHECK(a.primary.timestamp == b.primary.timestamp);
    CHECK(a.primary.lifetime_ms == b.primary.lifetime_ms);
    CHECK(a.primary.fragment == b.primary.fragment);
    REQUIRE(a.blocks.size() == b.blocks.size());
    for (std::size_t i = 0; i < a.blocks.size(); ++i) {
        CHECK(a.blocks[i].type == b.blocks[i].type);
        CHECK(a.blocks[i].number == b.blocks[i].number);
        CHECK(a.blocks[i].flags == b.blocks[i].flags);
        CHECK(a.blocks[i].crc_type == b.blocks[i].crc_type);
        CHECK(a.blocks[i].data == b.blocks[i].data);
    }
}

}  // namespace

TEST_CASE("a bundle has the bytes of RFC 9171 4", "[bpv7][rfc9171]") {
    Bundle bundle = small_bundle();
    bundle.primary.crc_type = CrcType::kNone;
    bundle.blocks.back().crc_type = CrcType::kNone;
    bundle.set_block(block_type::kPreviousNode, block_flag::kDiscardIfUnprocessable, CrcType::kNone,
                     encode_previous_node(eid("dtn://p/")));
    bundle.set_block(block_type::kBundleAge, block_flag::kReplicateInFragments, CrcType::kNone,
                     encode_bundle_age(300));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kNone, encode_hop_count({.limit = 32, .count = 1}));
    const std::string expected =
        "9f"                            // bundle: array of indefinite length
        "88"                            // primary block: 8 items
        "07 00 00"                      // version 7, no flags, no CRC
        "82 01 66 2f2f622f696e"         // destination dtn://b/in
        "82 02 82 0c 07"                // source ipn:12.7
        "82 01 00"                      // report to dtn:none
        "82 1903e8 05"                  // creation time 1000, sequence 5
        "1a0036ee80"                    // lifetime one hour in milliseconds
        "85 06 02 10 00"                // previous node, number 2, discard if unprocessable, no CRC
        "47 82 01 64 2f2f702f"          // 7 bytes: dtn://p/
        "85 07 03 01 00 43 19012c"      // bundle age, number 3, replicate: 300 ms
        "85 0a 04 00 00 44 82 1820 01"  // hop count, number 4: limit 32, count 1
        "85 01 01 00 00 45 68656c6c6f"  // payload, number 1: hello
        "ff";                           // end of the bundle
    CHECK(to_hex(encode(bundle)) == to_hex(hex(expected)));
}

TEST_CASE("checksums lie over the whole block with their own bytes zero", "[bpv7][rfc9171]") {
    const Bytes wire = encode(small_bundle());
    const Bytes primary = decode(wire).value().bundle.primary_wire;
    // 44 and four bytes at the end of the primary block; 42 and two at the end of the payload block.
    CHECK(primary.data()[primary.size() - 5] == 0x44);
    CHECK(wire.data()[wire.size() - 4] == 0x42);
    const auto refused = [](Bytes bytes) { return decode(bytes).error().code; };
    for (const std::size_t at : {std::size_t{10}, primary.size(), wire.size() - 2, wire.size() - 6}) {
        Buffer damaged{wire.view().begin(), wire.view().end()};
        damaged[at] ^= 1;
        CHECK(refused(Bytes{std::move(damaged)}) == ErrorCode::kBadCrc);
    }
}

TEST_CASE("a captured bundle decodes field by field", "[bpv7][rfc9173]") {
    // RFC 9173 A.3.1.4
    const Bytes wire =
        hex("9f"                        // bundle
            "88 07 00 00"               // primary block, version 7, no flags, no CRC
            "82 02 82 01 02"            // destination ipn:1.2
            "82 02 82 02 01"            // source ipn:2.1
            "82 02 82 02 01"            // report to ipn:2.1
            "82 00 1828"                // no clock, sequence 40
            "1a000f4240"                // lifetime 1,000,000 ms
            "85 07 02 00 00 43 19012c"  // bundle age, number 2: 300 ms
            "85 01 01 00 00 58 23"      // payload, 35 bytes:
            "526561647920746f2067656e657261746520612033322d62797465207061796c6f6164"
            "ff");
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    const Bundle& bundle = decoded->bundle;
    CHECK(bundle.primary.destination == eid("ipn:1.2"));
    CHECK(bundle.primary.source == eid("ipn:2.1"));
    CHECK(bundle.primary.report_to == eid("ipn:2.1"));
    CHECK(bundle.primary.timestamp == CreationTimestamp{.time = {0}, .sequence = 40});
    CHECK(bundle.primary.lifetime_ms == 1'000'000);
    CHECK(decode_bundle_age(bundle.find(block_type::kBundleAge)->data) == 300);
    CHECK(as_text(bundle.payload()) == "Ready to generate a 32-byte payload");
    CHECK(decoded->warnings.size() == 1);  // no CRC and no BIB
    CHECK(bundle.id().to_string() == "ipn:2.1 0-40");
}

TEST_CASE("decode copies nothing", "[bpv7]") {
    const Bytes wire = encode(small_bundle());
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    const auto inside = [&](const Bytes& part) {
        return part.data() >= wire.data() && part.data() + part.size() <= wire.data() + wire.size();
    };
    CHECK(inside(decoded->bundle.payload()));
    CHECK(inside(decoded->bundle.primary_wire));
}

TEST_CASE("random bundles come back as they were encoded", "[bpv7]") {
    fuzz::Random random{2026};
    for (int i = 0; i < 1000; ++i) {
        const Bundle bundle = fuzz::any_bundle(random);
        const Bytes wire = encode(bundle);
        INFO(to_hex(wire));
        const auto decoded = decode(wire);
        REQUIRE(decoded);
        check_same(decoded->bundle, bundle);
        CHECK(encode(decoded->bundle) == wire);
        CHECK(BundleId::from_key(bundle.id().key()).value() == bundle.id());
    }
}

TEST_CASE("a bundle cut short anywhere is refused", "[bpv7]") {
    fuzz::Random random{3};
    for (int i = 0; i < 20; ++i) {
        const Bytes wire = encode(fuzz::any_bundle(random));
        for (std::size_t length = 0; length < wire.size(); ++length) {
            const auto decoded = decode(wire.slice(0, length));
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error().code == ErrorCode::kTruncated);
        }
    }
}

TEST_CASE("one flipped bit under a checksum is noticed", "[bpv7]") {
    const CrcType type = GENERATE(CrcType::kCrc16, CrcType::kCrc32c);
    fuzz::Random random{4};
    Bundle bundle = fuzz::any_bundle(random);
    bundle.primary.crc_type = type;
    for (auto& block : bundle.blocks)
        block.crc_type = type;
    const Bytes wire = encode(bundle);
    REQUIRE(decode(wire));
    for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
        Buffer damaged{wire.view().begin(), wire.view().end()};
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
        INFO("bit " << bit);
        CHECK_FALSE(decode(Bytes{std::move(damaged)}));
    }
}

TEST_CASE("a received primary block goes on byte for byte", "[bpv7][rfc9171]") {
    // Version and flags in longer heads than needed, an ipn EID of three elements, an indefinite-length
    // timestamp.
    const Bytes wire =
        hex("9f 88 1807 00 00 82 02 83 00 01 02 82 02 82 02 01 820100 9f 01 02 ff 1903e8"
            "85 01 01 00 00 41 aa ff");
    const auto decoded = decode(wire);
    REQUIRE(decoded);
    CHECK(decoded->bundle.primary.destination == eid("ipn:1.2"));
    CHECK(encode(decoded->bundle) == wire);
    Bundle ours = decoded->bundle;
    ours.primary_wire = Bytes{};
    CHECK(to_hex(encode(ours)) ==
          to_hex(hex("9f 88 07 00 00 82 02 82 01 02 82 02 82 02 01 820100 82 01 02 1903e8"
                     "85 01 01 00 00 41 aa ff")));
}

TEST_CASE("a block of indefinite length keeps its checksum over the break", "[bpv7][rfc9171]") {
    const Bytes wire = encode(small_bundle());
    const std::size_t start = 1 + decode(wire).value().bundle.primary_wire.size();
    // The payload block of indefinite length, its CRC-16 still zero.
    const Bytes block = hex("9f 01 01 00 01 45 68656c6c6f 42 0000 ff");
    const std::uint32_t crc = crc_of(CrcType::kCrc16, {block});
    Buffer changed{wire.view().begin(), wire.view().begin() + static_cast<std::ptrdiff_t>(start)};
    append(changed, block);
    changed[changed.size() - 3] = static_cast<std::uint8_t>(crc >> 8);
    changed[changed.size() - 2] = static_cast<std::uint8_t>(crc);
    changed.push_back(0xff);
    const auto decoded = decode(Bytes{std::move(changed)});
    REQUIRE(decoded);
    CHECK(as_text(decoded->bundle.payload()) == "hello");
    CHECK(encode(decoded->bundle) == wire);
}

TEST_CASE("bundle ids are written for people and as keys", "[bpv7]") {
    BundleId id{
        .source = eid("dtn://18904-ks07/inbox"), .timestamp = {.time = {0}, .sequence = 42}, .fragment = {}};
    CHECK(id.to_string() == "dtn://18904-ks07/inbox 0-42");
    id.fragment = BundleId::Fragment{.offset = 400, .length = 200};
    CHECK(id.to_string() == "dtn://18904-ks07/inbox 0-42 @400+200");
    // [source, [time, sequence], offset, length]
    CHECK(to_hex(id.key()) ==
          to_hex(hex("84 82 01 72 2f2f31383930342d6b7330372f696e626f78 82 00 182a 190190 18c8")));
    for (const auto* text : {"", "80", "83820100820001 00", "82820100820001 00", "82820100 8200"}) {
        CHECK(BundleId::from_key(hex(text)).error().code == ErrorCode::kMalformed);
    }
}

TEST_CASE("blocks are found, set, numbered and removed", "[bpv7]") {
    Bundle bundle = small_bundle();
    CHECK(bundle.find(block_type::kBundleAge) == nullptr);
    bundle.set_block(block_type::kBundleAge, 1, CrcType::kNone, encode_bundle_age(1));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kNone, encode_hop_count({.limit = 9, .count = 0}));
    REQUIRE(bundle.blocks.size() == 3);
    CHECK(bundle.blocks[0].number == 2);
    CHECK(bundle.blocks[1].number == 3);
    CHECK(bundle.blocks[2].type == block_type::kPayload);
    bundle.set_block(block_type::kBundleAge, 1, CrcType::kNone, encode_bundle_age(2));
    CHECK(bundle.blocks.size() == 3);
    CHECK(decode_bundle_age(bundle.find(block_type::kBundleAge)->data) == 2);
    bundle.remove_block(2);
    CHECK(bundle.find(block_type::kBundleAge) == nullptr);
    CHECK(bundle.free_block_number() == 2);
}

TEST_CASE("class blocks come back and hold to their bounds", "[bpv7]") {
    const ClassBlock block{.urgency = Urgency::kExpress,
                           .kind = Kind::kRequest,
                           .message_id = {1, 2, 3},
                           .chunk_index = 6,
                           .chunk_count = 7};
    const auto again = decode_class(encode_class(block));
    REQUIRE(again);
    CHECK(again->urgency == block.urgency);
    CHECK(again->kind == block.kind);
    CHECK(again->message_id == block.message_id);
    CHECK(again->chunk_index == 6);
    CHECK(again->chunk_count == 7);
    const std::string id = "50 00000000000000000000000000000000";
    const auto bad =
        GENERATE_COPY(as<std::string>{}, "85 05 00 " + id + " 00 01", "85 00 06 " + id + " 00 01",
                      "85 00 00 4100 00 01", "85 00 00 " + id + " 01 01", "85 00 00 " + id + " 00 00",
                      "85 00 00 " + id + " 00 01 00", "84 00 00 " + id + " 00", std::string{});
    CHECK_FALSE(decode_class(hex(bad)));
}
