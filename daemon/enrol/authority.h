// Who certifies: the province's root and the commune's authority, each a directory that may live on a USB
// stick.
//
//   DIRECTORY/            0700
//     authority.key       Ed25519, PEM (PKCS#8), with a passphrase where one was given
//     request.pem         an authority's: what was asked of the province
//     chain.pem           its own certificate, then the root's, and the root's revocation list when there is
//     one issued.pem          every certificate it has issued, oldest first revoked.pem         its newest
//     revocation list; absent before the first audit.log           what was done with it (daemon/audit)
//
// A key without a passphrase must be readable by its owner alone, which FAT sticks cannot keep; under a
// passphrase it may lie anywhere. Everything else is public. Files are written as in identity_directory.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/error.h"
#include "proto/identity/request.h"
#include "proto/identity/trust_bundle.h"

namespace tram::enrol {

struct KeyProtection {
    std::string passphrase;  ///< empty: the key is kept in the clear
};

/// How long certificates last, and the time of day they begin (Unix s, from the machine's clock).
struct IssueTerms {
    identity::UnixTime now = 0;
    std::uint32_t months = 12;  ///< 1 to kRootMonths; never longer than the issuer's own certificate
};
inline constexpr std::uint32_t kRootMonths = 240;
inline constexpr std::uint32_t kAuthorityMonths = 60;
/// Certificates begin a day before `now`, so that a clock that is a little behind does not refuse them.
inline constexpr identity::UnixTime kBackdate_s = 86'400;

/// Makes a self-signed province root. Errors: invalid_argument, duplicate (there is a key already), io.
Result<identity::Certificate> create_root(const std::filesystem::path& directory, const std::string& name,
                                          const KeyProtection& protection, identity::UnixTime now);
/// Makes an authority's key and its request to the province. `commune`: five digits. Errors:
/// invalid_argument, duplicate, io.
Result<identity::DeviceRequest> create_authority(const std::filesystem::path& directory,
                                                 const std::string& commune, const std::string& name,
                                                 const KeyProtection& protection);
/// Installs the province's answer. Errors as accept_grant().
Result<void> accept_authority_grant(const std::filesystem::path& directory,
                                    const identity::TrustBundle& grant);

/// Certifies a request with the root or authority in `directory`: what the answer holds is the new
/// certificates, those above them, every sealing certificate issued here that is still good, and the newest
/// lists. A second approval of one node adds new certificates; the old ones stay good until they end or are
/// revoked. Errors: not_found, no_certificate (an authority that the province has not certified yet),
/// wrong_commune, invalid_argument (an authority's request for an authority, and the like),
/// certificate_expired, certificate_too_early, certificate_revoked (its own), bad_signature (the request),
/// forbidden (wrong passphrase), corrupt, full, io.
Result<identity::TrustBundle> approve(const std::filesystem::path& directory,
                                      const identity::DeviceRequest& request, const IssueTerms& terms,
                                      const KeyProtection& protection);

/// Revokes every certificate of a node that is not revoked yet; the new list. Errors: not_found (nothing was
/// issued to it), duplicate (all are revoked already), forbidden, corrupt, full, io.
Result<identity::RevocationList> revoke(const std::filesystem::path& directory, const std::string& eid,
                                        identity::UnixTime now, const KeyProtection& protection);

struct Issued {
    identity::Certificate certificate;
    bool revoked = false;
};
/// Everything issued, oldest first. Errors: not_found, corrupt, io.
Result<std::vector<Issued>> list_issued(const std::filesystem::path& directory);

}  // namespace tram::enrol
