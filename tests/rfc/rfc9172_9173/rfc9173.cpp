// RFC 9173: BIB-HMAC-SHA2 and BCB-AES-GCM beyond the examples of its appendix.
#include <catch2/catch.hpp>
#include <functional>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <optional>

#include "proto/bpsec/security_block.h"
#include "proto/bpv7/codec.h"
#include "tests/rfc/rfc9172_9173/bundles.h"

using namespace tram;
using namespace tram::rfc9173;
using bpsec::AesTerms;
using bpsec::HmacTerms;
using bpsec::IdValue;
using bpsec::SecurityBlock;
using bpv7::Bundle;
using bpv7::Eid;

namespace {

HmacTerms hmac_terms(std::uint64_t scope_flags = 7) {
    return {.block_number = 3,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .scope_flags = scope_flags,
            .wrapped_key = {}};
}

AesTerms aes_terms(std::uint64_t scope_flags = 7) {
    return {.block_number = 3,
            .targets = {1},
            .source = Eid::ipn(0, 2, 1),
            .scope_flags = scope_flags,
            .iv = iv(),
            .wrapped_key = {}};
}

Bundle signed_bundle(const HmacTerms& terms = hmac_terms()) {
    Bundle bundle = bundle_of(kPlain);
    REQUIRE(bpsec::add_bib_hmac(bundle, terms, hmac_key()));
    return bundle;
}

Bundle encrypted_bundle(const AesTerms& terms = aes_terms()) {
    Bundle bundle = bundle_of(kPlain);
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, terms, aes256_key()));
    return bundle;
}

Result<void> verify(const Bundle& bundle) {
    return bpsec::verify_bib_hmac(bundle, 3, hmac_key(), Limits{});
}

Result<void> decrypt(Bundle bundle) {
    return bpsec::remove_bcb_aes_gcm(bundle, 3, aes256_key(), Limits{});
}

/// Takes block 3 apart, lets `change` work on it, and puts it back.
Bundle with_block(Bundle bundle, const std::function<void(SecurityBlock&)>& change) {
    SecurityBlock security = *bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    change(security);
    bundle.numbered(3)->data = bpsec::encode_security_block(security);
    return bundle;
}

std::function<void(SecurityBlock&)> parameter(std::uint64_t id, std::string_view value) {
    const Bytes item{hex(value)};
    return [id, item](SecurityBlock& security) {
        std::erase_if(security.parameters, [id](const IdValue& one) { return one.id == id; });
        security.parameters.push_back({id, item});
    };
}

std::function<void(SecurityBlock&)> without_parameters() {
    return [](SecurityBlock& security) { security.parameters.clear(); };
}

/// HMAC by OpenSSL's own convenience, over bytes put together by hand.
std::string hmac384(std::string_view digits) {
    const Buffer key = hmac_key();
    const Buffer data = hex(digits);
    Buffer out(48);
    unsigned size = 0;
    REQUIRE(HMAC(EVP_sha384(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(),
                 &size) != nullptr);
    return to_hex(out);
}

}  // namespace

TEST_CASE("9173 3.3.1, 4.3.2: without a variant it is HMAC 384 and AES 256", "[rfc9173]") {
    CHECK(verify(with_block(signed_bundle(), without_parameters())));
    CHECK(decrypt(with_block(encrypted_bundle(), [](SecurityBlock& security) {
        std::erase_if(security.parameters, [](const IdValue& one) { return one.id != 1; });
    })));
}

TEST_CASE("9173 3.3.1: each SHA variant is made and verified", "[rfc9173]") {
    using bpsec::ShaVariant;
    const auto [variant, bytes] = GENERATE(table<ShaVariant, std::size_t>(
        {{ShaVariant::kSha256, 32}, {ShaVariant::kSha384, 48}, {ShaVariant::kSha512, 64}}));
    HmacTerms terms = hmac_terms();
    terms.variant = variant;
    const Bundle bundle = signed_bundle(terms);
    CHECK(verify(bundle));
    const auto security = bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    REQUIRE(security);
    CHECK(security->results[0][0].value.size() == bytes + 2);
}

TEST_CASE("9173 3.3.1, 4.3.2: variants that are not assigned are not supported", "[rfc9173]") {
    for (const std::string_view value : {"00", "04", "08", "1905dc"}) {
        CHECK(code_of(verify(with_block(signed_bundle(), parameter(1, value)))) ==
              ErrorCode::kUnsupportedSecurity);
        if (value == "04") continue;
        CHECK(code_of(decrypt(with_block(encrypted_bundle(), parameter(2, value)))) ==
              ErrorCode::kUnsupportedSecurity);
    }
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), parameter(2, "02")))) ==
          ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9173 3.3.2, 4.3.3: a wrapped key is unwrapped with AES key wrap", "[rfc9173]") {
    const Buffer kek = GENERATE(Buffer(16, 1), Buffer(24, 2), Buffer(32, 3));
    HmacTerms terms = hmac_terms();
    terms.wrapped_key = bpsec::wrap_key(kek, hmac_key()).value();
    const Bundle bundle = signed_bundle(terms);
    CHECK(bpsec::verify_bib_hmac(bundle, 3, kek, Limits{}));
    CHECK(code_of(verify(bundle)) == ErrorCode::kUnsupportedSecurity);

    AesTerms aes = aes_terms();
    aes.wrapped_key = bpsec::wrap_key(kek, aes256_key()).value();
    Bundle encrypted = encrypted_bundle(aes);
    CHECK(code_of(decrypt(encrypted)) == ErrorCode::kUnsupportedSecurity);
    REQUIRE(bpsec::remove_bcb_aes_gcm(encrypted, 3, kek, Limits{}));
    CHECK(wire_of(encrypted) == kPlain);
}

TEST_CASE("9173 3.3.2: a wrapped key that was altered is not used", "[rfc9173]") {
    HmacTerms terms = hmac_terms();
    const Buffer wrapped = [] {
        const Bytes good = bpsec::wrap_key(wrapping_key(), hmac_key()).value();
        return Buffer(good.view().begin(), good.view().end());
    }();
    for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
        Buffer altered = wrapped;
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        terms.wrapped_key = Bytes{std::move(altered)};
        CHECK(code_of(bpsec::verify_bib_hmac(signed_bundle(terms), 3, wrapping_key(), Limits{})) ==
              ErrorCode::kUnsupportedSecurity);
    }
    for (const std::size_t size : {0U, 8U, 16U, 23U, 25U, 80U}) {
        terms.wrapped_key = Bytes{Buffer(size, 1)};
        CHECK(code_of(bpsec::verify_bib_hmac(signed_bundle(terms), 3, wrapping_key(), Limits{})) ==
              ErrorCode::kUnsupportedSecurity);
    }
    CHECK_FALSE(bpsec::wrap_key(Buffer(15, 1), hmac_key()));
    CHECK_FALSE(bpsec::wrap_key(wrapping_key(), Buffer(8, 1)));
    CHECK_FALSE(bpsec::wrap_key(wrapping_key(), Buffer(17, 1)));
}

TEST_CASE("9173 3.3.3, 4.3.4: without scope flags everything is in scope", "[rfc9173]") {
    const auto changed = [](Bundle bundle) {
        bundle.numbered(1)->flags = bpv7::block_flag::kReplicateInFragments;
        return bundle;
    };
    const Bundle bundle = with_block(signed_bundle(), without_parameters());
    CHECK(verify(bundle));
    CHECK(code_of(verify(changed(bundle))) == ErrorCode::kBadSignature);
}

TEST_CASE("9173 3.7: what is covered is scope flags, primary block, both headers and the target",
          "[rfc9173]") {
    const std::uint64_t flags = GENERATE(range(0, 8));
    std::string plain_text = to_hex(Buffer{static_cast<std::uint8_t>(flags)});
    if ((flags & 1) != 0) plain_text += "88070000820282010282028202018202820201820018281a000f4240";
    if ((flags & 2) != 0) plain_text += "010100";  // payload, number 1, no flags
    if ((flags & 4) != 0) plain_text += "0b0300";  // BIB, number 3, no flags
    plain_text += "5823526561647920746f2067656e657261746520612033322d62797465207061796c6f6164";

    const Bundle bundle = signed_bundle(hmac_terms(flags));
    const auto security = bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    REQUIRE(security);
    CHECK(to_hex(security->results[0][0].value) == "5830" + hmac384(plain_text));
}

TEST_CASE("9173 3.7: over the primary block neither it nor a target header comes first", "[rfc9173]") {
    HmacTerms terms = hmac_terms(7);
    terms.targets = {0};
    const auto security = bpsec::decode_security_block(signed_bundle(terms).numbered(3)->data, Limits{});
    REQUIRE(security);
    CHECK(to_hex(security->results[0][0].value) ==
          "5830" + hmac384("07"
                           "0b0300"
                           "581c88070000820282010282028202018202820201820018281a000f4240"));
}

TEST_CASE("9173 3.7, 4.7.2: exactly what the scope flags name is covered", "[rfc9173]") {
    const std::uint64_t flags = GENERATE(range(0, 8));
    const std::vector<std::function<void(Bundle&)>> changes = {
        [](Bundle& b) { b.primary.lifetime_ms += 1, b.primary_wire = Bytes{}; },
        [](Bundle& b) { b.numbered(1)->flags ^= bpv7::block_flag::kDeleteBundleIfUnprocessable; },
        [](Bundle& b) { b.numbered(3)->flags ^= bpv7::block_flag::kDeleteBundleIfUnprocessable; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        CAPTURE(flags, i);
        const bool covered = (flags >> i & 1) != 0;
        Bundle bundle = signed_bundle(hmac_terms(flags));
        changes[i](bundle);
        CHECK(verify(bundle).has_value() == !covered);
        bundle = encrypted_bundle(aes_terms(flags));
        changes[i](bundle);
        CHECK(decrypt(bundle).has_value() == !covered);
    }
}

TEST_CASE("9173 3.7: reserved scope flags count as 0", "[rfc9173]") {
    CHECK(verify(with_block(signed_bundle(), parameter(3, "0f"))));
    CHECK(verify(with_block(signed_bundle(), parameter(3, "18f7"))));
    CHECK(decrypt(with_block(encrypted_bundle(), parameter(4, "0f"))));
    Bundle bundle = bundle_of(kPlain);
    CHECK(code_of(bpsec::add_bib_hmac(bundle, hmac_terms(8), hmac_key())) == ErrorCode::kInvalidArgument);
    CHECK(code_of(bpsec::add_bcb_aes_gcm(bundle, aes_terms(8), aes256_key())) == ErrorCode::kInvalidArgument);
}

TEST_CASE("9173 3.8.1, 4.8.1: 'that CRC value MUST be removed from the target block'", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlainWithAge);
    bundle.primary.crc_type = bpv7::CrcType::kCrc32c;
    bundle.primary_wire = Bytes{};
    bundle.numbered(1)->crc_type = bpv7::CrcType::kCrc16;
    bundle.numbered(2)->crc_type = bpv7::CrcType::kCrc32c;
    const auto after = [&](const auto& add) {
        Bundle copy = bundle;
        REQUIRE(add(copy));
        return bundle_of(wire_of(copy));
    };
    const Bundle over_payload =
        after([](Bundle& b) { return bpsec::add_bib_hmac(b, hmac_terms(), hmac_key()); });
    CHECK(over_payload.numbered(1)->crc_type == bpv7::CrcType::kNone);
    CHECK(over_payload.numbered(2)->crc_type == bpv7::CrcType::kCrc32c);
    CHECK(over_payload.primary.crc_type == bpv7::CrcType::kCrc32c);
    CHECK(verify(over_payload));

    HmacTerms terms = hmac_terms();
    terms.targets = {0};
    const Bundle over_primary = after([&](Bundle& b) { return bpsec::add_bib_hmac(b, terms, hmac_key()); });
    CHECK(over_primary.primary.crc_type == bpv7::CrcType::kNone);
    CHECK(verify(over_primary));

    const Bundle encrypted =
        after([](Bundle& b) { return bpsec::add_bcb_aes_gcm(b, aes_terms(), aes256_key()); });
    CHECK(encrypted.numbered(1)->crc_type == bpv7::CrcType::kNone);
    CHECK(decrypt(encrypted));
}

TEST_CASE("9173 3.4, 4.4: a result is one byte string of the right length", "[rfc9173]") {
    const auto results = [](std::vector<IdValue> values) {
        return [values](SecurityBlock& security) { security.results = {values}; };
    };
    const IdValue zeros48{1, Bytes{hex("5830" + std::string(96, '0'))}};
    const IdValue zeros16{1, Bytes{hex("50" + std::string(32, '0'))}};
    const IdValue short_tag{1, Bytes{hex("4c" + std::string(24, '0'))}};
    const IdValue another_id{2, zeros48.value};
    CHECK(code_of(verify(with_block(signed_bundle(), results({})))) == ErrorCode::kMalformed);
    CHECK(code_of(verify(with_block(signed_bundle(), results({zeros16})))) == ErrorCode::kMalformed);
    CHECK(code_of(verify(with_block(signed_bundle(), results({zeros48})))) == ErrorCode::kBadSignature);
    CHECK(code_of(verify(with_block(signed_bundle(), results({another_id})))) ==
          ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(verify(with_block(signed_bundle(), results({zeros48, zeros48})))) ==
          ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), results({short_tag})))) == ErrorCode::kMalformed);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), results({zeros16})))) == ErrorCode::kBadSignature);
}

TEST_CASE("9173 4.3.1: an IV has 8 to 16 bytes", "[rfc9173]") {
    const std::size_t size = GENERATE(range(0, 20));
    AesTerms terms = aes_terms();
    terms.iv = Bytes{Buffer(size, 5)};
    Bundle bundle = bundle_of(kPlain);
    const auto added = bpsec::add_bcb_aes_gcm(bundle, terms, aes256_key());
    CHECK(added.has_value() == (size >= 8 && size <= 16));
    if (added) {
        CHECK(decrypt(bundle));
    } else {
        CHECK(added.error().code == ErrorCode::kInvalidArgument);
        const IdValue wrong{1, Bytes{hex(to_hex(Buffer{static_cast<std::uint8_t>(0x40 + size)}) +
                                         std::string(2 * size, '5'))}};
        const auto change = [&](SecurityBlock& security) { security.parameters[0] = wrong; };
        CHECK(code_of(decrypt(with_block(encrypted_bundle(), change))) == ErrorCode::kMalformed);
    }
}

TEST_CASE("9173 4.3.1: a BCB without an IV cannot be decrypted", "[rfc9173]") {
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), without_parameters()))) ==
          ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9173 4.3.2: the key has the size of the AES variant", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlain);
    CHECK(code_of(bpsec::add_bcb_aes_gcm(bundle, aes_terms(), aes128_key())) == ErrorCode::kInvalidArgument);
    Bundle encrypted = encrypted_bundle();
    CHECK(code_of(bpsec::remove_bcb_aes_gcm(encrypted, 3, aes128_key(), Limits{})) ==
          ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9173 3.3, 4.3: parameters that are unknown, double or malformed are refused", "[rfc9173]") {
    const auto twice = [](SecurityBlock& security) {
        security.parameters.push_back(security.parameters.front());
    };
    CHECK(code_of(verify(with_block(signed_bundle(), parameter(4, "00")))) ==
          ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), parameter(5, "00")))) ==
          ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(verify(with_block(signed_bundle(), twice))) == ErrorCode::kMalformed);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), twice))) == ErrorCode::kMalformed);
    CHECK(code_of(verify(with_block(signed_bundle(), parameter(1, "40")))) == ErrorCode::kMalformed);
    CHECK(code_of(verify(with_block(signed_bundle(), parameter(2, "00")))) == ErrorCode::kMalformed);
    CHECK(code_of(verify(with_block(signed_bundle(), parameter(3, "20")))) == ErrorCode::kMalformed);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), parameter(1, "00")))) == ErrorCode::kMalformed);
}

TEST_CASE("9173 3, 4: a block of another context is not taken for this one", "[rfc9173]") {
    const auto context = [](std::int64_t id) {
        return [id](SecurityBlock& security) { security.context = id; };
    };
    CHECK(code_of(verify(with_block(signed_bundle(), context(2)))) == ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(verify(with_block(signed_bundle(), context(-1)))) == ErrorCode::kUnsupportedSecurity);
    CHECK(code_of(decrypt(with_block(encrypted_bundle(), context(1)))) == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9173 3.5: an HMAC needs a key", "[rfc9173]") {
    Bundle bundle = bundle_of(kPlain);
    CHECK(code_of(bpsec::add_bib_hmac(bundle, hmac_terms(), {})) == ErrorCode::kInvalidArgument);
    CHECK(code_of(bpsec::verify_bib_hmac(signed_bundle(), 3, {}, Limits{})) ==
          ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9173: payloads of every length survive encryption and signature", "[rfc9173]") {
    const auto size = GENERATE(as<std::size_t>{}, 0, 1, 15, 16, 17, 23, 24, 255, 256, 65'536, 1'000'000);
    Bundle bundle = bundle_of(kPlain);
    bundle.numbered(1)->data = Bytes{Buffer(size, 0x42)};
    const std::string before = wire_of(bundle);
    REQUIRE(bpsec::add_bib_hmac(bundle, hmac_terms(), hmac_key()));
    AesTerms terms = aes_terms();
    terms.block_number = 4;
    terms.targets = {3, 1};
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, terms, aes256_key()));
    Bundle received = bundle_of(wire_of(bundle));
    REQUIRE(bpsec::remove_bcb_aes_gcm(received, 4, aes256_key(), Limits{}));
    REQUIRE(bpsec::verify_bib_hmac(received, 3, hmac_key(), Limits{}));
    received.remove_block(3);
    CHECK(wire_of(received) == before);
}
