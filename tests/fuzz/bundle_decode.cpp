#include "tests/fuzz/bundle_decode.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/bpsec/cose_context.h"
#include "proto/bpsec/mac0.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/fragments.h"
#include "proto/bpv7/status_report.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::fuzz {

using namespace bpv7;

namespace {

bool same_block(const CanonicalBlock& a, const CanonicalBlock& b) {
    return a.type == b.type && a.number == b.number && a.flags == b.flags && a.crc_type == b.crc_type &&
           a.data == b.data;
}

bool same_bundle(const Bundle& a, const Bundle& b) {
    const PrimaryBlock& p = a.primary;
    const PrimaryBlock& q = b.primary;
    return p.flags == q.flags && p.crc_type == q.crc_type && p.destination == q.destination &&
           p.source == q.source && p.report_to == q.report_to && p.timestamp == q.timestamp &&
           p.lifetime_ms == q.lifetime_ms && p.fragment == q.fragment &&
           std::ranges::equal(a.blocks, b.blocks, same_block);
}

void check_encoding(const Bundle& bundle) {
    const Bytes wire = encode(bundle);
    const auto again = decode(wire);
    TRAM_CHECK(again && same_bundle(again->bundle, bundle));
    TRAM_CHECK(again->bundle.primary_wire == bundle.primary_wire);
    TRAM_CHECK(encode(again->bundle) == wire);
    Bundle ours = bundle;
    ours.primary_wire = Bytes{};
    const auto rewritten = decode(encode(ours));
    TRAM_CHECK(rewritten && same_bundle(rewritten->bundle, bundle));
}

void check_fragments(const Bundle& bundle) {
    if (bundle.payload().size() < 2 || bundle.primary.fragment) return;
    const std::size_t bytes_max = encode(bundle).size() - bundle.payload().size() / 2;
    const auto parts = fragment(bundle, bytes_max);
    if (!parts) return;
    for (const Bundle& part : *parts) {
        const Bytes wire = encode(part);
        TRAM_CHECK(wire.size() <= bytes_max);
        TRAM_CHECK(decode(wire).has_value());
    }
    const auto whole = reassemble(*parts);
    TRAM_CHECK(whole && whole->payload() == bundle.payload());
}

bool same_values(const std::vector<bpsec::IdValue>& a, const std::vector<bpsec::IdValue>& b) {
    return std::ranges::equal(a, b, [](const bpsec::IdValue& one, const bpsec::IdValue& other) {
        return one.id == other.id && one.value == other.value;
    });
}

void check_security_block(ByteView data) {
    const auto block = bpsec::decode_security_block(data, {});
    if (!block) return;
    const auto again = bpsec::decode_security_block(bpsec::encode_security_block(*block), {});
    TRAM_CHECK(again && again->targets == block->targets && again->context == block->context &&
               again->source == block->source && same_values(again->parameters, block->parameters) &&
               std::ranges::equal(again->results, block->results, same_values));
    if (const auto parameters = bpsec::read_cose_parameters(*block)) {
        const Bytes scope = bpsec::encode_aad_scope(parameters->scope);
        const bpsec::SecurityBlock other{.targets = {1},
                                         .source = {},
                                         .parameters = {{bpsec::cose_parameter::kAadScope, scope}},
                                         .results = {{}}};
        TRAM_CHECK(bpsec::read_cose_parameters(other).value().scope == parameters->scope);
    }
}

// Nobody has made a signature with these keys, so nothing may be found good; with the keys of RFC 9173 the
// shared vectors get as far as they can.
void check_security(const Bundle& bundle) {
    static constexpr cose::PublicKey kNobody{9};
    if (const auto claim = bpsec::read_signature(bundle, {}))
        TRAM_CHECK(!bpsec::verify(*claim, bundle.payload(), kNobody));
    const ByteView key = as_bytes("qwertyuiopasdfghqwertyuiopasdfgh");
    for (const CanonicalBlock& block : bundle.blocks) {
        if (block.type == block_type::kBlockIntegrity) {
            check_security_block(block.data);
            (void)bpsec::verify_bib_hmac(bundle, block.number, key, {});
            (void)bpsec::verify_mac0(bundle, block.number, kPayloadBlockNumber, key, {});
        }
        if (block.type == block_type::kBlockConfidentiality) {
            check_security_block(block.data);
            Bundle copy = bundle;
            const auto removed = bpsec::remove_bcb_aes_gcm(copy, block.number, key, {});
            TRAM_CHECK(removed || same_bundle(copy, bundle));
        }
    }
}

}  // namespace

void bundle_decode(ByteView input) {
    const Bytes wire = Bytes::copy_of(input);
    const auto decoded = decode(wire);
    if (!decoded) {
        TRAM_CHECK(!decoded.error().message.empty());
        TRAM_CHECK(!decode(wire, {.limits = {}, .strict = true}));
        return;
    }
    const BundleId id = decoded->bundle.id();
    TRAM_CHECK(BundleId::from_key(id.key()).value() == id);
    check_encoding(decoded->bundle);
    check_fragments(decoded->bundle);
    check_security(decoded->bundle);
}

void parts_decode(ByteView input) {
    cbor::Reader items{input};
    while (items.ok() && !items.at_end())
        items.skip();
    cbor::Reader in{input};
    const Eid eid = Eid::decode(in, {});
    if (in.ok()) {
        TRAM_CHECK(Eid::parse(eid.to_string()).value() == eid);
        cbor::Writer out;
        eid.encode(out);
        const Buffer encoded = out.take();
        cbor::Reader again{encoded};
        TRAM_CHECK(Eid::decode(again, {}) == eid && again.ok());
        TRAM_CHECK(matches(eid.to_string(), eid));
    }
    if (const auto text = Eid::parse(as_text(input)))
        TRAM_CHECK(Eid::parse(text->to_string()).value() == *text);
    if (const auto report = decode_status_report(input, {})) {
        TRAM_CHECK(decode_status_report(encode_status_report(*report), {}).has_value());
    }
    if (const auto block = decode_class(input)) TRAM_CHECK(decode_class(encode_class(*block)).has_value());
    if (const auto hops = decode_hop_count(input))
        TRAM_CHECK(decode_hop_count(encode_hop_count(*hops)).has_value());
    if (const auto node = decode_previous_node(input, {})) {
        TRAM_CHECK(decode_previous_node(encode_previous_node(*node), {}).value() == *node);
    }
    check_security_block(input);
    if (const auto message = cose::decode_sign1(input))
        TRAM_CHECK(!cose::verify_sign1(*message, cose::PublicKey{9}, {}));
    if (const auto id = BundleId::from_key(input)) TRAM_CHECK(BundleId::from_key(id->key()).value() == *id);
}

}  // namespace tram::fuzz
