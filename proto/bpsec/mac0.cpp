#include "proto/bpsec/mac0.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "proto/bpsec/rules.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"
#include "proto/cose/headers.h"

namespace tram::bpsec {

namespace {

constexpr std::int64_t kKeyId = 4;  // RFC 9052 3.1

/// The tag over MAC_structure (RFC 9052 6.3); its last item, the payload, is not copied.
Buffer tag_of(ShaVariant variant, ByteView key, ByteView headers, ByteView external_aad, ByteView payload) {
    static constexpr std::string_view kContext = "MAC0";
    cbor::Writer out{kContext.size() + headers.size() + external_aad.size() + 32};
    out.open_array(4);
    out.write_text(kContext);
    out.write_bytes(headers);
    out.write_bytes(external_aad);
    out.write_bytes_head(payload.size());
    return hmac(variant, key, {out.take(), payload});
}

struct Mac0 {
    ShaVariant variant{};
    ByteView headers;
    ByteView tag;
};

/// A view into `message`, which must be detached from its payload.
Result<Mac0> decode_mac0(ByteView message) {
    cbor::Reader in{message};
    in.open_array(4, 4);
    const cose::Headers headers = cose::read_headers(in);
    if (in.ok() && !in.at_null()) in.fail(ErrorCode::kMalformed, "the payload is not detached");
    const ByteView tag = in.read_bytes(message.size());
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the message");
    if (!in.ok()) {
        return fail(ErrorCode::kMalformed, "not a detached COSE_Mac0 (RFC 9052 6.2): " + in.error()->message);
    }
    if (auto good = cose::check_critical(headers); !good) return std::unexpected{std::move(good.error())};
    for (const ShaVariant variant : {ShaVariant::kSha256, ShaVariant::kSha384, ShaVariant::kSha512}) {
        if (headers.algorithm != cose::Label{static_cast<std::int64_t>(variant)}) continue;
        if (tag.size() != hash_bytes(variant)) break;
        return Mac0{.variant = variant, .headers = headers.protected_bytes, .tag = tag};
    }
    return fail(ErrorCode::kUnsupportedSecurity,
                "a COSE_Mac0 by another algorithm than HMAC with a whole SHA-2 hash is not spoken here");
}

Bytes encode_mac0(ByteView headers, ByteView key_id, ByteView tag) {
    cbor::Writer out{headers.size() + key_id.size() + tag.size() + 48};
    out.open_array(4);
    out.write_bytes(headers);
    out.open_map(1);
    out.write_integer(kKeyId);
    out.write_bytes(key_id);
    out.write_null();
    out.write_bytes(tag);
    return Bytes{out.take()};
}

}  // namespace

Result<void> add_mac0(bpv7::Bundle& bundle, const Mac0Terms& terms, ByteView key) {
    if (key.empty()) return fail(ErrorCode::kInvalidArgument, "an HMAC needs a key");
    const std::uint64_t number = block_number_for(bundle, terms.block_number);
    if (auto good = check_new_bib(bundle, number, {terms.target}); !good) return good;
    bpv7::CanonicalBlock block{.type = bpv7::block_type::kBlockIntegrity, .number = number, .data = {}};
    const CoseParameters parameters{.scope = terms.scope, .additional_protected = {}};
    const auto aad = external_aad(bundle, block, terms.source, terms.target, parameters);
    if (!aad) return std::unexpected{aad.error()};
    const auto payload = detached_payload(bundle, terms.target);
    if (!payload) return std::unexpected{payload.error()};

    cbor::Writer headers;
    headers.open_map(1);
    headers.write_integer(cose::header::kAlgorithm);
    headers.write_integer(static_cast<std::int64_t>(terms.variant));
    const Buffer tag = tag_of(terms.variant, key, headers.buffer(), *aad, *payload);
    SecurityBlock security{
        .targets = {terms.target},
        .context = context::kCose,
        .source = terms.source,
        .parameters = {{cose_parameter::kAadScope, encode_aad_scope(terms.scope)}},
        .results = {{cose_result_of(cose_result::kMac0, encode_mac0(headers.buffer(), terms.key_id, tag))}}};
    block.data = encode_security_block(security);
    insert_security_block(bundle, std::move(block));
    return {};
}

Result<void> verify_mac0(const bpv7::Bundle& bundle, std::uint64_t block_number, std::uint64_t target,
                         ByteView key, const Limits& limits) {
    const auto security =
        open_security_block(bundle, bpv7::block_type::kBlockIntegrity, block_number, context::kCose, limits);
    if (!security) return std::unexpected{security.error()};
    const auto found = std::ranges::find(security->targets, target);
    if (found == security->targets.end()) {
        return fail(ErrorCode::kNotFound, "BIB " + std::to_string(block_number) +
                                              " does not have the target " + std::to_string(target));
    }
    if (const auto* block = bundle.numbered(target); block != nullptr && is_security(*block))
        return fail(ErrorCode::kMalformed, "a BIB must not sign a security block (RFC 9172 3.7)");
    if (auto good = check_in_the_clear(bundle, block_number, {target}, limits); !good) return good;
    const auto message = cose_message(*security, static_cast<std::size_t>(found - security->targets.begin()),
                                      cose_result::kMac0);
    if (!message) return std::unexpected{message.error()};
    const auto mac = decode_mac0(*message);
    if (!mac) return std::unexpected{mac.error()};
    const auto parameters = read_cose_parameters(*security);
    if (!parameters) return std::unexpected{parameters.error()};
    const auto aad =
        external_aad(bundle, *bundle.numbered(block_number), security->source, target, *parameters);
    if (!aad) return std::unexpected{aad.error()};
    const auto payload = detached_payload(bundle, target);
    if (!payload) return std::unexpected{payload.error()};
    if (key.empty()) return fail(ErrorCode::kUnsupportedSecurity, "an HMAC needs a key");
    if (!same_bytes(mac->tag, tag_of(mac->variant, key, mac->headers, *aad, *payload)))
        return fail(ErrorCode::kBadSignature,
                    "the COSE_Mac0 over block " + std::to_string(target) + " does not match");
    return {};
}

}  // namespace tram::bpsec
