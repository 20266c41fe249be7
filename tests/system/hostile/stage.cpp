#include "tests/system/hostile/stage.h"

#include <stdexcept>

#include "proto/identity/trust_bundle.h"
#include "tests/system/harness/workload.h"

namespace tram::hostile {

Stage::Stage()
    : province_{directory_.path() / "province", "Quang Binh"},
      foreign_{directory_.path() / "foreign", "Elsewhere"},
      victim_{directory_, "victim", populate()},
      api_{victim_.api()} {
    if (!victim_.start_and_wait()) throw std::runtime_error{"the victim does not start:\n" + victim_.log()};
    std::vector<Bytes> signers{province_.authority(kOtherCommune).der};
    for (const auto& [node_id, actor] : actors_) {
        if (node_id != kFallen) signers.push_back(province_.identity(node_id).signing.der);
    }
    tell(signers);
    tell(fallen_);
}

/// Enrols everybody; the victim's settings. It comes last, so that it knows the offices and who is revoked.
config::Config Stage::populate() {
    province_.add_authority(kOtherCommune);
    province_.add_authority(kFallenCommune);
    for (const std::string& node_id : {kHonest, kHostile, kStolen, kElsewhere, kFallen})
        add_actor(node_id);
    add_actor(kOtherOffice, true);
    // Two lists, so that the first one is outdated.
    (void)province_.enrol(kBroken);
    (void)province_.revoke(kBroken);
    (void)province_.revoke(kStolen);
    fallen_ = province_.revoke("dtn://" + kFallenCommune + "/");
    config::Config config = province_.enrol(kVictim, true);
    config.routing.router = config::RouterKind::kDirect;
    config.log.level = config::LogLevel::kDebug;
    return config;
}

void Stage::add_actor(const std::string& node_id, bool sealing) {
    (void)province_.enrol(node_id, sealing);
    const auto key = [&](const char* name) {
        return harness::read_key_file(province_.files_of(node_id) / name);
    };
    const enrol::Identity identity = province_.identity(node_id);
    const Bytes authority = province_.authority(std::string{identity::commune_of(node_id)}).der;
    // Who is no office has a sealing key that nobody knows of.
    const Buffer secret = sealing ? key("seal.key") : harness::random_seed();
    actors_.emplace(node_id, Actor{.tls = {.chain = {identity.tls.der, authority}, .seed = key("tls.key")},
                                   .tls_certificate = identity.tls,
                                   .party = {.node_id = node_id,
                                             .signing = cose::SigningKey::from_seed(key("sign.key")).value(),
                                             .certificate = identity.signing.id,
                                             .sealing = envelope::SealingKey::from_secret(secret).value()}});
}

Certified Stage::certify(const CertificateTerms& terms, const std::string& commune) const {
    const Certified authority = province_.authority(commune);
    return harness::certify(terms, &authority);
}

TlsTerms Stage::tls_with(const CertificateTerms& terms, const std::string& commune) const {
    const Certified authority = province_.authority(commune);
    const Certified made = harness::certify(terms, &authority);
    return {.chain = {made.der, authority.der}, .seed = made.seed};
}

Peer Stage::call(PeerTerms terms) const {
    return Peer{connect(), Side::kCaller, std::move(terms)};
}

Peer Stage::session_of(const std::string& node_id) const {
    Peer peer = call({.node_id = node_id, .tls = actor(node_id).tls});
    if (!peer.establish()) throw std::runtime_error{node_id + " gets no session: " + victim_.log()};
    return peer;
}

void Stage::tell(const std::vector<Bytes>& certificates) {
    identity::TrustBundle bundle;
    for (const Bytes& der : certificates)
        bundle.certificates.push_back(identity::read_certificate(der).value());
    tell(identity::encode_trust(bundle));
}

void Stage::tell(ByteView encoded_trust) {
    const auto told = harness::trust(api_, encoded_trust);
    if (!told) throw std::runtime_error{"the victim takes no certificates: " + told.error().message};
}

cose::CertificateId Stage::certificate_of(const std::string& node_id, identity::Usage usage) const {
    const enrol::Identity identity = province_.identity(node_id);
    switch (usage) {
        case identity::Usage::kTls: return identity.tls.id;
        case identity::Usage::kSign: return identity.signing.id;
        case identity::Usage::kSeal: return identity.sealing.value().id;
        case identity::Usage::kRoot:
        case identity::Usage::kAuthority: break;
    }
    throw std::logic_error{"no certificate of a device"};
}

envelope::SealingPublicKey Stage::sealing_key_of(const std::string& node_id) const {
    return province_.identity(node_id).sealing.value().public_key;
}

void Stage::collect() {
    harness::Mailbox mailbox;
    harness::collect(api_, kVictimInbox, mailbox);
}

bpv7::BundleId Stage::send_to(const std::string& endpoint) {
    const auto sent = api_.send(endpoint, as_bytes("an answer"));
    if (!sent) throw std::runtime_error{"the victim sends nothing: " + sent.error().message};
    harness::pb::Request request;
    request.mutable_show_bundle()->set_name(*sent);
    const auto shown = api_.call(request);
    if (!shown) throw std::runtime_error{"the victim does not show " + *sent + ": " + shown.error().message};
    const harness::pb::ShowBundleReply& bundle = shown->reply.show_bundle();
    return {.source = bpv7::Eid::parse(bundle.bundle().source()).value(),
            .timestamp = {DtnTime{bundle.creation_time_ms()}, bundle.sequence()},
            .fragment = {}};
}

void Stage::cancel(const std::string& bundle) {
    harness::pb::Request request;
    request.mutable_cancel_bundle()->set_name(bundle);
    const auto done = api_.call(request);
    if (!done) throw std::runtime_error{"cannot cancel: " + done.error().message};
}

void Stage::clear() {
    clear("");
}

void Stage::clear_own() {
    clear(kVictim);
}

void Stage::clear(const std::string& source) {
    harness::pb::Request request;
    request.mutable_list_bundles()->set_source(source);
    const auto listed = api_.call(request);
    if (!listed) throw std::runtime_error{"cannot list: " + listed.error().message};
    for (const harness::pb::Bundle& bundle : listed->reply.list_bundles().bundles())
        cancel(bundle.bundle_id());
}

harness::pb::StatusReply Stage::status() {
    auto status = api_.status();
    if (!status) throw std::runtime_error{"the victim does not answer: " + status.error().message};
    return std::move(*status);
}

std::string knock(Peer& peer) {
    if (peer.establish()) return "session";
    return peer.ending();
}

std::string text(const Answer& answer) {
    switch (answer.fate) {
        case Answer::Fate::kSilence: return "silence";
        case Answer::Fate::kAccepted: return "accepted";
        case Answer::Fate::kRefused: return "refused: " + std::string{tcpcl::reason_text(answer.reason)};
        case Answer::Fate::kGone: return "gone";
    }
    return {};
}

}  // namespace tram::hostile
