#include <algorithm>
#include <utility>

#include "proto/bpsec/default_contexts.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/rules.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/writer.h"

namespace tram::bpsec {

namespace {

// RFC 9173 3.3, 3.4.
constexpr std::uint64_t kVariantId = 1;
constexpr std::uint64_t kWrappedKeyId = 2;
constexpr std::uint64_t kScopeId = 3;
constexpr std::uint64_t kResultId = 1;
constexpr std::uint64_t kDefaultScope = 0x07;

/// HMAC over the integrity-protected plain text (RFC 9173 3.7): the scope, then the target.
Buffer hmac_of(const bpv7::Bundle& bundle, std::uint64_t target, const bpv7::CanonicalBlock& security_block,
               ShaVariant variant, std::uint64_t scope_flags, ByteView key) {
    const Buffer before = scope_bytes(bundle, target, security_block, scope_flags);
    // The target is covered as a byte string, the primary block too (RFC 9173 A.3.3.1). The head is made
    // apart so that the data is not copied.
    const Bytes data = target == 0 ? bpv7::encode_primary(bundle) : bundle.numbered(target)->data;
    cbor::Writer head;
    head.write_bytes_head(data.size());
    return hmac(variant, key, {before, head.take(), data});
}

void remove_crcs(bpv7::Bundle& bundle, const std::vector<std::uint64_t>& targets) {
    for (const std::uint64_t target : targets) {
        if (target == 0) {
            bundle.primary.crc_type = bpv7::CrcType::kNone;
            bundle.primary_wire = Bytes{};
        } else {
            bundle.numbered(target)->crc_type = bpv7::CrcType::kNone;
        }
    }
}

std::vector<IdValue> parameters_of(const HmacTerms& terms) {
    std::vector<IdValue> parameters;
    parameters.push_back({kVariantId, encoded(static_cast<std::uint64_t>(terms.variant))});
    if (terms.wrapped_key) parameters.push_back({kWrappedKeyId, encoded(terms.wrapped_key->view())});
    parameters.push_back({kScopeId, encoded(terms.scope_flags)});
    return parameters;
}

Result<ShaVariant> variant_of(const SecurityBlock& security) {
    const auto number =
        number_parameter(security, kVariantId, static_cast<std::uint64_t>(ShaVariant::kSha384));
    if (!number) return std::unexpected{number.error()};
    for (const ShaVariant variant : {ShaVariant::kSha256, ShaVariant::kSha384, ShaVariant::kSha512}) {
        if (static_cast<std::uint64_t>(variant) == *number) return variant;
    }
    return fail(ErrorCode::kUnsupportedSecurity,
                "SHA variant " + std::to_string(*number) + " is not known (RFC 9173 3.3.1)");
}

/// The parameters of a received block.
struct Received {
    ShaVariant variant{};
    std::uint64_t scope_flags = 0;
    Secret key;
};

Result<Received> read_parameters(const SecurityBlock& security, ByteView key) {
    if (auto good = check_parameters(security, {kVariantId, kWrappedKeyId, kScopeId}); !good)
        return std::unexpected{std::move(good.error())};
    const auto variant = variant_of(security);
    if (!variant) return std::unexpected{variant.error()};
    const auto scope_flags = number_parameter(security, kScopeId, kDefaultScope);
    if (!scope_flags) return std::unexpected{scope_flags.error()};
    const auto wrapped = bytes_parameter(security, kWrappedKeyId);
    if (!wrapped) return std::unexpected{wrapped.error()};
    auto hmac_key = content_key(*wrapped, key);
    if (!hmac_key) return std::unexpected{std::move(hmac_key.error())};
    if (hmac_key->view().empty()) return fail(ErrorCode::kUnsupportedSecurity, "an HMAC needs a key");
    return Received{.variant = *variant, .scope_flags = *scope_flags, .key = std::move(*hmac_key)};
}

Result<void> verify_target(const bpv7::Bundle& bundle, const bpv7::CanonicalBlock& security_block,
                           const SecurityBlock& security, std::size_t index, const Received& received) {
    const std::uint64_t target = security.targets[index];
    const bpv7::CanonicalBlock* block = bundle.numbered(target);
    if (block != nullptr && is_security(*block))
        return fail(ErrorCode::kMalformed, "a BIB must not sign a security block (RFC 9172 3.7)");
    if (target != 0 && block == nullptr) {
        return fail(ErrorCode::kNotFound,
                    "the security target " + std::to_string(target) + " is not in the bundle");
    }
    const auto stated = only_result(security, index, hash_bytes(received.variant));
    if (!stated) return std::unexpected{stated.error()};
    if (!*stated) return fail(ErrorCode::kMalformed, "a BIB without a result (RFC 9173 3.4)");
    const Buffer computed =
        hmac_of(bundle, target, security_block, received.variant, received.scope_flags, received.key.view());
    if (same_bytes(**stated, computed)) return {};
    return fail(ErrorCode::kBadSignature,
                "the HMAC over block " + std::to_string(target) + " does not match");
}

}  // namespace

Result<void> add_bib_hmac(bpv7::Bundle& bundle, const HmacTerms& terms, ByteView key) {
    if (key.empty()) return fail(ErrorCode::kInvalidArgument, "an HMAC needs a key");
    if (terms.scope_flags > kDefaultScope)
        return fail(ErrorCode::kInvalidArgument, "scope flags are 0 to 7 (RFC 9173 3.3.3)");
    const std::uint64_t number = block_number_for(bundle, terms.block_number);
    if (auto good = check_new_bib(bundle, number, terms.targets); !good) return good;
    remove_crcs(bundle, terms.targets);
    bpv7::CanonicalBlock block{.type = bpv7::block_type::kBlockIntegrity, .number = number, .data = {}};
    SecurityBlock security{.targets = terms.targets,
                           .context = context::kBibHmacSha2,
                           .source = terms.source,
                           .parameters = parameters_of(terms),
                           .results = {}};
    for (const std::uint64_t target : terms.targets) {
        const Buffer mac = hmac_of(bundle, target, block, terms.variant, terms.scope_flags, key);
        security.results.push_back({{kResultId, encoded(mac)}});
    }
    block.data = encode_security_block(security);
    insert_security_block(bundle, std::move(block));
    return {};
}

Result<void> verify_bib_hmac(const bpv7::Bundle& bundle, std::uint64_t block_number, ByteView key,
                             const Limits& limits) {
    const auto security = open_security_block(bundle, bpv7::block_type::kBlockIntegrity, block_number,
                                              context::kBibHmacSha2, limits);
    if (!security) return std::unexpected{security.error()};
    if (auto good = check_in_the_clear(bundle, block_number, security->targets, limits); !good) return good;
    const auto received = read_parameters(*security, key);
    if (!received) return std::unexpected{received.error()};
    for (std::size_t i = 0; i < security->targets.size(); ++i) {
        if (auto good = verify_target(bundle, *bundle.numbered(block_number), *security, i, *received); !good)
            return good;
    }
    return {};
}

}  // namespace tram::bpsec
