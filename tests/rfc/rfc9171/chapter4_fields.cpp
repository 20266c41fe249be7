// RFC 9171 4.2.1 to 4.2.4, 4.2.6 to 4.2.8: CRCs, control flags, times.
#include <catch2/catch.hpp>

#include "wire.h"

namespace tram::rfc9171 {
namespace {

namespace flag = bpv7::bundle_flag;

const Buffer kPayload = payload("hello").wire();

TEST_CASE("4.2.1: CRC types 0, 1 and 2 are valid '(and no others)'", "[rfc9171][4.2.1]") {
    const auto type = GENERATE(0, 1, 2, 3, 4, 255);
    CAPTURE(type);
    const auto code = static_cast<std::uint64_t>(type);
    SECTION("in the primary block") {
        const auto result = decoded(bundle(Primary{.crc_type = code}));
        CHECK(result.has_value() == (type <= 2));
        if (result) CHECK(static_cast<int>(result->bundle.primary.crc_type) == type);
    }
    SECTION("in a canonical block") {
        const auto result = decoded(bundle(Primary{}.wire(), {payload("hello", code).wire()}));
        CHECK(result.has_value() == (type <= 2));
        if (result) CHECK(static_cast<int>(result->bundle.blocks.back().crc_type) == type);
    }
}

TEST_CASE("4.2.1: CRC type is a CBOR unsigned integer", "[rfc9171][4.2.1]") {
    auto items = Primary{.crc_type = 0}.items();
    items[2] = GENERATE(Buffer{0x20}, Buffer{0xf4}, Buffer{0x40}, Buffer{0x60});
    CHECK(refusal(bundle(array(items), {kPayload})));
}

TEST_CASE("4.2.2: 'The CRC SHALL be omitted from a block if and only if the CRC type code is zero'",
          "[rfc9171][4.2.2]") {
    SECTION("primary block, type 0 with a CRC") {
        auto items = Primary{.crc_type = 0}.items();
        items.push_back(bytes(hex("00000000")));
        CHECK(refusal(bundle(array(items), {kPayload})));
    }
    SECTION("primary block, type 2 without one") {
        CHECK(refusal(bundle(array(Primary{.crc_type = 2}.items()), {kPayload})));
    }
    SECTION("canonical block, type 0 with a CRC") {
        const auto block = array({num(1), num(1), num(0), num(0), bytes(hex("00")), bytes(hex("0000"))});
        CHECK(refusal(bundle(Primary{}.wire(), {block})));
    }
    SECTION("canonical block, type 1 without one") {
        const auto block = array({num(1), num(1), num(0), num(1), bytes(hex("00"))});
        CHECK(refusal(bundle(Primary{}.wire(), {block})));
    }
}

TEST_CASE("4.2.2: the CRC is a byte string of two or four bytes in network byte order", "[rfc9171][4.2.2]") {
    SECTION("the order of the bytes matters") {
        auto wire = Primary{.crc_type = 2}.wire();
        std::swap(wire[wire.size() - 1], wire[wire.size() - 4]);
        std::swap(wire[wire.size() - 2], wire[wire.size() - 3]);
        CHECK(refusal(bundle(wire, {kPayload})) == ErrorCode::kBadCrc);
    }
    SECTION("wrong width") {
        auto items = Primary{.crc_type = 2}.items();
        items.push_back(bytes(hex("0000")));
        CHECK(refusal(bundle(array(items), {kPayload})));
    }
    SECTION("not a byte string") {
        auto items = Primary{.crc_type = 1}.items();
        items.push_back(num(0));
        CHECK(refusal(bundle(array(items), {kPayload})));
    }
    SECTION("ours: written as the independent computation says") {
        const auto type = GENERATE(std::uint64_t{1}, std::uint64_t{2});
        auto result = decoded(bundle(Primary{.crc_type = type}.wire(), {payload("hello", type).wire()}));
        REQUIRE(result);
        result->bundle.primary_wire = {};  // let our encoder write the primary block itself
        const auto expected = bundle(Primary{.crc_type = type}.wire(), {payload("hello", type).wire()});
        CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(expected));
    }
}

TEST_CASE("4.3.1, 4.3.2: the CRC covers every byte of the block with the CRC itself set to zero",
          "[rfc9171][4.3.1][4.3.2]") {
    const auto type = GENERATE(std::uint64_t{1}, std::uint64_t{2});
    const auto primary = Primary{.crc_type = type}.wire();
    const auto block = payload("hello", type).wire();
    const auto good = bundle(primary, {block});
    REQUIRE(decoded(good));
    for (std::size_t at = 1; at + 1 < good.size(); ++at) {
        auto bad = good;
        bad[at] ^= 0x01;
        CAPTURE(type, at);
        CHECK(refusal(bad));
    }
    auto flipped = block;
    flipped[flipped.size() - (type == 1 ? 4 : 6)] ^= 0x20;  // the last letter of "hello"
    CHECK(refusal(bundle(primary, {flipped})) == ErrorCode::kBadCrc);
}

TEST_CASE("4.2.3: the control flags sit at the bits of the RFC", "[rfc9171][4.2.3]") {
    CHECK(flag::kIsFragment == 0x000001);
    CHECK(flag::kAdministrativeRecord == 0x000002);
    CHECK(flag::kMustNotFragment == 0x000004);
    CHECK(flag::kAckRequested == 0x000020);
    CHECK(flag::kReportStatusTime == 0x000040);
    CHECK(flag::kReportReception == 0x004000);
    CHECK(flag::kReportForwarding == 0x010000);
    CHECK(flag::kReportDelivery == 0x020000);
    CHECK(flag::kReportDeletion == 0x040000);
    const auto result = decoded(bundle(Primary{.flags = 0x020064}));
    REQUIRE(result);
    CHECK(result->bundle.primary.has(flag::kReportDelivery));
    CHECK(result->bundle.primary.has(flag::kReportStatusTime));
    CHECK(result->bundle.primary.has(flag::kAckRequested));
    CHECK(result->bundle.primary.has(flag::kMustNotFragment));
    CHECK_FALSE(result->bundle.primary.has(flag::kReportReception));
}

TEST_CASE("4.2.3: an administrative record requests no status reports ('MUST be zero')", "[rfc9171][4.2.3]") {
    const auto request = GENERATE(std::uint64_t{0x4000}, std::uint64_t{0x10000}, std::uint64_t{0x20000},
                                  std::uint64_t{0x40000});
    CHECK(noticed(bundle(Primary{.flags = 0x02 | request})));
    CHECK_FALSE(noticed(bundle(Primary{.flags = 0x02})));
    CHECK_FALSE(noticed(bundle(Primary{.flags = request})));
}

TEST_CASE("4.2.3: an anonymous bundle must not be fragmented and requests no status reports",
          "[rfc9171][4.2.3]") {
    CHECK(noticed(bundle(Primary{.flags = 0, .source = dtn_none()})));
    CHECK(noticed(bundle(Primary{.flags = 0x4 | 0x20000, .source = dtn_none()})));
    CHECK(noticed(bundle(Primary{.flags = 0, .source = ipn2(0, 0)})));
    CHECK_FALSE(noticed(bundle(Primary{.flags = 0x4, .source = dtn_none()})));
    CHECK_FALSE(noticed(bundle(Primary{.flags = 0x4, .source = ipn2(0, 0)})));
}

TEST_CASE("4.2.3: 'Bundle processing control flags that are unrecognized MUST be ignored'",
          "[rfc9171][4.2.3]") {
    const auto bit = GENERATE(range(0, 64));
    const auto value = std::uint64_t{1} << static_cast<unsigned>(bit);
    if ((value & 0x7'4067ULL) != 0) return;  // assigned bits have their own cases
    CAPTURE(bit);
    const auto wire = bundle(Primary{.flags = value});
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(result->bundle.primary.flags == value);
    CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(wire));
}

TEST_CASE("4.2.3, 4.2.4: control flags are CBOR unsigned integers", "[rfc9171][4.2.3][4.2.4]") {
    auto items = Primary{.crc_type = 0}.items();
    items[1] = GENERATE(Buffer{0x20}, Buffer{0xf6}, Buffer{0x41, 0x00});
    CHECK(refusal(bundle(array(items), {kPayload})));
    const auto block = array({num(1), num(1), items[1], num(0), bytes(hex("00"))});
    CHECK(refusal(bundle(Primary{}.wire(), {block})));
}

TEST_CASE("4.2.4: 'Block processing control flags that are unrecognized MUST be ignored'",
          "[rfc9171][4.2.4]") {
    CHECK(bpv7::block_flag::kReplicateInFragments == 0x01);
    CHECK(bpv7::block_flag::kReportIfUnprocessable == 0x02);
    CHECK(bpv7::block_flag::kDeleteBundleIfUnprocessable == 0x04);
    CHECK(bpv7::block_flag::kDiscardIfUnprocessable == 0x10);
    const auto bit = GENERATE(range(0, 64));
    const auto value = std::uint64_t{1} << static_cast<unsigned>(bit);
    CAPTURE(bit);
    const auto wire = bundle_with({{200, 2, value, 0, hex("00")}});
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(result->bundle.blocks[0].flags == value);
    CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(wire));
}

TEST_CASE("4.2.4: administrative and anonymous bundles never ask to report an unprocessable block",
          "[rfc9171][4.2.4]") {
    const Canonical asks{200, 2, 0x02, 0, hex("00")};
    CHECK(noticed(bundle_with({asks}, Primary{.flags = 0x02})));
    CHECK(noticed(bundle_with({asks}, Primary{.flags = 0x04, .source = dtn_none()})));
    CHECK_FALSE(noticed(bundle_with({asks})));
}

TEST_CASE("4.2.6: a DTN time is an unsigned integer of milliseconds, mostly above 2^32", "[rfc9171][4.2.6]") {
    const auto time = GENERATE(std::uint64_t{1}, std::uint64_t{0xffff'ffff}, std::uint64_t{0x1'0000'0000},
                               std::uint64_t{819'280'839'425}, ~std::uint64_t{0});
    const auto result = decoded(bundle(Primary{.time = time}));
    REQUIRE(result);
    CHECK(result->bundle.primary.timestamp.time.milliseconds == time);
    CHECK(result->bundle.primary.timestamp.time.known());
}

TEST_CASE("4.2.6: 'The DTN time value zero indicates that the time is unknown'", "[rfc9171][4.2.6]") {
    const auto result = decoded(bundle_with({{7, 2, 0, 0, num(5)}}, Primary{.time = 0}));
    REQUIRE(result);
    CHECK_FALSE(result->bundle.primary.timestamp.time.known());
}

TEST_CASE("4.2.6: the DTN epoch is 2000-01-01T00:00:00Z", "[rfc9171][4.2.6]") {
    CHECK(kDtnEpochUnixSeconds == 946'684'800);
}

TEST_CASE("4.2.7: a creation timestamp is an array of two unsigned integers", "[rfc9171][4.2.7]") {
    auto items = Primary{.crc_type = 0}.items();
    SECTION("one item") {
        items[6] = array({num(1)});
    }
    SECTION("three items") {
        items[6] = array({num(1), num(2), num(3)});
    }
    SECTION("a negative time") {
        items[6] = array({Buffer{0x20}, num(2)});
    }
    SECTION("a text as sequence number") {
        items[6] = array({num(1), text("2")});
    }
    SECTION("no array") {
        items[6] = num(1);
    }
    SECTION("a floating-point time") {
        items[6] = array({hex("fb4267d4d2e0000000"), num(2)});
    }
    CHECK(refusal(bundle(array(items), {kPayload})));
}

TEST_CASE("4.2.7: source and creation timestamp, with the fragment's place, identify a bundle",
          "[rfc9171][4.2.7]") {
    const auto id_of = [](const Primary& primary) {
        const auto result = decoded(bundle(primary));
        REQUIRE(result);
        return result->bundle.id();
    };
    const auto base = id_of({});
    CHECK(base == id_of({.destination = dtn("//elsewhere/x"), .lifetime = 1}));
    CHECK_FALSE(base == id_of({.source = dtn("//a/other")}));
    CHECK_FALSE(base == id_of({.time = 819'280'839'426}));
    CHECK_FALSE(base == id_of({.sequence = 8}));
    const auto first = id_of({.flags = 1, .fragment = {{0, 100}}});
    CHECK_FALSE(base == first);
    CHECK_FALSE(first == id_of({.flags = 1, .fragment = {{5, 100}}}));
    REQUIRE(first.fragment);
    CHECK(first.fragment->length == 5);  // of the payload "hello"
    for (const auto& id : {base, first}) {
        const auto again = bpv7::BundleId::from_key(id.key());
        REQUIRE(again);
        CHECK(*again == id);
    }
}

}  // namespace
}  // namespace tram::rfc9171
