// RFC 9172: which security blocks may be added to a bundle, and what is done with them. The contexts are
// those of RFC 9173; COSE signatures, which have no RFC yet, are tested beside them where the rule is about
// all.
#include <catch2/catch.hpp>

#include "proto/bpsec/mac0.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "tests/rfc/rfc9172_9173/bundles.h"

using namespace tram;
using namespace tram::rfc9173;
using bpv7::Bundle;
using bpv7::Eid;
namespace block_type = bpv7::block_type;

namespace {

using Numbers = std::vector<std::uint64_t>;

Result<void> sign_blocks(Bundle& bundle, Numbers targets, std::uint64_t number = 0) {
    const bpsec::HmacTerms terms{.block_number = number,
                                 .targets = std::move(targets),
                                 .source = Eid::ipn(0, 2, 1),
                                 .wrapped_key = {}};
    return bpsec::add_bib_hmac(bundle, terms, hmac_key());
}

Result<void> encrypt_blocks(Bundle& bundle, Numbers targets, std::uint64_t number = 0) {
    const bpsec::AesTerms terms{.block_number = number,
                                .targets = std::move(targets),
                                .source = Eid::ipn(0, 2, 1),
                                .iv = iv(),
                                .wrapped_key = {}};
    return bpsec::add_bcb_aes_gcm(bundle, terms, aes256_key());
}

Result<void> verify_block(const Bundle& bundle, std::uint64_t number) {
    return bpsec::verify_bib_hmac(bundle, number, hmac_key(), Limits{});
}

Result<void> decrypt_block(Bundle& bundle, std::uint64_t number) {
    return bpsec::remove_bcb_aes_gcm(bundle, number, aes256_key(), Limits{});
}

/// Block 2 is the bundle age, block 1 the payload.
Bundle plain() {
    return bundle_of(kPlainWithAge);
}

/// `attempt` must be forbidden and leave the bundle as it was.
template <typename Attempt>
void check_forbidden(Bundle bundle, const Attempt& attempt) {
    const std::string before = wire_of(bundle);
    CHECK(code_of(attempt(bundle)) == ErrorCode::kForbidden);
    CHECK(wire_of(bundle) == before);
}

}  // namespace

TEST_CASE("9172 3.2: a security service MUST NOT be applied to a target more than once in a bundle",
          "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1}));
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {1}); });
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {2, 1}); });
    check_forbidden(bundle, [](Bundle& b) {
        return bpsec::add_mac0(b, {.source = Eid::ipn(0, 2, 1), .key_id = {}, .scope = {{0, 1}}}, hmac_key());
    });
    CHECK(sign_blocks(bundle, {2}));

    Bundle encrypted = plain();
    REQUIRE(encrypt_blocks(encrypted, {2}));
    check_forbidden(encrypted, [](Bundle& b) { return encrypt_blocks(b, {2}); });
    CHECK(encrypt_blocks(encrypted, {1}));
}

TEST_CASE("9172 3.3: one security block may hold several operations", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {0, 1, 2}, 3));
    CHECK(verify_block(bundle, 3));
    const auto read = bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    REQUIRE(read);
    CHECK(read->results.size() == 3);
}

TEST_CASE("9172 3.4: a security target is the block number of the target block", "[rfc9172]") {
    Bundle bundle = plain();
    bundle.numbered(2)->number = 77;
    REQUIRE(sign_blocks(bundle, {77}, 3));
    const auto read = bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    REQUIRE(read);
    CHECK(read->targets == Numbers{77});
    CHECK(code_of(sign_blocks(bundle, {2}, 4)) == ErrorCode::kNotFound);
    bundle.numbered(77)->number = 2;
    CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kNotFound);
}

TEST_CASE("9172 3.6: targets, context, flags, source, parameters and results, in this order", "[rfc9172]") {
    const Bundle bundle = bundle_of(kSigned);
    const Bytes data = bundle.numbered(2)->data;
    CHECK(to_hex(data.slice(0, 17)) ==
          "8101"        // targets: block 1
          "01"          // context 1, BIB-HMAC-SHA2
          "01"          // parameters are present
          "8202820201"  // source ipn:2.1
          "82"          // parameters
          "820107"      //   SHA variant 7
          "820300"      //   scope flags 0
          "81"          // results: one set
    );
    CHECK(to_hex(bpsec::encode_security_block(*bpsec::decode_security_block(data, Limits{}))) ==
          to_hex(data));
}

TEST_CASE("9172 3.6: the parameters are there exactly when the flag says so", "[rfc9172]") {
    const auto decode = [](std::string_view digits) {
        return bpsec::decode_security_block(hex(digits), Limits{}).has_value();
    };
    CHECK(decode("8101 01 00 8202820201 8180"));
    CHECK(decode("8101 01 01 8202820201 81820107 8180"));
    CHECK_FALSE(decode("8101 01 00 8202820201 81820107 8180"));
    CHECK_FALSE(decode("8101 01 01 8202820201 8180"));
}

TEST_CASE("9172 3.6: each target has its set of results, in the order of the targets", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {2, 1}, 3));
    bpsec::SecurityBlock security = *bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    std::swap(security.results[0], security.results[1]);
    bundle.numbered(3)->data = bpsec::encode_security_block(security);
    CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kBadSignature);
    security.results.pop_back();
    bundle.numbered(3)->data = bpsec::encode_security_block(security);
    CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kMalformed);
}

TEST_CASE("9172 3.7: a BIB is block type 11, and a BCB type 12 (3.8)", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {2}, 3));
    REQUIRE(encrypt_blocks(bundle, {1}, 4));
    CHECK(bundle.numbered(3)->type == 11);
    CHECK(bundle.numbered(4)->type == 12);
    CHECK(code_of(verify_block(bundle, 4)) == ErrorCode::kNotFound);
    CHECK(code_of(decrypt_block(bundle, 3)) == ErrorCode::kNotFound);
}

TEST_CASE("9172 3.7: a BIB MUST NOT have a BIB or a BCB as target", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {2}, 3));
    REQUIRE(encrypt_blocks(bundle, {1}, 4));
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {3}); });
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {4}); });

    // One that somebody else has made all the same is not accepted.
    Bundle received = plain();
    REQUIRE(sign_blocks(received, {1}, 3));
    REQUIRE(sign_blocks(received, {2}, 4));
    bpsec::SecurityBlock security = *bpsec::decode_security_block(received.numbered(3)->data, Limits{});
    security.targets = {4};
    received.numbered(3)->data = bpsec::encode_security_block(security);
    CHECK(code_of(verify_block(received, 3)) == ErrorCode::kMalformed);
}

TEST_CASE("9172 3.8: a BCB over the payload is replicated in every fragment", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {1}, 3));
    CHECK(bundle.numbered(3)->has(bpv7::block_flag::kReplicateInFragments));
    Bundle other = plain();
    REQUIRE(encrypt_blocks(other, {2}, 3));
    CHECK_FALSE(other.numbered(3)->has(bpv7::block_flag::kReplicateInFragments));
}

TEST_CASE("9172 3.8: a BCB never asks to be removed where it cannot be processed", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {1, 2}, 3));
    CHECK_FALSE(bundle.numbered(3)->has(bpv7::block_flag::kDiscardIfUnprocessable));
}

TEST_CASE("9172 3.8: a BCB may have the payload, an extension block or a BIB as target", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1, 2}, 3));
    const std::string before = wire_of(bundle);
    REQUIRE(encrypt_blocks(bundle, {1, 2, 3}, 4));
    REQUIRE(decrypt_block(bundle, 4));
    CHECK(wire_of(bundle) == before);
}

TEST_CASE("9172 3.8: a BCB MUST NOT have a BCB or the primary block as target", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {2}, 3));
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {3}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1, 3}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {0}); });

    for (const std::uint64_t target : {0U, 3U}) {
        Bundle received = bundle;
        bpsec::SecurityBlock security = *bpsec::decode_security_block(received.numbered(3)->data, Limits{});
        security.targets = {target};
        received.numbered(3)->data = bpsec::encode_security_block(security);
        CHECK(code_of(decrypt_block(received, 3)) == ErrorCode::kMalformed);
    }
}

TEST_CASE("9172 3.8: a BCB MUST NOT target a BIB unless it shares a security target with it", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1}, 3));
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {3}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {2, 3}); });
    CHECK(encrypt_blocks(bundle, {1, 3}));
}

TEST_CASE("9172 3.8: what a cipher makes besides is in the results or in the ciphertext", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {1}, 3));
    const std::size_t size = bundle.payload().size();
    CHECK(size == plain().payload().size());
    // The tag moved behind the ciphertext.
    bpsec::SecurityBlock security = *bpsec::decode_security_block(bundle.numbered(3)->data, Limits{});
    Buffer longer(bundle.payload().view().begin(), bundle.payload().view().end());
    append(longer, security.results[0][0].value.view().last(16));
    security.results = {{}};
    bundle.numbered(3)->data = bpsec::encode_security_block(security);
    bundle.numbered(1)->data = Bytes{std::move(longer)};
    REQUIRE(decrypt_block(bundle, 3));
    CHECK(wire_of(bundle) == kPlainWithAge);

    Bundle empty = plain();
    REQUIRE(encrypt_blocks(empty, {1}, 3));
    empty.numbered(3)->data = bpsec::encode_security_block(security);
    empty.numbered(1)->data = Bytes{Buffer(15, 0)};
    CHECK(code_of(decrypt_block(empty, 3)) == ErrorCode::kMalformed);
}

TEST_CASE("9172 3.9: a BIB whose targets are all to be encrypted MUST be encrypted too", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1}, 3));
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1, 2}); });
    CHECK(encrypt_blocks(bundle, {1, 2, 3}));
}

TEST_CASE("9172 3.9: a BIB of which some targets are to be encrypted would have to be split", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1, 2}, 3));
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1, 3}); });
}

TEST_CASE("9172 3.9: a BIB MUST NOT be added for a target that is already the target of a BCB", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {1}, 3));
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {1}); });
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {2, 1}); });
    CHECK(sign_blocks(bundle, {2}));
}

TEST_CASE("9172 3.9: a BIB that is the target of a BCB MUST NOT be checked", "[rfc9172]") {
    CHECK(code_of(verify_block(bundle_of(kEncryptedSignature), 3)) != ErrorCode::kBadSignature);
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1}, 3));
    REQUIRE(encrypt_blocks(bundle, {1, 3}, 4));
    // The BIB in the clear again, but still named by the BCB.
    Bundle clear = plain();
    REQUIRE(sign_blocks(clear, {1}, 3));
    bundle.numbered(3)->data = clear.numbered(3)->data;
    CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9172 4: the primary block is covered as it was encoded", "[rfc9172]") {
    Bundle bundle = bundle_of(kEncryptedSignature);
    REQUIRE(decrypt_block(bundle, 2));
    CHECK(verify_block(bundle, 3));
    bundle.primary_wire = Bytes{};  // now our encoder writes it, deterministically
    CHECK(verify_block(bundle, 3));
}

TEST_CASE("9172 4: reserved and unassigned block flags MUST be 0 in the canonical form", "[rfc9172]") {
    Bundle bundle = bundle_of(kEncryptedSignature);
    REQUIRE(decrypt_block(bundle, 2));
    for (const std::uint64_t unassigned : {0x08U, 0x20U, 0x40U, 0x100U}) {
        bundle.numbered(1)->flags = unassigned;
        CHECK(verify_block(bundle, 3));
    }
    for (const std::uint64_t assigned : {0x01U, 0x02U, 0x04U, 0x10U}) {
        bundle.numbered(1)->flags = assigned;
        CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kBadSignature);
    }
}

TEST_CASE("9172 5.1.1: the plaintext replaces the ciphertext, its byte string is framed anew", "[rfc9172]") {
    Bundle bundle = bundle_of(kEncrypted);
    REQUIRE(bpsec::remove_bcb_aes_gcm(bundle, 2, wrapping_key(), Limits{}));
    CHECK(wire_of(bundle) == kPlain);
}

TEST_CASE("9172 5.1.1: a BCB without operations left is removed", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {1, 2}, 3));
    REQUIRE(decrypt_block(bundle, 3));
    CHECK(bundle.numbered(3) == nullptr);
}

TEST_CASE("9172 5.1.1: when one target cannot be decrypted, the bundle stays as it is", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(encrypt_blocks(bundle, {2, 1}, 3));
    Buffer altered(bundle.payload().view().begin(), bundle.payload().view().end());
    altered[0] ^= 1;
    bundle.numbered(1)->data = Bytes{std::move(altered)};
    const std::string before = wire_of(bundle);
    CHECK(code_of(decrypt_block(bundle, 3)) == ErrorCode::kBadSignature);
    CHECK(wire_of(bundle) == before);
    bundle.remove_block(2);
    CHECK(code_of(decrypt_block(bundle, 3)) == ErrorCode::kNotFound);
}

TEST_CASE("9172 5.1.2: a BIB MUST NOT be processed if its target is also the target of a BCB", "[rfc9172]") {
    Bundle bundle = plain();
    REQUIRE(sign_blocks(bundle, {1}, 3));
    const Bytes signature = bundle.numbered(3)->data;
    bundle.remove_block(3);
    REQUIRE(encrypt_blocks(bundle, {1}, 4));
    bundle.blocks.insert(bundle.blocks.begin(),
                         {.type = block_type::kBlockIntegrity, .number = 3, .data = signature});
    CHECK(code_of(verify_block(bundle, 3)) == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("9172 5.1.2: a node that verifies a BIB leaves it in the bundle", "[rfc9172]") {
    const Bundle bundle = bundle_of(kSigned);
    REQUIRE(verify_block(bundle, 2));
    CHECK(wire_of(bundle) == kSigned);
}

TEST_CASE("9172 5.2: a BIB or BCB MUST NOT be added to a fragment", "[rfc9172]") {
    Bundle bundle = plain();
    bundle.primary.flags |= bpv7::bundle_flag::kIsFragment;
    bundle.primary.fragment = bpv7::FragmentPosition{.offset = 0, .total_length = 1000};
    bundle.primary_wire = Bytes{};
    check_forbidden(bundle, [](Bundle& b) { return sign_blocks(b, {1}); });
    check_forbidden(bundle, [](Bundle& b) { return encrypt_blocks(b, {1}); });
}

TEST_CASE("9172: arguments that make no security block are refused", "[rfc9172]") {
    const std::string before = wire_of(plain());
    Bundle bundle = plain();
    CHECK(code_of(sign_blocks(bundle, {})) == ErrorCode::kInvalidArgument);
    CHECK(code_of(sign_blocks(bundle, {1, 1})) == ErrorCode::kInvalidArgument);
    CHECK(code_of(sign_blocks(bundle, {1}, 1)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(sign_blocks(bundle, {1}, 2)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(sign_blocks(bundle, {9})) == ErrorCode::kNotFound);
    CHECK(code_of(encrypt_blocks(bundle, Numbers(17, 1))) == ErrorCode::kInvalidArgument);
    CHECK(wire_of(bundle) == before);
    bundle.set_block(block_type::kBlockIntegrity, 0, bpv7::CrcType::kNone, Bytes{Buffer{0x00}});
    CHECK(code_of(sign_blocks(bundle, {1})) == ErrorCode::kMalformed);
    CHECK(code_of(encrypt_blocks(bundle, {1})) == ErrorCode::kMalformed);
}
