#include "tests/system/hostile/forge.h"

#include <atomic>
#include <chrono>
#include <stdexcept>

#include "proto/bpsec/security_block.h"
#include "proto/bpsec/signature.h"
#include "proto/cbor/writer.h"

namespace tram::hostile {

namespace {

namespace block_type = bpv7::block_type;
using bpsec::AadEntry;

template <typename T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error{"forging failed: " + result.error().message};
    return std::move(*result);
}

bpv7::Eid eid(const std::string& text) {
    return value_of(bpv7::Eid::parse(text));
}

bpv7::CreationTimestamp next_timestamp() {
    static std::uint64_t sequence = 0;
    const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(unix_time).count();
    return {DtnTime{static_cast<std::uint64_t>(ms) - kDtnEpochUnixSeconds * 1'000}, ++sequence};
}

bpsec::AadScope wide_scope(const bpv7::Bundle& bundle) {
    bpsec::AadScope scope{{AadEntry::kPrimary, AadEntry::kMetadata}};
    if (const bpv7::CanonicalBlock* block = bundle.find(block_type::kClass)) {
        scope.push_back({static_cast<std::int64_t>(block->number), AadEntry::kMetadata | AadEntry::kData});
    }
    scope.push_back({AadEntry::kTarget, AadEntry::kMetadata});
    return scope;
}

Buffer protected_header(const Signer& signer, const SignatureTerms& terms) {
    constexpr std::int64_t kUnknownHeader = 999;
    cbor::Writer out;
    out.open_map(1 + (terms.unknown_critical_header ? 2U : 0U) + (terms.names_certificate ? 1U : 0U));
    out.write_integer(1);
    out.write_integer(terms.algorithm);
    if (terms.unknown_critical_header) {
        out.write_integer(2);
        out.open_array(1);
        out.write_integer(kUnknownHeader);
        out.write_integer(kUnknownHeader);
        out.write_integer(0);
    }
    if (terms.names_certificate) {
        out.write_integer(34);
        out.open_array(2);
        out.write_integer(-16);
        out.write_bytes(signer.certificate);
    }
    return out.take();
}

/// A COSE_Sign1 over `payload`, detached (RFC 9052 4.2, 4.4), in the byte string that a result is.
Bytes sign1_result(const Signer& signer, const SignatureTerms& terms, ByteView aad, ByteView payload) {
    const Buffer header = protected_header(signer, terms);
    cbor::Writer covered;
    covered.open_array(4);
    covered.write_text("Signature1");
    covered.write_bytes(header);
    covered.write_bytes(aad);
    covered.write_bytes(payload);
    const cose::Signature made = signer.key->sign(covered.take());
    Buffer signature{made.begin(), made.end()};
    if (terms.forged) signature[7] ^= 1;
    signature.resize(terms.signature_bytes);
    cbor::Writer message;
    message.open_array(4);
    message.write_bytes(header);
    message.open_map(0);
    message.write_null();
    message.write_bytes(signature);
    cbor::Writer result;
    result.write_bytes(message.take());
    return Bytes{result.take()};
}

}  // namespace

bpv7::Bundle make_bundle(const BundleTerms& terms) {
    bpv7::Bundle bundle;
    bundle.primary.flags = terms.flags;
    bundle.primary.destination = eid(terms.destination);
    bundle.primary.source = eid(terms.source);
    bundle.primary.timestamp = next_timestamp();
    bundle.primary.lifetime_ms = terms.lifetime_ms;
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = bpv7::kPayloadBlockNumber,
                             .crc_type = bpv7::CrcType::kNone,
                             .data = Bytes::copy_of(as_bytes(terms.payload))});
    const auto add = [&](std::uint64_t type, Bytes data) {
        bundle.set_block(type, 0, bpv7::CrcType::kNone, std::move(data));
    };
    add(block_type::kBundleAge, bpv7::encode_bundle_age(0));
    if (terms.hops) add(block_type::kHopCount, bpv7::encode_hop_count(*terms.hops));
    if (terms.class_block) add(block_type::kClass, bpv7::encode_class(*terms.class_block));
    return bundle;
}

Bytes signed_bundle(const BundleTerms& terms, const Signer& signer) {
    bpv7::Bundle bundle = make_bundle(terms);
    bpsec::sign(bundle, *signer.key, signer.certificate);
    return bpv7::encode(bundle);
}

bpv7::Bundle decoded(const Bytes& wire) {
    return value_of(bpv7::decode(wire)).bundle;
}

Bytes encode_changed(bpv7::Bundle bundle) {
    bundle.primary_wire = {};
    return bpv7::encode(bundle);
}

void sign_by_hand(bpv7::Bundle& bundle, const Signer& signer, const SignatureTerms& terms) {
    bundle.primary_wire = bpv7::encode_primary(bundle);
    bpv7::CanonicalBlock block{
        .type = block_type::kBlockIntegrity, .number = bundle.free_block_number(), .data = {}};
    bpsec::SecurityBlock security{.targets = terms.targets,
                                  .context = terms.context,
                                  .source = terms.source.value_or(bundle.primary.source.node_id()),
                                  .parameters = {},
                                  .results = {}};
    const bpsec::CoseParameters parameters{.scope = terms.scope.value_or(wide_scope(bundle)),
                                           .additional_protected = {}};
    security.parameters.push_back(
        {bpsec::cose_parameter::kAadScope, bpsec::encode_aad_scope(parameters.scope)});
    for (const std::uint64_t target : terms.targets) {
        const Buffer aad = value_of(bpsec::external_aad(bundle, block, security.source, target, parameters));
        const ByteView payload = value_of(bpsec::detached_payload(bundle, target));
        security.results.push_back({{bpsec::cose_result::kSign1, sign1_result(signer, terms, aad, payload)}});
    }
    add_integrity_block(bundle, bpsec::encode_security_block(security));
}

void add_integrity_block(bpv7::Bundle& bundle, Bytes data) {
    bpv7::CanonicalBlock block{
        .type = block_type::kBlockIntegrity, .number = bundle.free_block_number(), .data = std::move(data)};
    bundle.blocks.insert(bundle.blocks.end() - 1, std::move(block));
}

}  // namespace tram::hostile
