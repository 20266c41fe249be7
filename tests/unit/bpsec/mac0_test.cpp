#include "proto/bpsec/mac0.h"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "proto/bpv7/codec.h"

using namespace tram;
using bpv7::Bundle;

namespace {

// draft-ietf-dtn-bpsec-cose-16, appendix A: the key "ExampleA.1" of 384 bits.
const Buffer kKey = *from_hex(
    "3a5c74e32ab4558a99581ec3a816576812aabe895db04494cda25b711d7b5ed4077466e677860648412f1bf8c91d0624");

constexpr std::string_view kPrimary =
    "890700028201692f2f6473742f7376638201692f2f7372632f7376638201662f2f7372632f821b000000bd51281400001a000f42"
    "404482a081c9";
constexpr std::string_view kPayload = "8601010002466568656c6c6f444ec359d2";

// Its first example, COSE_Mac0 over the payload: scope {0: metadata, -1: metadata}.
constexpr std::string_view kMac =
    "850b0300005860810103018201662f2f7372632f818205a2000120018181821158458443a10106a1044a4578616d706c65412e31"
    "f65830ec8260a38a1a00fef2cd4aae063f50f01c5645e84c6c4893ca895eed44ef60a5f50f9adf5cc5654499b881e589637805";
// Its last, over a previous node block: scope {0: metadata, 1: metadata and data, -1: metadata}.
constexpr std::string_view kMacWithExpandedScope =
    "850b0300005862810203018201662f2f7372632f818205a30001010320018181821158458443a10106a1044a4578616d706c6541"
    "2e31f65830d0218bcc266210d32be089950e733ef3ff8b502df628710c7085b72a29eb0867d2deaa71c2cab26a9efba0465e9b55"
    "21";
constexpr std::string_view kPreviousNode = "8506020000498201662f2f7372632f";

Bundle bundle_of(std::initializer_list<std::string_view> blocks) {
    std::string digits = "9f";
    for (const std::string_view block : blocks)
        digits += block;
    auto decoded = bpv7::decode(Bytes{*from_hex(digits + "ff")});
    REQUIRE(decoded);
    return std::move(decoded->bundle);
}

Bundle first_example() {
    return bundle_of({kPrimary, kMac, kPayload});
}

Bundle last_example() {
    return bundle_of({kPrimary, kMacWithExpandedScope, kPreviousNode, kPayload});
}

std::optional<ErrorCode> refusal(const Bundle& bundle, std::uint64_t target, ByteView key = kKey) {
    const auto result = bpsec::verify_mac0(bundle, 3, target, key, Limits{});
    if (result) return std::nullopt;
    return result.error().code;
}

}  // namespace

TEST_CASE("the COSE_Mac0 examples of the draft are verified", "[bpsec][cose]") {
    CHECK(refusal(first_example(), 1) == std::nullopt);
    CHECK(refusal(last_example(), 2) == std::nullopt);
}

TEST_CASE("the COSE_Mac0 examples of the draft are made byte for byte", "[bpsec][cose]") {
    bpsec::Mac0Terms terms{.block_number = 3,
                           .target = 1,
                           .source = *bpv7::Eid::parse("dtn://src/"),
                           .variant = bpsec::ShaVariant::kSha384,
                           .key_id = Bytes::copy_of(as_bytes("ExampleA.1")),
                           .scope = {{0, 1}, {-1, 1}}};
    Bundle first = bundle_of({kPrimary, kPayload});
    REQUIRE(bpsec::add_mac0(first, terms, kKey));
    CHECK(to_hex(bpv7::encode(first)) == to_hex(bpv7::encode(first_example())));

    terms.target = 2;
    terms.scope = {{0, 1}, {1, 3}, {-1, 1}};
    Bundle last = bundle_of({kPrimary, kPreviousNode, kPayload});
    REQUIRE(bpsec::add_mac0(last, terms, kKey));
    CHECK(to_hex(bpv7::encode(last)) == to_hex(bpv7::encode(last_example())));
}

TEST_CASE("external_aad is that of the draft", "[bpsec][cose]") {
    const Bundle bundle = last_example();
    const auto aad = bpsec::external_aad(bundle, *bundle.numbered(3), *bpv7::Eid::parse("dtn://src/"), 2,
                                         {.scope = {{0, 1}, {1, 3}, {-1, 1}}, .additional_protected = {}});
    REQUIRE(aad);
    CHECK(
        to_hex(*aad) ==
        "8201662f2f7372632fa3000101032001890700028201692f2f6473742f7376638201692f2f7372632f7376638201662f2f73"
        "72632f821b000000bd51281400001a000f42404482a081c9010100466568656c6c6f06020040");
}

TEST_CASE("whatever a COSE_Mac0 covers, it does not match when that has changed", "[bpsec][cose]") {
    const std::vector<std::function<void(Bundle&)>> changes = {
        [](Bundle& b) { b.primary.lifetime_ms += 1, b.primary_wire = Bytes{}; },
        [](Bundle& b) { b.primary.destination = bpv7::Eid::ipn(0, 1, 1), b.primary_wire = Bytes{}; },
        [](Bundle& b) { b.numbered(1)->data = Bytes::copy_of(as_bytes("hellp")); },
        [](Bundle& b) { b.numbered(1)->flags = 1; },
        [](Bundle& b) { b.numbered(2)->data = bpv7::encode_previous_node(bpv7::Eid::ipn(0, 9, 0)); },
        [](Bundle& b) { b.numbered(2)->flags = 1; },
    };
    for (const auto& change : changes) {
        Bundle bundle = last_example();
        change(bundle);
        CHECK(refusal(bundle, 2) == ErrorCode::kBadSignature);
    }
    Bundle bundle = last_example();
    bundle.numbered(1)->crc_type = bpv7::CrcType::kNone;
    bundle.numbered(3)->flags = 1;
    CHECK(refusal(bundle, 2) == std::nullopt);  // neither is in scope
    CHECK(refusal(bundle, 2, Buffer(48, 0)) == ErrorCode::kBadSignature);
    CHECK(refusal(bundle, 2, {}) == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("no damage to a COSE_Mac0 block verifies, but of what is not covered", "[bpsec][fuzz]") {
    const Bundle good = first_example();
    const Bytes data = good.numbered(3)->data;
    // The security context flags, with bits that mean nothing; the key id with its label, unprotected.
    const std::size_t flags_at = 3;
    const std::size_t key_id_at = 33;
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
        Bundle bad = good;
        Buffer altered(data.view().begin(), data.view().end());
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        bad.numbered(3)->data = Bytes{std::move(altered)};
        const bool free = bit / 8 == flags_at || (bit / 8 >= key_id_at && bit / 8 < key_id_at + 12);
        if (!free) CHECK(refusal(bad, 1));
    }
}

TEST_CASE("a COSE_Mac0 of each hash is made and verified", "[bpsec][cose]") {
    const auto variant =
        GENERATE(bpsec::ShaVariant::kSha256, bpsec::ShaVariant::kSha384, bpsec::ShaVariant::kSha512);
    const std::uint64_t target = GENERATE(0, 1, 2);
    Bundle bundle = bundle_of({kPrimary, kPreviousNode, kPayload});
    const bpsec::Mac0Terms terms{.block_number = 0,
                                 .target = target,
                                 .source = *bpv7::Eid::parse("dtn://src/"),
                                 .variant = variant,
                                 .key_id = {},
                                 .scope = {{0, 1}, {-2, 1}}};
    REQUIRE(bpsec::add_mac0(bundle, terms, kKey));
    CHECK(refusal(bundle, target) == std::nullopt);
    bundle.numbered(3)->flags = 1;
    CHECK(refusal(bundle, target) == ErrorCode::kBadSignature);
}

TEST_CASE("a COSE_Mac0 that cannot be is refused with its reason", "[bpsec][cose]") {
    struct Case {
        std::string what;
        std::string message;
        ErrorCode code;
    };
    const std::string tag(96, '0');
    const auto one = GENERATE_COPY(values<Case>({
        {"AES-CBC-MAC",
         "8444a1010ea0f6"
         "5830" +
             tag,
         ErrorCode::kMalformed},
        {"HMAC 256/64",
         "8443a10104a0f6"
         "5830" +
             tag,
         ErrorCode::kUnsupportedSecurity},
        {"a short tag",
         "8443a10106a0f6"
         "5820" +
             tag.substr(32),
         ErrorCode::kUnsupportedSecurity},
        {"an unknown critical header",
         "844aa201060281190384"
         "a0f6"
         "5830" +
             tag,
         ErrorCode::kMalformed},
        {"a payload",
         "8443a10106a040"
         "5830" +
             tag,
         ErrorCode::kMalformed},
        {"more behind it",
         "8443a10106a0f6"
         "5830" +
             tag + "00",
         ErrorCode::kMalformed},
        {"another tag",
         "8443a10106a0f6"
         "5830" +
             tag,
         ErrorCode::kBadSignature},
    }));
    INFO(one.what);
    Bundle bundle = first_example();
    bpsec::SecurityBlock security = *bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    security.results = {{bpsec::cose_result_of(bpsec::cose_result::kMac0, *from_hex(one.message))}};
    bundle.numbered(3)->data = bpsec::encode_security_block(security);
    CHECK(refusal(bundle, 1) == one.code);
}

TEST_CASE("a COSE_Mac0 is looked for where it is said to be", "[bpsec][cose]") {
    CHECK(refusal(first_example(), 2) == ErrorCode::kNotFound);
    const auto missing = bpsec::verify_mac0(first_example(), 4, 1, kKey, Limits{});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::kNotFound);
    const auto payload = bpsec::verify_mac0(first_example(), 1, 1, kKey, Limits{});
    REQUIRE_FALSE(payload);
    CHECK(payload.error().code == ErrorCode::kNotFound);
}
