// The files that make a device somebody: keys, certificates, and whom it trusts.
//
//   DIRECTORY/            0700, usually /var/lib/tram/identity
//     tls.key sign.key    Ed25519, PEM (PKCS#8), 0600
//     seal.key            X25519, when the device receives sealed messages
//     request.pem         what was asked of the commune; stays for a second look, and for renewal
//     roots.pem           the root it believes, from the first grant (compared aloud)
//     trust.pem           its own certificates, authorities, offices, revocation lists
//
// Every file is written beside its place, synced, and renamed: after a power cut there is the old one or the
// new one. Keys that are there are never written over. Run as root, everything belongs to whom the directory
// above belongs to.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "proto/base/error.h"
#include "proto/cose/keys.h"
#include "proto/envelope/envelope.h"
#include "proto/identity/request.h"
#include "proto/identity/trust_bundle.h"

namespace tram::enrol {

/// A device that may take part. Keys are shared with whoever signs and opens.
struct Identity {
    std::string node_id;
    Buffer tls_seed;  ///< Ed25519 private key, for the TLS library
    std::shared_ptr<const cose::SigningKey> signing_key;
    std::shared_ptr<const envelope::SealingKey> sealing_key;  ///< null: no sealed messages here
    identity::Certificate tls;  ///< of several for one key, the last to end that is not revoked
    identity::Certificate signing;
    std::optional<identity::Certificate> sealing;
    identity::TrustBundle trust;  ///< everything in roots.pem and trust.pem, the own certificates included
};

/// Makes keys and the request for `node_id` (dtn://18904-ks07/). Goes on with the keys that are there when it
/// was interrupted. Errors: invalid_argument (no such node id can be certified, or the name cannot be shown),
/// duplicate (there is a request already), corrupt (a key that is there cannot be read), io.
Result<identity::DeviceRequest> create_device(const std::filesystem::path& directory,
                                              const std::string& node_id, const std::string& name,
                                              bool sealing);
/// The request that was made there. Errors: not_found, io, corrupt.
Result<identity::DeviceRequest> read_device_request(const std::filesystem::path& directory);

/// Installs what the commune sent. It must hold certificates for this device's own keys; a root that differs
/// from the one that is trusted already is refused, and so are several. What was installed before stays, and
/// lists never become older. Errors: not_found (no request was made here), no_certificate (there is none for
/// this device in it), unknown_authority (another root, or none), wrong_node_id (for another device),
/// certificate_misused (for other keys than the request's, or a key for another purpose),
/// certificate_revoked, those of Keyring::add(), corrupt, io.
Result<void> accept_grant(const std::filesystem::path& directory, const identity::TrustBundle& grant);

/// Adds authorities, certificates and newer lists that were learned elsewhere, on the mesh for example; roots
/// in `learned` are ignored. Errors: not_found (no identity), those of Keyring::add(), corrupt, full, io.
Result<void> add_trust(const std::filesystem::path& directory, const identity::TrustBundle& learned);

/// Errors: not_found (there is no identity: see `tram device init`), no_certificate (keys, but no
/// certificates yet), corrupt (a file that cannot be read, names it; keys that do not fit the certificates),
/// io (also a key that others may read).
Result<Identity> load_identity(const std::filesystem::path& directory);

}  // namespace tram::enrol
