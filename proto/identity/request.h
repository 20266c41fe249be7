// What a new device asks its commune: "these are my keys, please certify them".
//
// CBOR: [1, node id, name, TLS key, signing key, sealing key or null, proof by the TLS key, proof by the
// signing key]; each proof is an Ed25519 signature over everything before the proofs, with its own prefix. A
// commune's authority asks the province the same way: its node id is the commune's EID (dtn://18904/) and it
// has a signing key only (TLS and sealing keys null, one proof).
//
// As a file: PEM "TRAM DEVICE REQUEST". As a QR code: the text "TRAM-REQUEST:" and base32 (RFC 4648, no
// padding), which QR's alphanumeric mode packs well; 'tram device approve' takes either.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/keys.h"

namespace tram::identity {

struct DeviceRequest {
    Bytes wire;        ///< what the check groups are made of
    std::string eid;   ///< node id, or the commune's EID for an authority
    std::string name;  ///< free text for people, at most 64 bytes of UTF-8
    std::optional<cose::PublicKey> tls_key;
    cose::PublicKey signing_key{};
    std::optional<std::array<std::uint8_t, 32>> sealing_key;  ///< X25519
    [[nodiscard]] bool for_authority() const { return !tls_key; }
};

/// Makes a device's request; `tls` null: an authority's.
DeviceRequest make_request(std::string eid, std::string name, const cose::SigningKey* tls,
                           const cose::SigningKey& signing,
                           const std::optional<std::array<std::uint8_t, 32>>& sealing_key);
/// Reads a request and checks its proofs. Errors: malformed, bad_signature, invalid_argument (an EID of the
/// wrong form).
Result<DeviceRequest> read_request(ByteView wire);

std::string request_to_text(const DeviceRequest& request);  ///< for a QR code
std::string request_to_pem(const DeviceRequest& request);   ///< for a file
/// Takes PEM or the QR code's text, with white space around it. Errors as read_request().
Result<DeviceRequest> request_from_text(std::string_view text);

}  // namespace tram::identity
