#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "proto/bpsec/default_contexts.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/rules.h"

namespace tram::bpsec {

namespace {

// RFC 9173 4.3, 4.4.
constexpr std::uint64_t kIvId = 1;
constexpr std::uint64_t kVariantId = 2;
constexpr std::uint64_t kWrappedKeyId = 3;
constexpr std::uint64_t kScopeId = 4;
constexpr std::uint64_t kTagId = 1;
constexpr std::uint64_t kDefaultScope = 0x07;

std::size_t key_bytes(AesVariant variant) {
    switch (variant) {
        case AesVariant::kAes128: return 16;
        case AesVariant::kAes256: return 32;
    }
    return 0;
}

bool iv_is_usable(ByteView iv) {
    return iv.size() >= kGcmIvBytesMin && iv.size() <= kGcmIvBytesMax;
}

std::vector<IdValue> parameters_of(const AesTerms& terms) {
    std::vector<IdValue> parameters;
    parameters.push_back({kIvId, encoded(terms.iv.view())});
    parameters.push_back({kVariantId, encoded(static_cast<std::uint64_t>(terms.variant))});
    if (terms.wrapped_key) parameters.push_back({kWrappedKeyId, encoded(terms.wrapped_key->view())});
    parameters.push_back({kScopeId, encoded(terms.scope_flags)});
    return parameters;
}

Result<void> check_terms(const AesTerms& terms, ByteView key) {
    if (key.size() != key_bytes(terms.variant)) {
        return fail(ErrorCode::kInvalidArgument, "the key has " + std::to_string(key.size()) +
                                                     " bytes, the AES variant needs " +
                                                     std::to_string(key_bytes(terms.variant)));
    }
    if (!iv_is_usable(terms.iv))
        return fail(ErrorCode::kInvalidArgument, "an IV has 8 to 16 bytes (RFC 9173 4.3.1)");
    if (terms.scope_flags > kDefaultScope)
        return fail(ErrorCode::kInvalidArgument, "scope flags are 0 to 7 (RFC 9173 4.3.4)");
    return {};
}

/// The parameters of a received block.
struct Received {
    ByteView iv;
    std::uint64_t scope_flags = 0;
    Secret key;
};

Result<AesVariant> variant_of(const SecurityBlock& security) {
    const auto number =
        number_parameter(security, kVariantId, static_cast<std::uint64_t>(AesVariant::kAes256));
    if (!number) return std::unexpected{number.error()};
    for (const AesVariant variant : {AesVariant::kAes128, AesVariant::kAes256}) {
        if (static_cast<std::uint64_t>(variant) == *number) return variant;
    }
    return fail(ErrorCode::kUnsupportedSecurity,
                "AES variant " + std::to_string(*number) + " is not known (RFC 9173 4.3.2)");
}

Result<Received> read_parameters(const SecurityBlock& security, ByteView key) {
    if (auto good = check_parameters(security, {kIvId, kVariantId, kWrappedKeyId, kScopeId}); !good)
        return std::unexpected{std::move(good.error())};
    const auto variant = variant_of(security);
    if (!variant) return std::unexpected{variant.error()};
    const auto iv = bytes_parameter(security, kIvId);
    if (!iv) return std::unexpected{iv.error()};
    if (!*iv) return fail(ErrorCode::kUnsupportedSecurity, "a BCB without an IV (RFC 9173 4.3.1)");
    if (!iv_is_usable(**iv))
        return fail(ErrorCode::kMalformed, "an IV that has not 8 to 16 bytes (RFC 9173 4.3.1)");
    const auto scope_flags = number_parameter(security, kScopeId, kDefaultScope);
    if (!scope_flags) return std::unexpected{scope_flags.error()};
    const auto wrapped = bytes_parameter(security, kWrappedKeyId);
    if (!wrapped) return std::unexpected{wrapped.error()};
    auto content = content_key(*wrapped, key);
    if (!content) return std::unexpected{std::move(content.error())};
    if (content->view().size() != key_bytes(*variant)) {
        return fail(ErrorCode::kUnsupportedSecurity, "the key has " + std::to_string(content->view().size()) +
                                                         " bytes, the block was made with one of " +
                                                         std::to_string(key_bytes(*variant)));
    }
    return Received{.iv = **iv, .scope_flags = *scope_flags, .key = std::move(*content)};
}

/// The plaintext of one target.
Result<Bytes> decrypt(const bpv7::Bundle& bundle, const bpv7::CanonicalBlock& security_block,
                      const SecurityBlock& security, std::size_t index, const Received& received) {
    const std::uint64_t target = security.targets[index];
    const bpv7::CanonicalBlock* block = bundle.numbered(target);
    if (target == 0 || (block != nullptr && block->type == bpv7::block_type::kBlockConfidentiality)) {
        return fail(ErrorCode::kMalformed,
                    "a BCB must not encrypt the primary block or a BCB (RFC 9172 3.8)");
    }
    if (block == nullptr) {
        return fail(ErrorCode::kNotFound,
                    "the security target " + std::to_string(target) + " is not in the bundle");
    }
    const auto result = only_result(security, index, kGcmTagBytes);
    if (!result) return std::unexpected{result.error()};
    ByteView ciphertext = block->data;
    ByteView tag;
    if (*result) {
        tag = **result;
    } else {
        // Without a result the tag is the end of the ciphertext (RFC 9173 4.4).
        if (ciphertext.size() < kGcmTagBytes)
            return fail(ErrorCode::kMalformed, "no authentication tag (RFC 9173 4.4)");
        tag = ciphertext.last(kGcmTagBytes);
        ciphertext = ciphertext.first(ciphertext.size() - kGcmTagBytes);
    }
    const Buffer aad = scope_bytes(bundle, target, security_block, received.scope_flags);
    auto plaintext = aes_gcm_decrypt(received.key.view(), received.iv, aad, ciphertext, tag);
    if (!plaintext) {
        return fail(ErrorCode::kBadSignature,
                    "block " + std::to_string(target) + " cannot be decrypted: altered, or another key");
    }
    return Bytes{std::move(*plaintext)};
}

}  // namespace

Result<void> add_bcb_aes_gcm(bpv7::Bundle& bundle, const AesTerms& terms, ByteView key) {
    if (auto good = check_terms(terms, key); !good) return good;
    const std::uint64_t number = block_number_for(bundle, terms.block_number);
    if (auto good = check_new_bcb(bundle, number, terms.targets); !good) return good;
    // With the payload encrypted, every fragment must say so (RFC 9172 3.8).
    const bool payload = std::ranges::find(terms.targets, bpv7::kPayloadBlockNumber) != terms.targets.end();
    bpv7::CanonicalBlock block{.type = bpv7::block_type::kBlockConfidentiality,
                               .number = number,
                               .flags = payload ? bpv7::block_flag::kReplicateInFragments : 0,
                               .data = {}};
    SecurityBlock security{.targets = terms.targets,
                           .context = context::kBcbAesGcm,
                           .source = terms.source,
                           .parameters = parameters_of(terms),
                           .results = {}};
    for (const std::uint64_t target : terms.targets) {
        bpv7::CanonicalBlock& one = *bundle.numbered(target);
        const Buffer aad = scope_bytes(bundle, target, block, terms.scope_flags);
        const Bytes sealed{aes_gcm_encrypt(key, terms.iv, aad, one.data)};
        const std::size_t size = one.data.size();
        security.results.push_back({{kTagId, encoded(sealed.slice(size, kGcmTagBytes).view())}});
        one.data = sealed.slice(0, size);
        one.crc_type = bpv7::CrcType::kNone;
    }
    block.data = encode_security_block(security);
    insert_security_block(bundle, std::move(block));
    return {};
}

Result<void> remove_bcb_aes_gcm(bpv7::Bundle& bundle, std::uint64_t block_number, ByteView key,
                                const Limits& limits) {
    const auto security = open_security_block(bundle, bpv7::block_type::kBlockConfidentiality, block_number,
                                              context::kBcbAesGcm, limits);
    if (!security) return std::unexpected{security.error()};
    const auto received = read_parameters(*security, key);
    if (!received) return std::unexpected{received.error()};
    std::vector<Bytes> plaintexts;
    for (std::size_t i = 0; i < security->targets.size(); ++i) {
        auto plaintext = decrypt(bundle, *bundle.numbered(block_number), *security, i, *received);
        if (!plaintext) return std::unexpected{std::move(plaintext.error())};
        plaintexts.push_back(std::move(*plaintext));
    }
    for (std::size_t i = 0; i < security->targets.size(); ++i)
        bundle.numbered(security->targets[i])->data = std::move(plaintexts[i]);
    bundle.remove_block(block_number);
    return {};
}

}  // namespace tram::bpsec
