// Whom this node believes: roots it was given, and below them authorities, devices and revocation lists.
//
//   root  --signs-->  authority of a commune  --signs-->  devices of that commune
//    |                   |
//    +-- list of         +-- list of revoked devices
//        revoked authorities
//
// Invariant: every certificate in the keyring has a good chain of signatures to a root, for its purpose and
// within its commune. Time and revocation change, so they are asked at each use.
//
// An authority's key may have several certificates (renewed ones). What the key has signed is good while one
// of them is within its time, and is revoked with any of them: a key that was stolen once is not trusted
// again. An authority cannot revoke itself; its root does. From an authority that is revoked nothing new is
// taken.
//
// Revocation lists are numbered; a higher number of the same authority replaces a lower one, whatever clocks
// say. A list counts for certificates that its own authority issued and for no others. Here an authority is
// its key: when a commune gets a new key its numbers begin again, and nobody who stole the old one can have
// used up all numbers.
//
// Nothing enters without an authority's signature, and even an authority gone bad is bounded: one key fills
// a quarter of the keyring, and moves the time floor to the end of its own certificate at most.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/certificate.h"
#include "proto/identity/revocation.h"

namespace tram::identity {

struct KeyringLimits {
    std::size_t roots_max = 16;
    std::size_t certificates_max = 20'000;
    std::size_t certificates_of_key_max = 5'000;  ///< signed by one authority's key
};

/// Pointers and the certificates they show live as long as the keyring; nothing is ever removed from it.
class Keyring {
  public:
    static constexpr std::size_t kChainMax = 8;  ///< certificates that a TLS peer may send

    explicit Keyring(const KeyringLimits& limits = {}) : limits_{limits} {}

    /// Trusts a root without further ado: the caller was told to. Errors: certificate_misused (not a
    /// self-signed root), bad_signature, full.
    Result<void> add_root(const Certificate& root);

    /// Adds an authority or a device. True: it is new; a root that is trusted already is not new. Errors:
    /// unknown_authority (issuer not here), bad_signature, wrong_commune, certificate_misused (an authority
    /// below an authority, a device below a root or a device), certificate_revoked (the issuer is), full.
    Result<bool> add(const Certificate& certificate);
    /// Takes a list when it is newer than the one that is known. True: it is new. Errors: unknown_authority,
    /// bad_signature, wrong_commune (of another authority than the one that signed), certificate_misused
    /// (signed by a device), certificate_revoked (the authority is), outdated (an older number). The same
    /// number again is not new and no error.
    Result<bool> add(const RevocationList& list);

    /// Roots too.
    [[nodiscard]] const Certificate* find(const CertificateId& id) const;
    [[nodiscard]] bool empty() const { return roots_.empty(); }

    /// Whether `certificate` may be used now: not revoked, nor its issuer, and both inside their time. `now`
    /// is nothing while the clock is not trusted: then dates decide nothing. Errors: unknown_authority (it is
    /// not in the keyring), certificate_revoked, certificate_expired, certificate_too_early.
    [[nodiscard]] Result<void> usable(const Certificate& certificate, std::optional<UnixTime> now) const;

    /// The key of the certificate with which `node_id` signs. Errors: unknown_signer, certificate_misused,
    /// wrong_node_id, and those of usable().
    [[nodiscard]] Result<cose::PublicKey> signer(const CertificateId& id, std::string_view node_id,
                                                 std::optional<UnixTime> now) const;
    /// The newest usable sealing certificate of a node. Errors: no_sealing_key, and those of usable().
    [[nodiscard]] Result<const Certificate*> sealing(std::string_view node_id,
                                                     std::optional<UnixTime> now) const;

    /// Checks what a TLS peer sent, its own certificate first: adds what is new and right, and returns the
    /// peer's certificate. Errors: no_certificate, too_large (more than kChainMax), and those of add(),
    /// usable() and read_certificate(); certificate_misused when it is not for TLS.
    Result<const Certificate*> accept_chain(const std::vector<Bytes>& chain, std::optional<UnixTime> now);

    /// Everything but the roots: authorities before devices.
    [[nodiscard]] std::vector<const Certificate*> certificates() const;
    [[nodiscard]] std::vector<const Certificate*> roots() const;
    [[nodiscard]] std::vector<const RevocationList*> lists() const;
    /// The list that counts for what `authority` issued.
    [[nodiscard]] const RevocationList* list_of(const Certificate& authority) const;
    /// Its serial is on its authority's list, or its authority is revoked.
    [[nodiscard]] bool revoked(const Certificate& certificate) const;
    /// Whether all signing certificates known of the node are revoked (and there is one).
    [[nodiscard]] bool node_revoked(std::string_view node_id) const;

    /// The latest time that an authority or root has put its name to (beginnings of certificates, dates of
    /// lists): a clock that is behind it is wrong. Devices cannot move it, and it never goes back.
    [[nodiscard]] UnixTime time_floor() const { return time_floor_; }

  private:
    struct Entry {
        Certificate certificate;
        cose::PublicKey issuer_key{};  // its signature was checked with this key
    };

    [[nodiscard]] Result<const Certificate*> find_issuer(const Certificate& certificate) const;
    [[nodiscard]] Error no_issuer(const Certificate& certificate) const;
    [[nodiscard]] std::vector<const Certificate*> issuers(const Entry& entry) const;
    [[nodiscard]] Result<void> within_time(const Certificate& certificate, std::optional<UnixTime> now) const;
    Result<const Certificate*> find_or_add(ByteView der);
    void index(const Certificate& certificate);
    void raise_time_floor(UnixTime said, const Certificate& by);

    KeyringLimits limits_;
    std::map<CertificateId, Entry> roots_;
    std::map<CertificateId, Entry> certificates_;
    std::multimap<std::string, CertificateId, std::less<>> certifiers_;   // roots and authorities by key id
    std::map<std::string, CertificateId, std::less<>> device_of_key_id_;  // the first with that key id
    std::multimap<std::string, CertificateId, std::less<>> by_eid_;
    std::map<cose::PublicKey, std::size_t> issued_;  // how many are here, by issuer's key
    std::map<std::pair<cose::PublicKey, std::string>, RevocationList> lists_;  // by key and revocation_name()
    UnixTime time_floor_ = 0;
};

}  // namespace tram::identity
