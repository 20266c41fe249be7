// Attacks on links: who gets a session with the victim.
#include <array>

#include "tests/system/hostile/cases.h"

namespace tram::hostile {

namespace {

using identity::Usage;

const Buffer kContactHeader = {'d', 't', 'n', '!', 4, 1};  // RFC 9174 4.2, with CAN_TLS

CertificateTerms for_tls(const std::string& node_id) {
    return {.eids = {node_id}};
}

std::string knock_with(Stage& stage, const std::string& announced, TlsTerms tls) {
    Peer peer = stage.call({.node_id = announced, .tls = std::move(tls)});
    return knock(peer);
}

std::string without_tls(Stage& stage) {
    Peer peer = stage.call({
        .node_id = kHostile,
    });
    return knock(peer);
}

std::string old_tls(Stage& stage) {
    TlsTerms tls = stage.actor(kHostile).tls;
    tls.only_tls12 = true;
    return knock_with(stage, kHostile, tls);
}

std::string garbage(Stage& stage) {
    Connection connection = stage.connect();
    connection.send(kContactHeader);
    (void)connection.receive(harness::kPatience);  // the victim's header: from here on it wants TLS
    connection.send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    while (const auto got = connection.receive(harness::kPatience)) {
        if (got->empty()) return "closed";
    }
    return "silence";
}

std::string no_certificate(Stage& stage) {
    return knock_with(stage, kHostile, {});
}

std::string foreign_chain(Stage& stage, bool with_root) {
    const Certified authority = stage.foreign_province().authority(kCommune);
    const Certified device = harness::certify(for_tls(kHonest), &authority);
    TlsTerms tls{.chain = {device.der, authority.der}, .seed = device.seed};
    if (with_root) tls.chain.push_back(stage.foreign_province().authority("").der);
    return knock_with(stage, kHonest, tls);
}

std::string self_signed(Stage& stage) {
    const Certified device = harness::certify(for_tls(kHonest), nullptr);
    return knock_with(stage, kHonest, {.chain = {device.der}, .seed = device.seed});
}

std::string expired(Stage& stage) {
    CertificateTerms terms = for_tls(kHostile);
    terms.begins_in_s = -2 * kDay_s;
    terms.ends_in_s = -kDay_s;
    return knock_with(stage, kHostile, stage.tls_with(terms));
}

std::string too_early(Stage& stage) {
    CertificateTerms terms = for_tls(kHostile);
    terms.begins_in_s = kSoon_s;
    terms.ends_in_s = kDay_s;
    return knock_with(stage, kHostile, stage.tls_with(terms));
}

std::string wrong_commune(Stage& stage) {
    return knock_with(stage, kHonest, stage.tls_with(for_tls(kHonest), kOtherCommune));
}

std::string with_node_ids(Stage& stage, std::vector<std::string> node_ids) {
    return knock_with(stage, kHostile, stage.tls_with({.eids = std::move(node_ids)}));
}

std::string with_usage(Stage& stage, Usage usage) {
    return knock_with(stage, kHostile, stage.tls_with({.usage = usage, .eids = {kHostile}}));
}

/// What a sealing certificate may be used for, around a key that TLS could use.
std::string sealing_usages(Stage& stage) {
    CertificateTerms terms = for_tls(kHostile);
    terms.usage = Usage::kSeal;
    terms.ed25519 = true;
    return knock_with(stage, kHostile, stage.tls_with(terms));
}

std::string authority_as_leaf(Stage& stage) {
    const Certified authority = stage.province().authority(kCommune);
    return knock_with(stage, kHostile, {.chain = {authority.der}, .seed = authority.seed});
}

/// The hostile device signs a certificate for the honest one.
std::string certified_by_device(Stage& stage) {
    const TlsTerms& own = stage.actor(kHostile).tls;
    const Certified signer{.der = own.chain.front(), .seed = own.seed};
    const Certified device = harness::certify(for_tls(kHonest), &signer);
    return knock_with(stage, kHonest,
                      {.chain = {device.der, own.chain[0], own.chain[1]}, .seed = device.seed});
}

std::string certified_by_device_authority(Stage& stage) {
    CertificateTerms terms = for_tls(kHostile);
    terms.may_certify = true;
    const Certified middle = stage.certify(terms);
    const Certified device = harness::certify(for_tls(kHonest), &middle);
    return knock_with(
        stage, kHonest,
        {.chain = {device.der, middle.der, stage.province().authority(kCommune).der}, .seed = device.seed});
}

std::string forged_certificate(Stage& stage) {
    TlsTerms tls = stage.tls_with(for_tls(kHonest));
    tls.chain.front() = harness::with_forged_signature(tls.chain.front());
    return knock_with(stage, kHonest, tls);
}

/// Shows the honest device's certificate, which is no secret, without having its key.
std::string without_the_key(Stage& stage) {
    TlsTerms tls = stage.actor(kHonest).tls;
    tls.seed = harness::random_seed();
    return knock_with(stage, kHonest, tls);
}

std::string long_certificate(Stage& stage) {
    CertificateTerms terms = for_tls(kHostile);
    terms.comment_bytes = 32U << 10;
    return knock_with(stage, kHostile, stage.tls_with(terms));
}

std::string long_chain(Stage& stage) {
    TlsTerms tls = stage.actor(kHostile).tls;
    for (int i = 0; i < 4; ++i)
        tls.chain.push_back(stage.province().authority(kCommune).der);
    return knock_with(stage, kHostile, tls);
}

/// Offers TLS and says nothing more.
std::string silent(Stage& stage) {
    Connection connection = stage.connect();
    connection.send(kContactHeader);
    while (const auto got = connection.receive(harness::kPatience)) {
        if (got->empty()) return "closed";
    }
    return "silence";
}

/// Another device of the commune whose certificate names the victim.
std::string victims_own_id(Stage& stage) {
    Peer peer = stage.call({.node_id = kVictim, .tls = stage.tls_with(for_tls(kVictim))});
    const std::string before = peer.establish() && peer.wait_for_end() ? "session, " : "";
    return before + peer.ending();
}

}  // namespace

std::vector<Case> link_cases() {
    const std::string family = "links_refused.";
    return {
        {"no TLS offered", without_tls, "ended: no_tls", family + "no_tls", "the peer does not offer it"},
        {"TLS 1.2 only", old_tls, "alert 70", family + "tls_failed", "speaks only TLS 1.2 or older"},
        {"garbage instead of a ClientHello", garbage, "closed", family + "tls_failed", "is not TLS at all"},
        {"no client certificate", no_certificate, "alert 116", family + "no_certificate",
         "the peer showed no certificate"},
        {"unknown authority, of the same name", [](Stage& s) { return foreign_chain(s, false); }, "alert 48",
         family + "unknown_authority",
         "the authority certificate of dtn://18904/ was issued by an authority that is not known"},
        {"unknown root in the chain", [](Stage& s) { return foreign_chain(s, true); }, "alert 48",
         family + "unknown_authority", "the root certificate of Elsewhere is not trusted here"},
        {"self-signed", self_signed, "alert 48", family + "unknown_authority",
         "the tls certificate of dtn://18904-ks07/ was issued by an authority that is not known"},
        {"expired", expired, "alert 45", family + "certificate_expired", "has run out"},
        {"not yet valid", too_early, "alert 45", family + "certificate_too_early", "is not good yet"},
        {"another node's id announced",
         [](Stage& s) { return knock_with(s, kHonest, s.actor(kHostile).tls); }, "ended: wrong_node_id",
         family + "wrong_node_id", "announces the node id dtn://18904-ks07/, but its certificate names"},
        {"no node id announced", [](Stage& s) { return knock_with(s, "", s.actor(kHostile).tls); },
         "ended: wrong_node_id", family + "wrong_node_id", "announces no node id, but its certificate names"},
        {"certified by another commune", wrong_commune, "alert 46", family + "wrong_commune",
         "was signed by another commune, dtn://19000/"},
        {"certificate without node id", [](Stage& s) { return with_node_ids(s, {}); }, "alert 43",
         family + "certificate_misused", "must name one node"},
        {"certificate with two node ids", [](Stage& s) { return with_node_ids(s, {kHostile, kHonest}); },
         "alert 43", family + "certificate_misused", "exactly one alternative name"},
        {"signing certificate used for TLS", [](Stage& s) { return with_usage(s, Usage::kSign); }, "alert 43",
         family + "certificate_misused", "the sign certificate of dtn://18904-lt66/ is not meant for TLS"},
        {"sealing certificate used for TLS", sealing_usages, "alert 43", family + "certificate_misused",
         "usages contradict each other"},
        {"authority certificate as leaf", authority_as_leaf, "alert 43", family + "certificate_misused",
         "the authority certificate of dtn://18904/ is not meant for TLS"},
        {"certified by a device", certified_by_device, "alert 43", family + "certificate_misused",
         "was signed with a device's key, which certifies nothing"},
        {"certified by a device that calls itself an authority", certified_by_device_authority, "alert 43",
         family + "certificate_misused", "may certify others and has another usage"},
        {"forged certificate", forged_certificate, "alert 51", family + "bad_signature",
         "the signature of the tls certificate of dtn://18904-ks07/ is wrong"},
        {"another node's certificate without its key", without_the_key, "alert 51", family + "tls_failed",
         "bad signature"},
        {"revoked device", [](Stage& s) { return knock_with(s, kStolen, s.actor(kStolen).tls); }, "alert 44",
         family + "certificate_revoked", "the tls certificate of dtn://18904-lt13/ is revoked"},
        {"device of a revoked authority",
         [](Stage& s) { return knock_with(s, kFallen, s.actor(kFallen).tls); }, "alert 44",
         family + "certificate_revoked", "by an authority that is revoked"},
        {"the victim's own node id", victims_own_id, "session, ended: wrong_node_id", family + "forbidden",
         "announces our own id"},
        {"chain of 32 KiB", long_certificate, "alert 47", family + "too_large", "16 KiB"},
        {"silent in the TLS handshake", silent, "closed", family + "unavailable",
         "did not complete the session's start in time"},
        {"chain of six certificates", long_chain, "alert 42", family + "too_large", "6 certificates"},
    };
}

std::vector<Case> honest_links() {
    return {
        {"a certificate of the harness",
         [](Stage& s) { return with_node_ids(s, {kHostile}); },
         "session",
         {},
         {}},
        {"a device of the other commune",
         [](Stage& s) { return knock_with(s, kElsewhere, s.actor(kElsewhere).tls); },
         "session",
         {},
         {}},
        {"a chain with the root",
         [](Stage& s) {
             TlsTerms tls = s.actor(kHonest).tls;
             tls.chain.push_back(s.province().authority("").der);
             return knock_with(s, kHonest, tls);
         },
         "session",
         {},
         {}},
    };
}

}  // namespace tram::hostile
