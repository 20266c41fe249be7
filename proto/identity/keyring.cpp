#include "proto/identity/keyring.h"

#include <algorithm>
#include <tuple>

namespace tram::identity {

namespace {

bool certifies_others(const Certificate& certificate) {
    return certificate.usage == Usage::kRoot || certificate.usage == Usage::kAuthority;
}

// For messages: "the tls certificate of dtn://18904-ks07/".
std::string describe(const Certificate& certificate) {
    const std::string& who = certificate.eid.empty() ? certificate.name : certificate.eid;
    return "the " + std::string{usage_name(certificate.usage)} + " certificate of " + who;
}

// Who may certify whom. The signature is another question.
Result<void> may_certify(const Certificate& issuer, const Certificate& certificate) {
    if (!certifies_others(issuer)) {
        return fail(ErrorCode::kCertificateMisused,
                    describe(certificate) + " was signed with a device's key, which certifies nothing");
    }
    const bool for_authority = certificate.usage == Usage::kAuthority;
    if (for_authority != (issuer.usage == Usage::kRoot)) {
        return fail(ErrorCode::kCertificateMisused,
                    for_authority
                        ? describe(certificate) + " was signed by an authority; only a root may do that"
                        : describe(certificate) + " was signed by a root; only its commune may do that");
    }
    if (!for_authority && commune_of(issuer.eid) != commune_of(certificate.eid)) {
        return fail(ErrorCode::kWrongCommune,
                    describe(certificate) + " was signed by another commune, " + issuer.eid);
    }
    return {};
}

bool same_bytes(const Bytes& a, const Bytes& b) {
    return std::ranges::equal(a.view(), b.view());
}

bool names_as_issuer(const Certificate& certificate, const Certificate& issuer) {
    return same_bytes(certificate.issuer_key_id, issuer.key_id) &&
           same_bytes(certificate.issuer, issuer.subject);
}

}  // namespace

Result<void> Keyring::add_root(const Certificate& root) {
    if (root.usage != Usage::kRoot) {
        return fail(ErrorCode::kCertificateMisused, describe(root) + " is not that of a province's root");
    }
    if (roots_.contains(root.id)) return {};
    if (!is_signed_by(root, root.public_key)) {
        return fail(ErrorCode::kBadSignature, describe(root) + " is not signed with its own key");
    }
    if (roots_.size() >= limits_.roots_max) {
        return fail(ErrorCode::kFull,
                    "no more than " + std::to_string(limits_.roots_max) + " roots can be trusted");
    }
    roots_.emplace(root.id, Entry{root, root.public_key});
    index(root);
    raise_time_floor(root.not_before, root);
    return {};
}

Result<bool> Keyring::add(const Certificate& certificate) {
    if (find(certificate.id) != nullptr) return false;
    if (certificate.usage == Usage::kRoot) {
        return fail(ErrorCode::kUnknownAuthority, describe(certificate) + " is not trusted here");
    }
    const auto issuer = find_issuer(certificate);
    if (!issuer) return std::unexpected{issuer.error()};
    if (revoked(**issuer)) {
        return fail(ErrorCode::kCertificateRevoked,
                    describe(certificate) + " was issued by an authority that is revoked");
    }
    std::size_t& of_key = issued_[(*issuer)->public_key];
    if (certificates_.size() >= limits_.certificates_max || of_key >= limits_.certificates_of_key_max) {
        return fail(ErrorCode::kFull, "there is no room for " + describe(certificate) +
                                          ": too many certificates, in all or by one authority");
    }
    ++of_key;
    raise_time_floor(certificate.not_before, **issuer);
    certificates_.emplace(certificate.id, Entry{certificate, (*issuer)->public_key});
    index(certificate);
    return true;
}

Result<bool> Keyring::add(const RevocationList& list) {
    const Certificate* signer = find(list.message.signer);
    if (signer == nullptr) {
        return fail(ErrorCode::kUnknownAuthority,
                    "the revocation list of " + list.authority + " was signed by nobody who is known here");
    }
    if (!certifies_others(*signer)) {
        return fail(ErrorCode::kCertificateMisused, "a revocation list was signed with " + describe(*signer) +
                                                        "; only authorities may do that");
    }
    if (revocation_name(*signer) != list.authority) {
        return fail(ErrorCode::kWrongCommune,
                    "the revocation list of " + list.authority + " was signed with " + describe(*signer));
    }
    const RevocationList* known = list_of(*signer);
    if (known != nullptr && same_bytes(known->wire, list.wire)) return false;
    if (revoked(*signer)) {
        return fail(ErrorCode::kCertificateRevoked, "the revocation list of " + list.authority +
                                                        " was signed by an authority that is revoked");
    }
    if (auto good = verify_revocation_list(list, signer->public_key); !good) {
        return std::unexpected{std::move(good.error())};
    }
    if (known != nullptr && list.number < known->number) {
        return fail(ErrorCode::kOutdated, "the revocation list of " + list.authority + " has number " +
                                              std::to_string(list.number) + ", but number " +
                                              std::to_string(known->number) + " is known here");
    }
    raise_time_floor(list.issued, *signer);
    if (known != nullptr && list.number == known->number) return false;
    lists_.insert_or_assign({signer->public_key, list.authority}, list);
    return true;
}

const Certificate* Keyring::find(const CertificateId& id) const {
    if (const auto found = certificates_.find(id); found != certificates_.end()) {
        return &found->second.certificate;
    }
    const auto found = roots_.find(id);
    return found == roots_.end() ? nullptr : &found->second.certificate;
}

Result<const Certificate*> Keyring::find_issuer(const Certificate& certificate) const {
    std::optional<Error> why;
    const auto [begin, end] = certifiers_.equal_range(as_text(certificate.issuer_key_id));
    for (auto each = begin; each != end; ++each) {
        const Certificate* issuer = find(each->second);
        if (!names_as_issuer(certificate, *issuer)) continue;
        if (is_signed_by(certificate, issuer->public_key)) {
            auto allowed = may_certify(*issuer, certificate);
            if (allowed) return issuer;
            why = std::move(allowed.error());
        } else if (!why) {
            why = Error{ErrorCode::kBadSignature, "the signature of " + describe(certificate) + " is wrong"};
        }
    }
    return std::unexpected{why ? std::move(*why) : no_issuer(certificate)};
}

Error Keyring::no_issuer(const Certificate& certificate) const {
    const auto device = device_of_key_id_.find(as_text(certificate.issuer_key_id));
    if (device != device_of_key_id_.end()) {
        const Certificate* signer = find(device->second);
        const bool really = names_as_issuer(certificate, *signer) && signer->usage != Usage::kSeal &&
                            is_signed_by(certificate, signer->public_key);
        if (really) return may_certify(*signer, certificate).error();
    }
    return {ErrorCode::kUnknownAuthority,
            describe(certificate) + " was issued by an authority that is not known here"};
}

// All certificates of the key that signed it; for a root none.
std::vector<const Certificate*> Keyring::issuers(const Entry& entry) const {
    std::vector<const Certificate*> found;
    if (entry.certificate.usage == Usage::kRoot) return found;
    const auto [begin, end] = certifiers_.equal_range(as_text(entry.certificate.issuer_key_id));
    for (auto each = begin; each != end; ++each) {
        const Certificate* issuer = find(each->second);
        const bool is_issuer = issuer->public_key == entry.issuer_key &&
                               names_as_issuer(entry.certificate, *issuer) &&
                               may_certify(*issuer, entry.certificate).has_value();
        if (is_issuer) found.push_back(issuer);
    }
    return found;
}

bool Keyring::revoked(const Certificate& certificate) const {
    const auto entry = certificates_.find(certificate.id);
    if (entry == certificates_.end()) return false;
    return std::ranges::any_of(issuers(entry->second), [&](const Certificate* issuer) {
        const RevocationList* list = list_of(*issuer);
        return (list != nullptr && list->names(certificate.serial)) || revoked(*issuer);
    });
}

Result<void> Keyring::usable(const Certificate& certificate, std::optional<UnixTime> now) const {
    if (find(certificate.id) == nullptr) {
        return fail(ErrorCode::kUnknownAuthority, describe(certificate) + " was never checked here");
    }
    if (revoked(certificate)) {
        return fail(ErrorCode::kCertificateRevoked, describe(certificate) + " is revoked");
    }
    return within_time(certificate, now);
}

Result<void> Keyring::within_time(const Certificate& certificate, std::optional<UnixTime> now) const {
    if (!now) return {};
    if (*now < certificate.not_before) {
        return fail(ErrorCode::kCertificateTooEarly,
                    describe(certificate) + " is not good yet; check the clocks of both devices");
    }
    if (*now > certificate.not_after) {
        return fail(ErrorCode::kCertificateExpired,
                    describe(certificate) + " has run out; it must be renewed by whoever issued it");
    }
    const auto entry = certificates_.find(certificate.id);
    if (entry == certificates_.end()) return {};
    Result<void> best;
    for (const Certificate* issuer : issuers(entry->second)) {
        best = within_time(*issuer, now);
        if (best) break;
    }
    return best;
}

Result<cose::PublicKey> Keyring::signer(const CertificateId& id, std::string_view node_id,
                                        std::optional<UnixTime> now) const {
    const Certificate* certificate = find(id);
    if (certificate == nullptr) {
        return fail(ErrorCode::kUnknownSigner,
                    "the certificate with which " + std::string{node_id} + " signed is not known here");
    }
    if (certificate->usage != Usage::kSign) {
        return fail(ErrorCode::kCertificateMisused, describe(*certificate) + " was used to sign");
    }
    if (certificate->eid != node_id) {
        return fail(ErrorCode::kWrongNodeId,
                    describe(*certificate) + " was used to sign for " + std::string{node_id});
    }
    if (auto good = usable(*certificate, now); !good) return std::unexpected{std::move(good.error())};
    return certificate->public_key;
}

Result<const Certificate*> Keyring::sealing(std::string_view node_id, std::optional<UnixTime> now) const {
    std::vector<const Certificate*> found;
    const auto [begin, end] = by_eid_.equal_range(node_id);
    for (auto each = begin; each != end; ++each) {
        const Certificate* certificate = find(each->second);
        if (certificate->usage == Usage::kSeal) found.push_back(certificate);
    }
    std::ranges::sort(found, std::greater{}, [](const Certificate* certificate) {
        return std::tuple{certificate->not_before, certificate->not_after, certificate->id};
    });
    Error why{ErrorCode::kNoSealingKey, "no certificate is known with which a message for " +
                                            std::string{node_id} + " could be sealed"};
    for (const Certificate* certificate : found) {
        auto good = usable(*certificate, now);
        if (good) return certificate;
        if (certificate == found.front()) why = std::move(good.error());
    }
    return std::unexpected{std::move(why)};
}

Result<const Certificate*> Keyring::find_or_add(ByteView der) {
    const CertificateId id = cose::certificate_id(der);
    if (const Certificate* known = find(id)) return known;
    const auto certificate = read_certificate(der);
    if (!certificate) return std::unexpected{certificate.error()};
    if (auto added = add(*certificate); !added) return std::unexpected{std::move(added.error())};
    return find(id);
}

Result<const Certificate*> Keyring::accept_chain(const std::vector<Bytes>& chain,
                                                 std::optional<UnixTime> now) {
    if (chain.empty()) return fail(ErrorCode::kNoCertificate, "the peer sent no certificate");
    if (chain.size() > kChainMax) return fail(ErrorCode::kTooLarge, "the peer sent more than 8 certificates");
    std::optional<Error> above;  // why an authority was not taken: explains that the issuer is unknown
    for (std::size_t i = chain.size() - 1; i > 0; --i) {
        auto taken = find_or_add(chain[i]);
        if (!taken && !above) above = std::move(taken.error());
    }
    auto own = find_or_add(chain.front());
    if (!own) {
        const bool explained = above && own.error().code == ErrorCode::kUnknownAuthority;
        return std::unexpected{std::move(explained ? *above : own.error())};
    }
    if ((*own)->usage != Usage::kTls) {
        return fail(ErrorCode::kCertificateMisused, describe(**own) + " is not meant for TLS");
    }
    if (auto good = usable(**own, now); !good) return std::unexpected{std::move(good.error())};
    return *own;
}

std::vector<const Certificate*> Keyring::certificates() const {
    std::vector<const Certificate*> all;
    all.reserve(certificates_.size());
    for (const auto& [id, entry] : certificates_)
        all.push_back(&entry.certificate);
    std::ranges::stable_partition(all,
                                  [](const Certificate* each) { return each->usage == Usage::kAuthority; });
    return all;
}

std::vector<const Certificate*> Keyring::roots() const {
    std::vector<const Certificate*> all;
    for (const auto& [id, entry] : roots_)
        all.push_back(&entry.certificate);
    return all;
}

std::vector<const RevocationList*> Keyring::lists() const {
    std::vector<const RevocationList*> all;
    for (const auto& [by, list] : lists_)
        all.push_back(&list);
    return all;
}

const RevocationList* Keyring::list_of(const Certificate& authority) const {
    const auto found = lists_.find({authority.public_key, revocation_name(authority)});
    return found == lists_.end() ? nullptr : &found->second;
}

bool Keyring::node_revoked(std::string_view node_id) const {
    bool any = false;
    const auto [begin, end] = by_eid_.equal_range(node_id);
    for (auto each = begin; each != end; ++each) {
        const Certificate* certificate = find(each->second);
        if (certificate->usage != Usage::kSign) continue;
        if (!revoked(*certificate)) return false;
        any = true;
    }
    return any;
}

void Keyring::index(const Certificate& certificate) {
    if (certifies_others(certificate)) {
        certifiers_.emplace(as_text(certificate.key_id), certificate.id);
    } else {
        device_of_key_id_.emplace(as_text(certificate.key_id), certificate.id);
    }
    if (!certificate.eid.empty()) by_eid_.emplace(certificate.eid, certificate.id);
}

void Keyring::raise_time_floor(UnixTime said, const Certificate& by) {
    time_floor_ = std::max(time_floor_, std::min(said, by.not_after));
}

}  // namespace tram::identity
