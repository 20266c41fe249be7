// Attacks with bundles, by an enrolled device that turned hostile: what the victim stores.
#include <algorithm>
#include <stdexcept>

#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/status_report.h"
#include "tests/system/hostile/cases.h"

namespace tram::hostile {

namespace {

using bpsec::AadEntry;
using identity::Usage;
namespace block_type = bpv7::block_type;

/// What an honest device may send to the victim.
BundleTerms from(const std::string& node_id) {
    return {.source = node_id + "outbox",
            .destination = kVictimInbox,
            .payload = node_id == kHonest ? "a paper" : kRotten};
}

/// One bundle over a session of the hostile device; what it learns.
std::string carry(Stage& stage, const Bytes& wire) {
    Peer peer = stage.session_of(kHostile);
    return text(peer.send(wire));
}

Bytes honest_bundle(Stage& stage, const BundleTerms& terms = from(kHonest)) {
    return signed_bundle(terms, stage.actor(kHonest).signer());
}

/// An honest bundle that `change` was made to on the way.
std::string altered(Stage& stage, const std::function<void(bpv7::Bundle&)>& change) {
    bpv7::Bundle bundle = decoded(honest_bundle(stage));
    change(bundle);
    return carry(stage, encode_changed(std::move(bundle)));
}

/// A bundle of the hostile device with a signature of its making.
std::string signed_so(Stage& stage, const SignatureTerms& terms,
                      const BundleTerms& bundle_terms = from(kHostile)) {
    bpv7::Bundle bundle = make_bundle(bundle_terms);
    sign_by_hand(bundle, stage.actor(kHostile).signer(), terms);
    return carry(stage, bpv7::encode(bundle));
}

/// A bundle of the hostile device that names `certificate`.
std::string names_certificate(Stage& stage, const std::string& source, const cose::CertificateId& certificate,
                              const cose::SigningKey* key = nullptr) {
    const Signer own = stage.actor(kHostile).signer();
    return carry(stage, signed_bundle(from(source), {key != nullptr ? key : own.key, certificate}));
}

std::string unsigned_bundle(Stage& stage) {
    return carry(stage, bpv7::encode(make_bundle(from(kHostile))));
}

std::string signed_class_only(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    SignatureTerms terms;
    terms.targets = {bundle.find(block_type::kClass)->number};
    terms.scope = bpsec::AadScope{{AadEntry::kPrimary, AadEntry::kMetadata}};
    sign_by_hand(bundle, stage.actor(kHostile).signer(), terms);
    return carry(stage, bpv7::encode(bundle));
}

std::string forged_signature(Stage& stage) {
    return signed_so(stage, {.forged = true});
}

std::string other_payload(Stage& stage) {
    return altered(
        stage, [](bpv7::Bundle& bundle) { bundle.blocks.back().data = Bytes::copy_of(as_bytes(kRotten)); });
}

std::string other_class(Stage& stage) {
    return altered(stage, [](bpv7::Bundle& bundle) {
        bundle.find(block_type::kClass)->data =
            bpv7::encode_class({.urgency = bpv7::Urgency::kExpress, .kind = bpv7::Kind::kReceipt});
    });
}

std::string other_destination(Stage& stage) {
    return altered(stage, [](bpv7::Bundle& bundle) {
        bundle.primary.destination = bpv7::Eid::parse(kVictim + "elsewhere").value();
    });
}

std::string other_lifetime(Stage& stage) {
    return altered(stage, [](bpv7::Bundle& bundle) { bundle.primary.lifetime_ms *= 1'000; });
}

std::string other_source(Stage& stage) {
    return altered(stage, [](bpv7::Bundle& bundle) {
        bundle.primary.source = bpv7::Eid::parse(kHostile + "outbox").value();
    });
}

std::string swapped(Stage& stage, std::uint64_t type) {
    const bpv7::Bundle other = decoded(honest_bundle(
        stage, {.source = kHonest + "outbox", .destination = kVictimInbox, .payload = kRotten}));
    return altered(stage, [&](bpv7::Bundle& bundle) { bundle.find(type)->data = other.find(type)->data; });
}

std::string narrow(Stage& stage, std::int64_t left_out) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    const auto klass = static_cast<std::int64_t>(bundle.find(block_type::kClass)->number);
    bpsec::AadScope scope{{AadEntry::kPrimary, AadEntry::kMetadata},
                          {klass, AadEntry::kMetadata | AadEntry::kData},
                          {AadEntry::kTarget, AadEntry::kMetadata}};
    const std::int64_t key = left_out == static_cast<std::int64_t>(block_type::kClass) ? klass : left_out;
    std::erase_if(scope, [&](const AadEntry& entry) { return entry.block == key; });
    SignatureTerms terms;
    terms.scope = scope;
    sign_by_hand(bundle, stage.actor(kHostile).signer(), terms);
    return carry(stage, bpv7::encode(bundle));
}

/// Signs with its own key and certificate, as source and security source `node_id`.
std::string signs_for(Stage& stage, const std::string& node_id) {
    return names_certificate(stage, node_id, stage.actor(kHostile).party.certificate);
}

/// A certificate for signing with a fault, that the victim has been told of.
std::string signer_of_time(Stage& stage, std::int64_t begins_in_s, std::int64_t ends_in_s) {
    const Certified made = stage.certify({.usage = Usage::kSign,
                                          .eids = {kHostile},
                                          .begins_in_s = begins_in_s,
                                          .ends_in_s = ends_in_s,
                                          .seed = {}});
    stage.tell(std::vector{made.der});
    const auto key = cose::SigningKey::from_seed(made.seed).value();
    return names_certificate(stage, kHostile, made.id(), &key);
}

std::string signed_with_tls_key(Stage& stage) {
    const Actor& actor = stage.actor(kHostile);
    const auto key = cose::SigningKey::from_seed(actor.tls.seed).value();
    return names_certificate(stage, kHostile, actor.tls_certificate.id, &key);
}

std::string signed_by_authority(Stage& stage) {
    const Certified authority = stage.province().authority(kCommune);
    const auto key = cose::SigningKey::from_seed(authority.seed).value();
    return names_certificate(stage, kHostile, authority.id(), &key);
}

std::string hmac(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    const Buffer key(48, 7);
    bundle.primary_wire = bpv7::encode_primary(bundle);
    bpsec::HmacTerms terms;
    terms.targets = {bpv7::kPayloadBlockNumber};
    terms.source = bundle.primary.source.node_id();
    if (!bpsec::add_bib_hmac(bundle, terms, key)) throw std::runtime_error{"no HMAC"};
    return carry(stage, bpv7::encode(bundle));
}

std::string two_signatures(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    const Signer signer = stage.actor(kHostile).signer();
    sign_by_hand(bundle, signer);
    sign_by_hand(bundle, signer);
    return carry(stage, bpv7::encode(bundle));
}

std::string malformed_signature(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    add_integrity_block(bundle, Bytes::copy_of(as_bytes("no security block")));
    return carry(stage, bpv7::encode(bundle));
}

/// The number of the class block is for private use: others may mean something else by it. What is signed is
/// carried, as bulk.
std::string nonsense_class(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    bundle.find(block_type::kClass)->data = Bytes::copy_of(as_bytes("no class block"));
    sign_by_hand(bundle, stage.actor(kHostile).signer());
    return carry(stage, bpv7::encode(bundle));
}

std::string hops_used_up(Stage& stage) {
    BundleTerms terms = from(kHostile);
    terms.destination = kElsewhere + "inbox";
    terms.hops = bpv7::HopCount{3, 3};
    return carry(stage, signed_bundle(terms, stage.actor(kHostile).signer()));
}

std::string from_local_node(Stage& stage) {
    BundleTerms terms = from(kHostile);
    terms.source = "ipn:!.7";
    return carry(stage, signed_bundle(terms, stage.actor(kHostile).signer()));
}

std::string lifetime_over(Stage& stage) {
    bpv7::Bundle bundle = make_bundle(from(kHostile));
    bundle.primary.timestamp.time.milliseconds -= 2 * bundle.primary.lifetime_ms;
    bpsec::sign(bundle, stage.actor(kHostile).party.signing, stage.actor(kHostile).party.certificate);
    return carry(stage, bpv7::encode(bundle));
}

std::string broken_checksum(Stage& stage) {
    const Bytes wire = honest_bundle(stage);
    Buffer bytes{wire.view().begin(), wire.view().end()};
    const auto at = std::ranges::search(bytes, as_bytes("ks07"));
    if (at.empty()) throw std::runtime_error{"no source in the bundle"};
    at.front() = 'x';
    return carry(stage, Bytes{std::move(bytes)});
}

std::string no_bundle(Stage& stage) {
    return carry(stage, Bytes::copy_of(as_bytes("no bundle at all")));
}

void must_be(const std::string& answer, const std::string& expected) {
    if (answer != expected) throw std::runtime_error{"setting the scene: " + answer};
}

std::string replay_of_stored(Stage& stage) {
    const Bytes wire = honest_bundle(stage);
    Peer honest = stage.session_of(kHonest);
    must_be(text(honest.send(wire)), "accepted");
    const std::string learned = carry(stage, wire);
    must_be(std::to_string(stage.status().bundles()), "1");
    stage.collect();
    return learned;
}

std::string replay_after_delivery(Stage& stage) {
    const Bytes wire = honest_bundle(stage);
    Peer honest = stage.session_of(kHonest);
    must_be(text(honest.send(wire)), "accepted");
    stage.collect();
    return carry(stage, wire);
}

std::string replay_after_expiry(Stage& stage) {
    BundleTerms terms = from(kHonest);
    terms.lifetime_ms = 300;
    const Bytes wire = honest_bundle(stage, terms);
    Peer honest = stage.session_of(kHonest);
    must_be(text(honest.send(wire)), "accepted");
    const bool gone = harness::wait_until([&] { return stage.status().bundles() == 0; });
    must_be(gone ? "gone" : "still here", "gone");
    return carry(stage, wire);
}

std::string replay_after_cancelling(Stage& stage) {
    const Bytes wire = honest_bundle(stage);
    Peer honest = stage.session_of(kHonest);
    must_be(text(honest.send(wire)), "accepted");
    stage.clear();
    return carry(stage, wire);
}

BundleTerms report_from(const std::string& node_id, std::string payload) {
    return {.source = node_id,
            .destination = kVictim,
            .payload = std::move(payload),
            .flags = bpv7::bundle_flag::kMustNotFragment | bpv7::bundle_flag::kAdministrativeRecord};
}

std::string nonsense_report(Stage& stage) {
    return carry(stage, signed_bundle(report_from(kHostile, "no report"), stage.actor(kHostile).signer()));
}

/// The victim sends a bundle to the honest device; the hostile one says that it has arrived.
std::string forged_report(Stage& stage) {
    const bpv7::BundleId subject = stage.send_to(kHonest + "inbox");
    bpv7::StatusReport report;
    report.items[static_cast<std::size_t>(bpv7::Assertion::kDelivered)].asserted = true;
    report.subject = subject;
    const Bytes record = bpv7::encode_status_report(report);
    const std::string learned = carry(
        stage,
        signed_bundle(report_from(kHostile, std::string{as_text(record)}), stage.actor(kHostile).signer()));
    must_be(std::to_string(stage.status().bundles()), "1");
    stage.cancel(subject.to_string());
    return learned;
}

}  // namespace

std::vector<Case> bundle_cases() {
    const std::string family = "refused.";
    const std::string no = "refused: not acceptable";
    const std::string has_it = "refused: completed: the peer already has the bundle";
    const std::string does_not_match = "its signature does not match: it was altered, or forged";
    const auto by_name = [](const std::string& node_id, Usage usage) {
        return [=](Stage& s) { return names_certificate(s, node_id, s.certificate_of(node_id, usage)); };
    };
    return {
        {"not signed", unsigned_bundle, no, family + "unsigned", "nobody has signed the payload"},
        {"class block signed, payload not", signed_class_only, no, family + "unsigned",
         "covers other blocks, but not the payload"},
        {"forged signature", forged_signature, no, family + "bad_signature", does_not_match, true},
        {"altered payload", other_payload, no, family + "bad_signature", does_not_match, true},
        {"altered class block", other_class, no, family + "bad_signature", does_not_match, true},
        {"altered destination", other_destination, no, family + "bad_signature", does_not_match, true},
        {"altered lifetime", other_lifetime, no, family + "bad_signature", does_not_match, true},
        {"payload of another valid bundle", [](Stage& s) { return swapped(s, block_type::kPayload); }, no,
         family + "bad_signature", does_not_match, true},
        {"signature of another valid bundle",
         [](Stage& s) { return swapped(s, block_type::kBlockIntegrity); }, no, family + "bad_signature",
         does_not_match, true},
        {"altered source", other_source, no, family + "wrong_node_id",
         "signed by dtn://18904-ks07/, but the source is dtn://18904-lt66/outbox"},
        {"signs for another node", [](Stage& s) { return signs_for(s, kHonest); }, no,
         family + "wrong_node_id",
         "the sign certificate of dtn://18904-lt66/ was used to sign for dtn://18904-ks07/"},
        {"names another node's certificate",
         [](Stage& s) { return names_certificate(s, kHostile, s.actor(kHonest).party.certificate); }, no,
         family + "wrong_node_id",
         "the sign certificate of dtn://18904-ks07/ was used to sign for dtn://18904-lt66/"},
        {"primary block left out of the signature", [](Stage& s) { return narrow(s, AadEntry::kPrimary); },
         no, family + "narrow_signature", "does not cover the primary block"},
        {"class block left out of the signature",
         [](Stage& s) { return narrow(s, static_cast<std::int64_t>(block_type::kClass)); }, no,
         family + "narrow_signature", "does not cover the class block"},
        {"payload's header left out of the signature", [](Stage& s) { return narrow(s, AadEntry::kTarget); },
         no, family + "narrow_signature", "does not cover the payload block's header"},
        {"certificate that nobody knows",
         [](Stage& s) { return names_certificate(s, kHostile, cose::certificate_id(as_bytes("?"))); }, no,
         family + "unknown_signer", "with which dtn://18904-lt66/ signed is not known here"},
        {"signer revoked",
         [](Stage& s) { return carry(s, signed_bundle(from(kStolen), s.actor(kStolen).signer())); }, no,
         family + "certificate_revoked", "dtn://18904-lt13/ is revoked"},
        {"signer expired", [](Stage& s) { return signer_of_time(s, -2 * kDay_s, -kDay_s); }, no,
         family + "certificate_expired", "the sign certificate of dtn://18904-lt66/ has run out"},
        {"signer not yet valid", [](Stage& s) { return signer_of_time(s, kSoon_s, kDay_s); }, no,
         family + "certificate_too_early", "the sign certificate of dtn://18904-lt66/ is not good yet"},
        {"signed with the key for TLS", signed_with_tls_key, no, family + "certificate_misused",
         "the tls certificate of dtn://18904-lt66/ was used to sign"},
        {"sealing certificate named", by_name(kOtherOffice, Usage::kSeal), no, family + "certificate_misused",
         "the seal certificate of dtn://18904-ubnd/ was used to sign"},
        {"signed by the authority itself", signed_by_authority, no, family + "certificate_misused",
         "the authority certificate of dtn://18904/ was used to sign"},
        {"unknown security context", [](Stage& s) { return signed_so(s, {.context = 99}); }, no,
         family + "unsupported_security", "in the security context 99"},
        {"HMAC instead of a signature", hmac, no, family + "unsupported_security",
         "in the security context 1"},
        {"unknown COSE algorithm", [](Stage& s) { return signed_so(s, {.algorithm = -7}); }, no,
         family + "unsupported_security", "by another algorithm than EdDSA"},
        {"unknown critical COSE header",
         [](Stage& s) { return signed_so(s, {.unknown_critical_header = true}); }, no,
         family + "unsupported_security", "a critical header that is not known"},
        {"certificate not named", [](Stage& s) { return signed_so(s, {.names_certificate = false}); }, no,
         family + "unsupported_security", "does not name its certificate by SHA-256"},
        {"two signatures", two_signatures, no, family + "unsupported_security",
         "two blocks sign the payload"},
        {"truncated signature", [](Stage& s) { return signed_so(s, {.signature_bytes = 63}); }, no,
         family + "malformed", "a signature of 63"},
        {"malformed integrity block", malformed_signature, no, family + "malformed",
         "security block 5 (RFC 9172 3.6)"},
        {"not a bundle", no_bundle, no, family + "malformed",
         "primary block (RFC 9171 4.3.1): expected an array"},
        {"changed without correcting the checksum", broken_checksum, no, family + "bad_crc",
         "the CRC does not match"},
        {"lifetime over on arrival", lifetime_over, no, family + "expired", "its lifetime is over"},
        {"hop limit used up", hops_used_up, no, family + "forbidden", "its hop limit is used up"},
        {"from LocalNode", from_local_node, no, family + "forbidden", "LocalNode endpoints never leave"},
        {"replay of a bundle that is here", replay_of_stored, has_it, family + "duplicate",
         "it is here already"},
        {"replay after delivery", replay_after_delivery, has_it, family + "duplicate",
         "it was delivered here before"},
        {"replay after expiry", replay_after_expiry, has_it, family + "duplicate",
         "it has expired here before"},
        {"replay after cancelling", replay_after_cancelling, no, family + "forbidden",
         "it was cancelled here"},
        {"forged delivery report", forged_report, no, family + "wrong_node_id",
         "reports the delivery of a bundle for dtn://18904-ks07/inbox"},
        {"a report that is none", nonsense_report, no, family + "malformed",
         "administrative record: status report"},
    };
}

std::vector<Case> honest_bundles() {
    const auto taken = [](const std::function<std::string(Stage&)>& attack) {
        return [=](Stage& stage) {
            const std::string learned = attack(stage);
            must_be(std::to_string(stage.status().bundles()), "1");
            stage.collect();
            return learned;
        };
    };
    return {
        {"a bundle of the carrier's own",
         taken([](Stage& s) { return carry(s, signed_bundle(from(kHostile), s.actor(kHostile).signer())); }),
         "accepted",
         {},
         {}},
        {"a private block of another kind under our number", taken(nonsense_class), "accepted", {}, {}},
        {"a bundle signed by hand", taken([](Stage& s) { return signed_so(s, {}); }), "accepted", {}, {}},
        {"a bundle of somebody else",
         taken([](Stage& s) { return carry(s, honest_bundle(s)); }),
         "accepted",
         {},
         {}},
        {"a bundle of another commune",
         taken([](Stage& s) {
             return carry(s, signed_bundle(from(kElsewhere), s.actor(kElsewhere).signer()));
         }),
         "accepted",
         {},
         {}},
    };
}

}  // namespace tram::hostile
