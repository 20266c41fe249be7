#include "proto/bpsec/signature.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proto/base/check.h"
#include "proto/bpsec/cose_context.h"
#include "proto/bpsec/rules.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/codec.h"

namespace tram::bpsec {

namespace {

using bpv7::kPayloadBlockNumber;
namespace block_type = bpv7::block_type;

AadScope our_scope(const bpv7::Bundle& bundle) {
    AadScope scope{{AadEntry::kPrimary, AadEntry::kMetadata}};
    for (const bpv7::CanonicalBlock& block : bundle.blocks) {
        if (block.type != block_type::kClass) continue;
        scope.push_back({static_cast<std::int64_t>(block.number), AadEntry::kMetadata | AadEntry::kData});
    }
    std::ranges::sort(scope, {}, &AadEntry::block);
    scope.push_back({AadEntry::kTarget, AadEntry::kMetadata});
    scope.push_back({AadEntry::kSecurityBlock, AadEntry::kMetadata});
    return scope;
}

/// A BIB with the payload among its targets.
struct Found {
    const bpv7::CanonicalBlock* block = nullptr;
    SecurityBlock security;
    std::size_t index = 0;  ///< of the payload among the targets
};

Result<Found> find_signature(const bpv7::Bundle& bundle, const Limits& limits) {
    auto there = read_security(bundle, limits);
    if (!there) return std::unexpected{std::move(there.error())};
    std::optional<Found> found;
    for (auto& [block, security] : there->integrity) {
        const auto target = std::ranges::find(security.targets, kPayloadBlockNumber);
        if (target == security.targets.end()) continue;
        if (found) {
            return fail(ErrorCode::kUnsupportedSecurity,
                        "two blocks sign the payload (RFC 9172 3.2 allows one)");
        }
        const auto index = static_cast<std::size_t>(target - security.targets.begin());
        found = Found{.block = block, .security = std::move(security), .index = index};
    }
    if (!found) {
        return fail(ErrorCode::kUnsigned,
                    there->integrity.empty()
                        ? "nobody has signed the payload: its source must sign its bundles"
                        : "what is signed covers other blocks, but not the payload");
    }
    return std::move(*found);
}

Result<void> check_width(const bpv7::Bundle& bundle, const AadScope& scope) {
    const auto covered = [&](std::uint64_t number, std::uint64_t flags) {
        return covers(scope, number, flags, kPayloadBlockNumber);
    };
    if (!covered(0, AadEntry::kMetadata))
        return fail(ErrorCode::kNarrowSignature, "the signature does not cover the primary block");
    if (!covered(kPayloadBlockNumber, AadEntry::kMetadata))
        return fail(ErrorCode::kNarrowSignature, "the signature does not cover the payload block's header");
    for (const bpv7::CanonicalBlock& block : bundle.blocks) {
        if (block.type != block_type::kClass) continue;
        if (!covered(block.number, AadEntry::kMetadata | AadEntry::kData))
            return fail(ErrorCode::kNarrowSignature, "the signature does not cover the class block");
    }
    return {};
}

}  // namespace

void sign(bpv7::Bundle& bundle, const cose::SigningKey& key, const cose::CertificateId& signer) {
    TRAM_CHECK(bundle.find(block_type::kBlockIntegrity) == nullptr);
    bundle.primary_wire = bpv7::encode_primary(bundle);
    bpv7::CanonicalBlock block{
        .type = block_type::kBlockIntegrity, .number = bundle.free_block_number(), .data = {}};
    SecurityBlock security{.targets = {kPayloadBlockNumber},
                           .context = context::kCose,
                           .source = bundle.primary.source.node_id(),
                           .parameters = {},
                           .results = {}};
    CoseParameters parameters{.scope = our_scope(bundle), .additional_protected = {}};
    security.parameters.push_back({cose_parameter::kAadScope, encode_aad_scope(parameters.scope)});
    const auto aad = external_aad(bundle, block, security.source, kPayloadBlockNumber, parameters);
    TRAM_CHECK(aad.has_value());
    const Bytes message = cose::sign1(key, signer, *aad, bundle.payload(), cose::Payload::kDetached);
    security.results.push_back({cose_result_of(cose_result::kSign1, message)});
    block.data = encode_security_block(security);
    insert_security_block(bundle, std::move(block));
}

Result<Claim> read_signature(const bpv7::Bundle& bundle, const Limits& limits) {
    auto found = find_signature(bundle, limits);
    if (!found) return std::unexpected{std::move(found.error())};
    const auto& [block, security, index] = *found;
    if (security.context != context::kCose) {
        return fail(ErrorCode::kUnsupportedSecurity, "the payload is signed in the security context " +
                                                         std::to_string(security.context) +
                                                         ", only COSE (3) is accepted");
    }
    const auto encoded = cose_message(security, index, cose_result::kSign1);
    if (!encoded) return std::unexpected{encoded.error()};
    auto message = cose::decode_sign1(*encoded);
    if (!message) return std::unexpected{std::move(message.error())};
    if (message->payload) {
        return fail(ErrorCode::kMalformed, "the signature carries a payload of its own (BPSec COSE 2.3.1)");
    }
    const auto parameters = read_cose_parameters(security);
    if (!parameters) return std::unexpected{parameters.error()};
    if (auto wide = check_width(bundle, parameters->scope); !wide)
        return std::unexpected{std::move(wide.error())};
    if (security.source != bundle.primary.source.node_id()) {
        return fail(ErrorCode::kWrongNodeId, "signed by " + security.source.to_string() +
                                                 ", but the source is " + bundle.primary.source.to_string());
    }
    auto aad = external_aad(bundle, *block, security.source, kPayloadBlockNumber, *parameters);
    if (!aad) return std::unexpected{std::move(aad.error())};
    return Claim{.signer = message->signer,
                 .security_source = security.source,
                 .message = std::move(*message),
                 .aad = std::move(*aad)};
}

Result<void> verify(const Claim& claim, ByteView payload, const cose::PublicKey& key) {
    return cose::verify_sign1(claim.message, key, claim.aad, payload);
}

}  // namespace tram::bpsec
