// RFC 9171 4.3: primary and canonical blocks.
#include <catch2/catch.hpp>

#include "wire.h"

namespace tram::rfc9171 {
namespace {

const Buffer kPayload = payload("hello").wire();

TEST_CASE("4.3.1: the primary block has 8, 9, 10 or 11 elements as CRC and fragment flag say",
          "[rfc9171][4.3.1]") {
    const auto crc = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2});
    const auto fragment = GENERATE(false, true);
    Primary primary{.flags = fragment ? std::uint64_t{1} : 0, .crc_type = crc};
    if (fragment) primary.fragment = {{3, 100}};
    const auto wire = primary.wire();
    const auto elements = 8U + (fragment ? 2U : 0U) + (crc != 0 ? 1U : 0U);
    REQUIRE(wire[0] == 0x80 + elements);
    auto result = decoded(bundle(wire, {kPayload}));
    REQUIRE(result);
    CHECK(result->bundle.primary.fragment.has_value() == fragment);
    result->bundle.primary_wire = {};
    CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(bundle(wire, {kPayload})));
}

TEST_CASE("4.3.1: any other number of elements is refused", "[rfc9171][4.3.1]") {
    auto items = Primary{.crc_type = 0}.items();
    SECTION("seven") {
        items.pop_back();
    }
    SECTION("nine without a CRC type") {
        items.push_back(num(0));
    }
    SECTION("ten without the fragment flag") {
        items.push_back(num(0));
        items.push_back(num(100));
    }
    SECTION("twelve") {
        for (int i = 0; i < 4; ++i)
            items.push_back(num(0));
    }
    CHECK(refusal(bundle(array(items), {kPayload})));
}

TEST_CASE("4.3.1: the fields come in the order of the RFC", "[rfc9171][4.3.1]") {
    const auto result = decoded(bundle(Primary{.flags = 0x4,
                                               .destination = dtn("//dest/1"),
                                               .source = dtn("//source/2"),
                                               .report_to = dtn("//report/3"),
                                               .time = 11,
                                               .sequence = 22,
                                               .lifetime = 33}));
    REQUIRE(result);
    const auto& primary = result->bundle.primary;
    CHECK(primary.flags == 0x4);
    CHECK(primary.crc_type == bpv7::CrcType::kCrc32c);
    CHECK(primary.destination.to_string() == "dtn://dest/1");
    CHECK(primary.source.to_string() == "dtn://source/2");
    CHECK(primary.report_to.to_string() == "dtn://report/3");
    CHECK(primary.timestamp.time.milliseconds == 11);
    CHECK(primary.timestamp.sequence == 22);
    CHECK(primary.lifetime_ms == 33);
}

TEST_CASE("4.3.1: 'The primary block of each bundle SHALL be immutable'", "[rfc9171][4.3.1]") {
    // A three-element ipn EID, which our own encoder might write otherwise, and unassigned flags.
    const auto primary = Primary{.flags = std::uint64_t{1} << 40U,
                                 .crc_type = 1,
                                 .destination = ipn3(0, 5, 6),
                                 .source = ipn3(977'000, 4, 0)}
                             .wire();
    const auto result = decoded(bundle(primary, {kPayload}));
    REQUIRE(result);
    CHECK(to_hex(result->bundle.primary_wire) == to_hex(primary));
    auto changed = result->bundle;
    changed.set_block(bpv7::block_type::kHopCount, 0, bpv7::CrcType::kNone,
                      bpv7::encode_hop_count({.limit = 9, .count = 1}));
    const auto wire = to_hex(bpv7::encode(changed));
    CHECK(wire.substr(2, 2 * primary.size()) == to_hex(primary));
}

TEST_CASE("4.3.1: the version is 7", "[rfc9171][4.3.1]") {
    const auto version = GENERATE(std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{300});
    CHECK(refusal(bundle(Primary{.version = version})) == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("4.3.1: without a BIB over it, 'the CRC type code for the primary block MUST be non-zero'",
          "[rfc9171][4.3.1]") {
    const auto wire = bundle(Primary{.crc_type = 0});
    const auto lenient = decoded(wire, false);
    REQUIRE(lenient);
    CHECK_FALSE(lenient->warnings.empty());
    CHECK_FALSE(decoded(wire, true));
    CHECK(decoded(bundle(Primary{.crc_type = 1}), true));
}

TEST_CASE("4.3.1: the CRC type MAY be zero when a BIB targets the primary block", "[rfc9171][4.3.1]") {
    // RFC 9172 3.6: targets, context id, context flags, security source, results per target.
    const auto bib = [](std::uint64_t target) {
        return Canonical{11, 2, 0, 0,
                         join({array({num(target)}), num(1), num(0), dtn("//a/"),
                               array({array({array({num(1), bytes(hex("00"))})})})})};
    };
    const auto covered = decoded(bundle_with({bib(0)}, Primary{.crc_type = 0}), true);
    REQUIRE(covered);
    CHECK(covered->warnings.empty());
    CHECK_FALSE(decoded(bundle_with({bib(1)}, Primary{.crc_type = 0}), true));
    CHECK(noticed(bundle_with({bib(1)}, Primary{.crc_type = 0})));
}

TEST_CASE("4.3.1: lifetime is an unsigned integer of milliseconds", "[rfc9171][4.3.1]") {
    const auto lifetime = GENERATE(std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0});
    const auto result = decoded(bundle(Primary{.lifetime = lifetime}));
    REQUIRE(result);
    CHECK(result->bundle.primary.lifetime_ms == lifetime);
    auto items = Primary{.crc_type = 0}.items();
    items[7] = GENERATE(Buffer{0x20}, Buffer{0x60}, Buffer{0x40});
    CHECK(refusal(bundle(array(items), {kPayload})));
}

TEST_CASE("4.3.1: a fragment carries offset and total length", "[rfc9171][4.3.1]") {
    const auto result = decoded(bundle(Primary{.flags = 1, .fragment = {{42, 1'000}}}));
    REQUIRE(result);
    REQUIRE(result->bundle.primary.fragment);
    CHECK(result->bundle.primary.fragment->offset == 42);
    CHECK(result->bundle.primary.fragment->total_length == 1'000);
    SECTION("'If and only if': the flag without the fields") {
        CHECK(refusal(bundle(Primary{.flags = 1})));
    }
    SECTION("'If and only if': the fields without the flag") {
        CHECK(refusal(bundle(Primary{.flags = 0, .fragment = {{42, 1'000}}})));
    }
    SECTION("they are unsigned integers") {
        auto items = Primary{.flags = 1, .crc_type = 0}.items();
        items.push_back(Buffer{0x20});
        items.push_back(num(100));
        CHECK(refusal(bundle(array(items), {kPayload})));
    }
}

TEST_CASE("4.3.2: a canonical block has 5 elements, or 6 with a CRC", "[rfc9171][4.3.2]") {
    const auto crc = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2});
    const auto wire = bundle_with({{200, 2, 0, crc, hex("0102")}});
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(to_hex(result->bundle.blocks[0].data) == "0102");
    CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(wire));

    const auto four = array({num(1), num(1), num(0), num(0)});
    CHECK(refusal(bundle(Primary{}.wire(), {four})));
    const auto seven = array({num(1), num(1), num(0), num(0), bytes(hex("00")), num(0), num(0)});
    CHECK(refusal(bundle(Primary{}.wire(), {seven})));
}

TEST_CASE("4.3.2: the fields come in the order of the RFC", "[rfc9171][4.3.2]") {
    const auto result = decoded(bundle_with({{222, 33, 0x11, 2, hex("cafe")}}));
    REQUIRE(result);
    const auto& block = result->bundle.blocks[0];
    CHECK(block.type == 222);
    CHECK(block.number == 33);
    CHECK(block.flags == 0x11);
    CHECK(block.crc_type == bpv7::CrcType::kCrc32c);
    CHECK(to_hex(block.data) == "cafe");
}

TEST_CASE("4.3.2: type, number, flags and CRC type are unsigned integers", "[rfc9171][4.3.2]") {
    const auto at = GENERATE(range(0, 4));
    std::vector<Buffer> items{num(1), num(1), num(0), num(0), bytes(hex("00"))};
    items[static_cast<std::size_t>(at)] = GENERATE(Buffer{0x20}, Buffer{0x60}, Buffer{0xf5});
    CHECK(refusal(bundle(Primary{}.wire(), {array(items)})));
}

TEST_CASE("4.3.2: block-type-specific data is 'a single definite-length CBOR byte string'",
          "[rfc9171][4.3.2]") {
    const auto data = GENERATE(as<std::string>{}, "5f 42 0102 ff", "63 616263", "82 01 02", "01", "f6");
    CAPTURE(data);
    const auto block = array({num(1), num(1), num(0), num(0), hex(data)});
    CHECK(refusal(bundle(Primary{}.wire(), {block})));
}

TEST_CASE("4.3.2: the payload is carried unchanged, of any length", "[rfc9171][4.3.2]") {
    const auto length =
        GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{23}, std::size_t{24}, std::size_t{255},
                 std::size_t{256}, std::size_t{65'535}, std::size_t{65'536});
    const std::string content(length, 'x');
    const auto wire = bundle(Primary{}.wire(), {payload(content, 2).wire()});
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(result->bundle.payload().size() == length);
    CHECK(as_text(result->bundle.payload()) == content);
    CHECK(bpv7::encode(result->bundle) == Bytes::copy_of(wire));
}

TEST_CASE("4.3.2: a length that the bytes do not hold is refused before it is believed", "[rfc9171][4.3.2]") {
    const auto block = array({num(1), num(1), num(0), num(0), hex("5b 7fffffffffffffff")});
    CHECK(refusal(bundle(Primary{}.wire(), {block})));
}

}  // namespace
}  // namespace tram::rfc9171
