// RFC 9171 4.1: bundle structure.
#include <catch2/catch.hpp>

#include "wire.h"

namespace tram::rfc9171 {
namespace {

const Buffer kPayload = payload("hello").wire();

TEST_CASE("the independent checksums agree with their published check values", "[rfc9171][4.2.1]") {
    CHECK(crc16_x25(as_bytes("123456789")) == 0x906e);
    CHECK(crc32c(as_bytes("123456789")) == 0xe306'9283);
    CHECK(crc32c(Buffer(32, 0)) == 0x8a91'36aa);  // RFC 7143 A.4, 32 bytes of zeroes
}

TEST_CASE("4.1: a bundle is an indefinite-length array of at least two blocks", "[rfc9171][4.1]") {
    const auto wire = bundle(Primary{});
    REQUIRE(wire.front() == 0x9f);
    REQUIRE(wire.back() == 0xff);
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(result->warnings.empty());
    CHECK(result->bundle.blocks.size() == 1);

    SECTION("one block alone is no bundle") {
        CHECK(refusal(indefinite({Primary{}.wire()})));
    }
    SECTION("no block at all is no bundle") {
        CHECK(refusal(indefinite({})));
    }
    SECTION("a definite-length array is noticed ('MAY accept ... and transform')") {
        CHECK(noticed(array({Primary{}.wire(), kPayload})));
    }
}

TEST_CASE("4.1: our bundles are an indefinite-length array ended by the break after the payload",
          "[rfc9171][4.1]") {
    const auto original = bundle_with({{200, 2, 0, 1, hex("8101")}});
    const auto result = decoded(original);
    REQUIRE(result);
    const auto again = bpv7::encode(result->bundle);
    CHECK(to_hex(again) == to_hex(original));
}

TEST_CASE("4.1: 'The first block in the sequence MUST be a primary bundle block'", "[rfc9171][4.1]") {
    CHECK(refusal(indefinite({kPayload, Primary{}.wire()})));
    CHECK(refusal(indefinite({kPayload, kPayload})));
}

TEST_CASE("4.1: 'the bundle MUST have exactly one primary bundle block'", "[rfc9171][4.1]") {
    CHECK(refusal(indefinite({Primary{}.wire(), Primary{}.wire(), kPayload})));
}

TEST_CASE("4.1: 'The last such block MUST be a payload block'", "[rfc9171][4.1]") {
    const Buffer extension = Canonical{200, 2, 0, 0, hex("00")}.wire();
    CHECK(refusal(bundle(Primary{}.wire(), {kPayload, extension})));
    CHECK(refusal(bundle(Primary{}.wire(), {extension})));
    CHECK_FALSE(refusal(bundle(Primary{}.wire(), {extension, kPayload})));
}

TEST_CASE("4.1: 'the bundle MUST have exactly one payload block'", "[rfc9171][4.1]") {
    CHECK(refusal(bundle(Primary{}.wire(), {kPayload, kPayload})));
    CHECK(refusal(bundle(Primary{}.wire(), {Canonical{1, 2, 0, 0, hex("00")}.wire(), kPayload})));
}

TEST_CASE("4.1: the payload block is followed by the break", "[rfc9171][4.1]") {
    auto wire = bundle(Primary{});
    SECTION("the break is missing") {
        wire.pop_back();
        CHECK(refusal(wire) == ErrorCode::kTruncated);
    }
    SECTION("something follows the break") {
        wire.push_back(0x00);
        CHECK(refusal(wire) == ErrorCode::kTrailingData);
    }
    SECTION("every cut of a good bundle is refused") {
        for (std::size_t length = 0; length < wire.size(); ++length) {
            CAPTURE(length);
            CHECK(refusal(Buffer(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(length))));
        }
    }
}

TEST_CASE("4.1: 'The block number uniquely identifies the block within the bundle'", "[rfc9171][4.1]") {
    CHECK(refusal(bundle_with({{200, 2, 0, 0, hex("00")}, {201, 2, 0, 0, hex("00")}})));
    CHECK(refusal(bundle_with({{200, 1, 0, 0, hex("00")}})));
    CHECK_FALSE(refusal(bundle_with({{200, 2, 0, 0, hex("00")}, {201, 3, 0, 0, hex("00")}})));
}

TEST_CASE("4.1: the block number of the primary block is implicitly zero, so no other block has it",
          "[rfc9171][4.1]") {
    CHECK(refusal(bundle_with({{200, 0, 0, 0, hex("00")}})));
}

TEST_CASE("4.1: 'The block number of the payload block is always 1'", "[rfc9171][4.1]") {
    CHECK(refusal(bundle(Primary{}.wire(), {Canonical{1, 2, 0, 0, hex("00")}.wire()})));
    CHECK(refusal(bundle(Primary{}.wire(), {Canonical{1, 0, 0, 0, hex("00")}.wire()})));
}

TEST_CASE("4.1: 'Block numbering is unrelated to the order in which blocks are sequenced'",
          "[rfc9171][4.1]") {
    const auto result = decoded(bundle_with({{200, 9, 0, 0, hex("00")}, {201, 4, 0, 0, hex("01")}}));
    REQUIRE(result);
    REQUIRE(result->bundle.blocks.size() == 3);
    CHECK(result->bundle.blocks[0].number == 9);
    CHECK(result->bundle.blocks[1].number == 4);
    CHECK(result->bundle.blocks[2].number == 1);
}

TEST_CASE("4.1: fields conform to the core deterministic encoding requirements", "[rfc9171][4.1]") {
    auto items = Primary{.crc_type = 0}.items();
    SECTION("a version in two bytes") {
        items[0] = hex("1807");
    }
    SECTION("a lifetime in nine bytes") {
        items[7] = hex("1b000000000036ee80");
    }
    SECTION("a scheme code in three bytes") {
        items[3] = join({hex("82 190001"), text("//b/in")});
    }
    const auto wire = bundle(array(items), {kPayload});
    const auto plain = decoded(bundle(Primary{.crc_type = 0}));
    const auto odd = decoded(wire);
    REQUIRE(plain);  // accepted with the warning about the missing CRC
    if (odd) {
        CHECK(odd->warnings.size() > plain->warnings.size());
        CHECK(to_hex(odd->bundle.primary_wire) == to_hex(array(items)));
    }
}

TEST_CASE("4.1: 'indefinite-length items are not prohibited'", "[rfc9171][4.1]") {
    auto items = Primary{.crc_type = 0}.items();
    items[6] = indefinite({num(819'280'839'425), num(7)});
    const auto result = decoded(bundle(indefinite(items), {kPayload}));
    // 4.2.7 and 4.3.1 ask for arrays only; a decoder may still refuse these as not conforming, but what it
    // accepts it must read correctly and hand on unchanged.
    if (result) {
        CHECK(result->bundle.primary.timestamp.sequence == 7);
        CHECK(to_hex(result->bundle.primary_wire) == to_hex(indefinite(items)));
    } else {
        CHECK_FALSE(result.error().message.empty());
    }
}

TEST_CASE("4.1: an implementation MAY discard bytes that do not conform", "[rfc9171][4.1]") {
    CHECK(refusal({}));
    CHECK(refusal(hex("00")));
    CHECK(refusal(hex("9f ff")));
    CHECK(refusal(hex("a0")));
    CHECK(refusal(Buffer(64, 0x9f)));
    CHECK(refusal(Buffer(200'000, 0x81)));
    CHECK(refusal(hex("9b ffffffffffffffff 00")));
}

}  // namespace
}  // namespace tram::rfc9171
