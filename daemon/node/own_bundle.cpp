#include "daemon/node/own_bundle.h"

#include <sodium.h>
#include <utility>

#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"

namespace tram::node {

Result<void> can_make_bundles(const NodeOptions& options) {
    if (options.security.open || options.security.signing_key != nullptr) return {};
    return fail(ErrorCode::kNoCertificate,
                "this node has no certificate to sign with, so nothing can be sent from here: begin with "
                "`tram device init`");
}

Result<OwnBundle> make_own_bundle(Custody& custody, OwnTerms terms) {
    using namespace bpv7;
    if (auto able = can_make_bundles(custody.options()); !able)
        return std::unexpected{std::move(able.error())};
    OwnBundle made;
    Bundle& bundle = made.bundle;
    bundle.primary.flags = terms.flags | bundle_flag::kMustNotFragment;
    bundle.primary.destination = std::move(terms.destination);
    bundle.primary.source = std::move(terms.source);
    bundle.primary.report_to = std::move(terms.report_to);
    bundle.primary.timestamp = custody.next_timestamp();
    bundle.primary.lifetime_ms = terms.lifetime_ms;
    bundle.blocks.push_back(
        {block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c, std::move(terms.payload)});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kCrc16, encode_hop_count(terms.hops));
    if (terms.klass.message_id == decltype(terms.klass.message_id){}) {
        const Buffer id = bundle.id().key();
        crypto_generichash(terms.klass.message_id.data(), terms.klass.message_id.size(), id.data(), id.size(),
                           nullptr, 0);
    }
    bundle.set_block(block_type::kClass, 0, CrcType::kCrc16, encode_class(terms.klass));
    const Security& security = custody.options().security;
    if (terms.is_signed && !security.open) bpsec::sign(bundle, *security.signing_key, security.signer);
    made.wire = encode(bundle);
    return made;
}

Result<OwnBundle> make_neighbour_message(Custody& custody, const bpv7::Eid& peer, std::string_view demux,
                                         Bytes payload) {
    constexpr std::uint64_t kLifetime_ms = 600'000;
    auto destination = bpv7::Eid::parse("dtn://" + std::string{peer.node_name()} + "/" + std::string{demux});
    if (!destination) return std::unexpected{std::move(destination.error())};
    OwnTerms terms;
    terms.destination = std::move(*destination);
    terms.source = custody.options().node_id;
    terms.lifetime_ms = kLifetime_ms;
    terms.hops = {1, 1};
    terms.klass.kind = bpv7::Kind::kControl;
    terms.payload = std::move(payload);
    terms.is_signed = false;
    return make_own_bundle(custody, std::move(terms));
}

}  // namespace tram::node
