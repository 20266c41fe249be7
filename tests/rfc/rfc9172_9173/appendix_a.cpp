// The examples of RFC 9173 appendix A, made and checked byte for byte.
#include <catch2/catch.hpp>
#include <functional>
#include <utility>

#include "proto/bpv7/codec.h"
#include "tests/rfc/rfc9172_9173/bundles.h"

using namespace tram;
using namespace tram::rfc9173;
using bpsec::AesTerms;
using bpsec::HmacTerms;
using bpv7::Bundle;
using bpv7::Eid;

namespace {

HmacTerms a1_integrity() {
    return {.block_number = 2,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .variant = bpsec::ShaVariant::kSha512,
            .scope_flags = 0,
            .wrapped_key = {}};
}

AesTerms a2_confidentiality() {
    return {.block_number = 2,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .variant = bpsec::AesVariant::kAes128,
            .scope_flags = 0,
            .iv = iv(),
            .wrapped_key = Bytes{hex("69c411276fecddc4780df42c8a2af89296fabf34d7fae700")}};
}

HmacTerms a3_integrity() {
    return {.block_number = 3,
            .targets = {0, 2},
            .source = Eid::ipn(0, 3, 0),
            .variant = bpsec::ShaVariant::kSha256,
            .scope_flags = 0,
            .wrapped_key = {}};
}

AesTerms a3_confidentiality() {
    return {.block_number = 4,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .variant = bpsec::AesVariant::kAes128,
            .scope_flags = 0,
            .iv = iv(),
            .wrapped_key = {}};
}

HmacTerms a4_integrity() {
    return {.block_number = 3,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .variant = bpsec::ShaVariant::kSha384,
            .scope_flags = 7,
            .wrapped_key = {}};
}

AesTerms a4_confidentiality() {
    return {.block_number = 2,
            .targets = {3, 1},
            .source = Eid::ipn(0, 2, 1),
            .variant = bpsec::AesVariant::kAes256,
            .scope_flags = 7,
            .iv = iv(),
            .wrapped_key = {}};
}

/// Calls `refused` with the bundle `digits` once for each bit of `block`'s data, of its flags (the known
/// ones) and of its number's lowest bits, flipped; each must be refused.
void flip_everything(std::string_view digits, std::uint64_t number,
                     const std::function<bool(const Bundle&)>& refused) {
    const Bundle good = bundle_of(digits);
    REQUIRE_FALSE(refused(good));
    const Bytes data = good.numbered(number)->data;
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
        Bundle bad = good;
        Buffer altered(data.view().begin(), data.view().end());
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        bad.numbered(number)->data = Bytes{std::move(altered)};
        CHECK(refused(bad));
    }
}

bool hmac_refused(const Bundle& bundle, std::uint64_t number) {
    return !bpsec::verify_bib_hmac(bundle, number, hmac_key(), Limits{});
}

bool gcm_refused(const Bundle& bundle, std::uint64_t number, const Buffer& key) {
    Bundle copy = bundle;
    return !bpsec::remove_bcb_aes_gcm(copy, number, key, Limits{});
}

}  // namespace

TEST_CASE("A.1: a BIB over the payload is made byte for byte", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlain);
    REQUIRE(bpsec::add_bib_hmac(bundle, a1_integrity(), hmac_key()));
    CHECK(wire_of(bundle) == kSigned);
}

TEST_CASE("A.1: a BIB over the payload is verified, and nothing else is", "[rfc9173]") {
    CHECK(bpsec::verify_bib_hmac(bundle_of(kSigned), 2, hmac_key(), Limits{}));
    CHECK(code_of(bpsec::verify_bib_hmac(bundle_of(kSigned), 2, aes128_key(), Limits{})) ==
          ErrorCode::kBadSignature);
    flip_everything(kSigned, 1, [](const Bundle& bundle) { return hmac_refused(bundle, 2); });
    // And every bit of the HMAC, the last 64 bytes of the block.
    for (std::size_t bit = 0; bit < 64 * 8; ++bit) {
        Bundle bundle = bundle_of(kSigned);
        Buffer data(bundle.numbered(2)->data.view().begin(), bundle.numbered(2)->data.view().end());
        data[data.size() - 1 - bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        bundle.numbered(2)->data = Bytes{std::move(data)};
        CHECK(hmac_refused(bundle, 2));
    }
}

TEST_CASE("A.2: a BCB over the payload with a wrapped key is made byte for byte", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlain);
    const auto wrapped = bpsec::wrap_key(wrapping_key(), aes128_key());
    REQUIRE(wrapped);
    CHECK(to_hex(*wrapped) == "69c411276fecddc4780df42c8a2af89296fabf34d7fae700");
    AesTerms terms = a2_confidentiality();
    terms.wrapped_key = *wrapped;
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, terms, aes128_key()));
    CHECK(wire_of(bundle) == kEncrypted);
}

TEST_CASE("A.2: a BCB with a wrapped key is taken off again, and nothing else is", "[rfc9173]") {
    Bundle bundle = bundle_of(kEncrypted);
    REQUIRE(bpsec::remove_bcb_aes_gcm(bundle, 2, wrapping_key(), Limits{}));
    CHECK(wire_of(bundle) == kPlain);
    Bundle untouched = bundle_of(kEncrypted);
    // The content key does not unwrap itself.
    CHECK(code_of(bpsec::remove_bcb_aes_gcm(untouched, 2, aes128_key(), Limits{})) ==
          ErrorCode::kUnsupportedSecurity);
    CHECK(wire_of(untouched) == kEncrypted);
    flip_everything(kEncrypted, 1, [](const Bundle& one) { return gcm_refused(one, 2, wrapping_key()); });
}

TEST_CASE("A.3: a BIB from another source over two blocks, then a BCB, are made byte for byte", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlainWithAge);
    REQUIRE(bpsec::add_bib_hmac(bundle, a3_integrity(), hmac_key()));
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, a3_confidentiality(), aes128_key()));
    CHECK(wire_of(bundle) == kSignedAndEncrypted);
}

TEST_CASE("A.3: both blocks are verified, and nothing else is", "[rfc9173]") {
    Bundle bundle = bundle_of(kSignedAndEncrypted);
    CHECK(bpsec::verify_bib_hmac(bundle, 3, hmac_key(), Limits{}));
    REQUIRE(bpsec::remove_bcb_aes_gcm(bundle, 4, aes128_key(), Limits{}));
    CHECK(bpsec::verify_bib_hmac(bundle, 3, hmac_key(), Limits{}));
    bundle.remove_block(3);
    CHECK(wire_of(bundle) == kPlainWithAge);
    flip_everything(kSignedAndEncrypted, 2, [](const Bundle& one) { return hmac_refused(one, 3); });
    flip_everything(kSignedAndEncrypted, 1,
                    [](const Bundle& one) { return gcm_refused(one, 4, aes128_key()); });

    Bundle other = bundle_of(kSignedAndEncrypted);
    other.primary.lifetime_ms += 1;
    other.primary_wire = Bytes{};
    CHECK(hmac_refused(other, 3));
}

TEST_CASE("A.4: a BIB with full scope, encrypted with its target, is made byte for byte", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlain);
    REQUIRE(bpsec::add_bib_hmac(bundle, a4_integrity(), hmac_key()));
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, a4_confidentiality(), aes256_key()));
    CHECK(wire_of(bundle) == kEncryptedSignature);
}

TEST_CASE("A.4: both blocks are decrypted and verified, and nothing else is", "[rfc9173]") {
    Bundle bundle = bundle_of(kEncryptedSignature);
    REQUIRE(bpsec::remove_bcb_aes_gcm(bundle, 2, aes256_key(), Limits{}));
    CHECK(bpsec::verify_bib_hmac(bundle, 3, hmac_key(), Limits{}));
    const std::string decrypted = wire_of(bundle);
    for (const std::uint64_t number : {1U, 3U}) {
        flip_everything(kEncryptedSignature, number,
                        [](const Bundle& one) { return gcm_refused(one, 2, aes256_key()); });
    }
    flip_everything(decrypted, 1, [](const Bundle& one) { return hmac_refused(one, 3); });
}

TEST_CASE("A.4: every field that is in scope is covered", "[rfc9173]") {
    Bundle decrypted = bundle_of(kEncryptedSignature);
    REQUIRE(bpsec::remove_bcb_aes_gcm(decrypted, 2, aes256_key(), Limits{}));
    const std::vector<std::function<void(Bundle&)>> changes = {
        [](Bundle& b) { b.numbered(1)->flags |= bpv7::block_flag::kReplicateInFragments; },
        [](Bundle& b) { b.find(bpv7::block_type::kBlockIntegrity)->flags ^= 0x10; },
        [](Bundle& b) { b.primary.lifetime_ms += 1, b.primary_wire = Bytes{}; },
        [](Bundle& b) { b.primary.destination = Eid::ipn(0, 9, 2), b.primary_wire = Bytes{}; },
        [](Bundle& b) { b.primary.timestamp.sequence += 1, b.primary_wire = Bytes{}; },
    };
    for (const auto& change : changes) {
        Bundle bundle = decrypted;
        change(bundle);
        CHECK(hmac_refused(bundle, 3));
        bundle = bundle_of(kEncryptedSignature);
        change(bundle);
        CHECK(gcm_refused(bundle, 2, aes256_key()));
    }
    Bundle bundle = bundle_of(kEncryptedSignature);
    bundle.numbered(2)->flags = 0;
    CHECK(gcm_refused(bundle, 2, aes256_key()));
}
