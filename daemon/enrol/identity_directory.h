// The files that make a device somebody: keys, certificates, and whom it trusts.
//
//   DIRECTORY/            0700, usually /var/lib/tram/identity
//     tls.key sign.key    Ed25519, PEM (PKCS#8), 0600; seal.key: X25519, when the device receives sealed
//     messages request.pem         what was asked of the commune; stays for a second look roots.pem the roots
//     it believes, from the first grant (compared aloud) trust.pem           its own certificates,
//     authorities, offices, revocation lists
//
// Every file is written beside its place, synced, and renamed: after a power cut there is the old one or the
// new one.
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
    identity::Certificate tls;
    identity::Certificate signing;
    std::optional<identity::Certificate> sealing;
    identity::TrustBundle trust;  ///< everything in roots.pem and trust.pem, the own certificates included
};

/// Makes keys and the request for `node_id` (dtn://18904-ks07/). Errors: invalid_argument (no such node id
/// can be certified), duplicate (there are keys already), io.
Result<identity::DeviceRequest> create_device(const std::filesystem::path& directory,
                                              const std::string& node_id, const std::string& name,
                                              bool sealing);
/// The request that was made there. Errors: not_found, io, malformed.
Result<identity::DeviceRequest> read_device_request(const std::filesystem::path& directory);

/// Installs what the commune sent. It must hold certificates for this device's own keys; a root that differs
/// from the ones that are trusted already is refused. Errors: unknown_authority, certificate_misused,
/// wrong_node_id (for another device), those of Keyring::add(), io.
Result<void> accept_grant(const std::filesystem::path& directory, const identity::TrustBundle& grant);

/// Errors: not_found (there is no identity: see `tram device init`), no_certificate (keys, but no
/// certificates yet), corrupt (a file that cannot be read, names it; keys that do not fit the certificates),
/// io (also a key that others may read).
Result<Identity> load_identity(const std::filesystem::path& directory);

}  // namespace tram::enrol
