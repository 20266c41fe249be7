// Attacks with what neighbours tell each other about trust.
#include <array>

#include "proto/cbor/writer.h"
#include "tests/system/hostile/cases.h"

namespace tram::hostile {

namespace {

using identity::Usage;

// daemon/node/trust_messages.h, by hand.
constexpr std::uint16_t kExtension = 0x8001;
const std::string kTrustEndpoint = kVictim + "tram/trust";

Peer partner(Stage& stage, bool takes_part = true) {
    PeerTerms terms{.node_id = kHostile, .tls = stage.actor(kHostile).tls};
    if (takes_part) terms.extensions.push_back({0, kExtension, Bytes{Buffer{1}}});
    Peer peer = stage.call(std::move(terms));
    if (!peer.establish()) throw std::runtime_error{"no session for the trust exchange"};
    return peer;
}

Bytes trust_bundle(Stage& stage, const std::string& from, const Bytes& message) {
    const BundleTerms terms{.source = from,
                            .destination = kTrustEndpoint,
                            .payload = std::string{as_text(message)},
                            .class_block = bpv7::ClassBlock{.kind = bpv7::Kind::kControl},
                            .hops = bpv7::HopCount{1, 1}};
    return signed_bundle(terms, stage.actor(from).signer());
}

std::string say(Stage& stage, const Bytes& message) {
    Peer peer = partner(stage);
    return text(peer.send(trust_bundle(stage, kHostile, message)));
}

Bytes hello(std::uint64_t version = 1) {
    cbor::Writer out;
    out.open_array(5);
    out.write_unsigned(0);
    out.write_unsigned(version);
    out.write_bool(true);
    out.open_array(0);
    out.open_array(0);
    return Bytes{out.take()};
}

Bytes items(const std::vector<Bytes>& lists, const std::vector<Bytes>& certificates) {
    cbor::Writer out;
    out.open_array(3);
    out.write_unsigned(1);
    for (const auto* blobs : {&lists, &certificates}) {
        out.open_array(blobs->size());
        for (const Bytes& blob : *blobs)
            out.write_bytes(blob);
    }
    return Bytes{out.take()};
}

struct ListTerms {
    std::string authority = "dtn://18904/";
    std::uint64_t number = 1'000;
    bool forged = false;
};

/// A revocation list (proto/identity/revocation.h) signed by whoever has `key`.
Bytes revocation_list(const ListTerms& terms, const cose::CertificateId& signer, ByteView seed) {
    cbor::Writer payload;
    payload.open_array(5);
    payload.write_unsigned(1);
    payload.write_text(terms.authority);
    payload.write_unsigned(terms.number);
    payload.write_unsigned(1'790'000'000);
    payload.open_array(0);
    const auto key = cose::SigningKey::from_seed(seed).value();
    const Bytes list =
        cose::sign1(key, signer, as_bytes("tram revocation list"), payload.take(), cose::Payload::kAttached);
    Buffer wire{list.view().begin(), list.view().end()};
    if (terms.forged) wire.back() ^= 1;
    return Bytes{std::move(wire)};
}

std::string by_authority(Stage& stage, const ListTerms& terms, const std::string& commune) {
    const Certified authority = stage.province().authority(commune);
    return say(stage, items({revocation_list(terms, authority.id(), authority.seed)}, {}));
}

std::string by_device(Stage& stage) {
    const Actor& actor = stage.actor(kHostile);
    return say(stage, items({revocation_list({}, actor.tls_certificate.id, actor.tls.seed)}, {}));
}

std::string by_stranger(Stage& stage) {
    return say(stage,
               items({revocation_list({}, cose::certificate_id(as_bytes("?")), harness::random_seed())}, {}));
}

std::string certificate(Stage& stage, const Bytes& der) {
    return say(stage, items({}, {der}));
}

std::string from_third_node(Stage& stage) {
    Peer peer = partner(stage);
    return text(peer.send(trust_bundle(stage, kHonest, hello())));
}

std::string without_taking_part(Stage& stage) {
    Peer peer = partner(stage, false);
    return text(peer.send(trust_bundle(stage, kHostile, hello())));
}

std::string two_hellos(Stage& stage) {
    Peer peer = partner(stage);
    (void)peer.send(trust_bundle(stage, kHostile, hello()));
    return text(peer.send(trust_bundle(stage, kHostile, hello())));
}

}  // namespace

std::vector<Case> trust_cases() {
    const std::string family = "refused.";
    const std::string no = "refused: not acceptable";
    const CertificateTerms somebody{.usage = Usage::kSign, .eids = {kHonest}};
    return {
        {"trust message of a third node", from_third_node, no, family + "wrong_node_id",
         "a message of the trust exchange from dtn://18904-ks07/ came from dtn://18904-lt66/"},
        {"trust message without taking part", without_taking_part, no, family + "forbidden",
         "trust is exchanged only with neighbours that take part"},
        {"nonsense instead of a hello", [](Stage& s) { return say(s, Bytes::copy_of(as_bytes("hello"))); },
         no, family + "malformed", "trust exchange: expected an array"},
        {"second hello", two_hellos, no, family + "duplicate", "this peer has said hello already"},
        {"hello of an unknown version", [](Stage& s) { return say(s, hello(9)); }, no,
         family + "unsupported_version", "only version 1 of the trust exchange"},
        {"forged revocation list", [](Stage& s) { return by_authority(s, {.forged = true}, kCommune); }, no,
         family + "bad_signature", "the signature of the revocation list of dtn://18904/ is wrong"},
        {"outdated revocation list", [](Stage& s) { return by_authority(s, {.number = 1}, kCommune); }, no,
         family + "outdated", "has number 1, but number"},
        {"revocation list by another commune", [](Stage& s) { return by_authority(s, {}, kOtherCommune); },
         no, family + "wrong_commune",
         "the revocation list of dtn://18904/ was signed with the authority certificate of dtn://19000/"},
        {"revocation list by a device", by_device, no, family + "certificate_misused",
         "a revocation list was signed with the tls certificate of dtn://18904-lt66/"},
        {"revocation list by a stranger", by_stranger, no, family + "unknown_authority",
         "the revocation list of dtn://18904/ was signed by nobody who is known here"},
        {"certificate for another commune",
         [=](Stage& s) { return certificate(s, s.certify(somebody, kOtherCommune).der); }, no,
         family + "wrong_commune", "the sign certificate of dtn://18904-ks07/ was signed by another commune"},
        {"forged certificate",
         [=](Stage& s) { return certificate(s, harness::with_forged_signature(s.certify(somebody).der)); },
         no, family + "bad_signature", "the signature of the sign certificate of dtn://18904-ks07/ is wrong"},
        {"certificate by an unknown authority",
         [=](Stage& s) {
             const Certified stranger = s.foreign_province().authority(kCommune);
             return certificate(s, harness::certify(somebody, &stranger).der);
         },
         no, family + "unknown_authority",
         "the sign certificate of dtn://18904-ks07/ was issued by an authority that is not known"},
        {"new root", [](Stage& s) { return certificate(s, s.foreign_province().authority("").der); }, no,
         family + "unknown_authority", "the root certificate of Elsewhere is not trusted here"},
        {"certificate signed by a device",
         [=](Stage& s) {
             const TlsTerms& own = s.actor(kHostile).tls;
             const Certified signer{.der = own.chain.front(), .seed = own.seed};
             return certificate(s, harness::certify(somebody, &signer).der);
         },
         no, family + "certificate_misused", "was signed with a device's key"},
        {"certificate of a revoked authority",
         [=](Stage& s) {
             return certificate(s, s.certify({.usage = Usage::kSign, .eids = {kFallen}}, kFallenCommune).der);
         },
         no, family + "certificate_revoked", "was issued by an authority that is revoked"},
    };
}

std::vector<Case> honest_trust() {
    return {
        {"a hello", [](Stage& s) { return say(s, hello()); }, "accepted", {}, {}},
        {"a new certificate",
         [](Stage& s) { return certificate(s, s.certify({.usage = Usage::kSign, .eids = {kHonest}}).der); },
         "accepted",
         {},
         {}},
        {"a newer list", [](Stage& s) { return by_authority(s, {}, kCommune); }, "accepted", {}, {}},
    };
}

}  // namespace tram::hostile
