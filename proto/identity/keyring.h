// Whom this node believes: roots it was given, and below them authorities, devices and revocation lists.
//
// Invariant: every certificate in the keyring has a good chain of signatures to a root, for its purpose and
// within its commune. Time and revocation change, so they are asked at each use.
//
// Revocation lists are numbered; a higher number of the same authority replaces a lower one, whatever clocks
// say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/certificate.h"
#include "proto/identity/revocation.h"

namespace tram::identity {

class Keyring {
  public:
    static constexpr std::size_t kCertificatesMax = 20'000;

    /// Trusts a root without further ado: the caller was told to. Errors: certificate_misused (not a
    /// self-signed root).
    Result<void> add_root(const Certificate& root);

    /// Adds an authority or a device. True: it is new. Errors: unknown_authority (issuer not here),
    /// bad_signature, wrong_commune, certificate_misused, full.
    Result<bool> add(const Certificate& certificate);
    /// Takes a list when it is newer than the one that is known. True: it is new. Errors: unknown_authority,
    /// bad_signature, outdated (an older number), malformed. The same number again is not new and no error.
    Result<bool> add(const RevocationList& list);

    [[nodiscard]] const Certificate* find(const CertificateId& id) const;
    [[nodiscard]] bool empty() const { return roots_.empty(); }

    /// Whether `certificate` may be used now: not revoked, nor its issuer, and inside its time. `now` is
    /// nothing while the clock is not trusted: then dates decide nothing. Errors: certificate_revoked,
    /// certificate_expired, certificate_too_early.
    [[nodiscard]] Result<void> usable(const Certificate& certificate, std::optional<UnixTime> now) const;

    /// The key of the certificate with which `node_id` signs. Errors: unknown_signer, certificate_misused,
    /// wrong_node_id, and those of usable().
    [[nodiscard]] Result<cose::PublicKey> signer(const CertificateId& id, std::string_view node_id,
                                                 std::optional<UnixTime> now) const;
    /// The newest usable sealing certificate of a node. Errors: no_sealing_key, and those of usable().
    [[nodiscard]] Result<const Certificate*> sealing(std::string_view node_id,
                                                     std::optional<UnixTime> now) const;

    /// Checks what a TLS peer sent, its own certificate first: adds what is new and right, and returns the
    /// peer's certificate. Errors: no_certificate, and those of add(), usable() and read_certificate();
    /// certificate_misused when it is not for TLS.
    Result<const Certificate*> accept_chain(const std::vector<Bytes>& chain, std::optional<UnixTime> now);

    /// Everything but the roots: authorities before devices.
    [[nodiscard]] std::vector<const Certificate*> certificates() const;
    [[nodiscard]] std::vector<const Certificate*> roots() const;
    [[nodiscard]] std::vector<const RevocationList*> lists() const;
    [[nodiscard]] const RevocationList* list_of(std::string_view authority_eid) const;
    [[nodiscard]] bool revoked(const Certificate& certificate) const;
    /// Whether all signing certificates known of the node are revoked (and there is one).
    [[nodiscard]] bool node_revoked(std::string_view node_id) const;

    /// The latest time that an authority or root has put its name to (beginnings of certificates, dates of
    /// lists): a clock that is behind it is wrong. Devices cannot move it.
    [[nodiscard]] UnixTime time_floor() const { return time_floor_; }

  private:
    [[nodiscard]] const Certificate* issuer_of(const Certificate& certificate) const;

    std::map<CertificateId, Certificate> roots_;
    std::map<CertificateId, Certificate> certificates_;
    std::multimap<Bytes, CertificateId, std::less<>> by_key_id_;
    std::multimap<std::string, CertificateId, std::less<>> by_eid_;
    std::map<std::string, RevocationList, std::less<>> lists_;  // by authority
    UnixTime time_floor_ = 0;
};

}  // namespace tram::identity
