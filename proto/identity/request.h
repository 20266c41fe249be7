// What a new device asks its commune: "these are my keys, please certify them".
//
// CBOR (RFC 8949 4.2.1, deterministic): [1, node id, name, TLS key, signing key, sealing key or null, proof
// by the TLS key, proof by the signing key]. A commune's authority asks the province the same way: its node
// id is the commune's EID (dtn://18904/) and it has a signing key only: [1, EID, name, null, signing key,
// null, proof]. Each proof is an Ed25519 signature over "TRAM request, TLS key:" or "TRAM request, signing
// key:" followed by everything before the proofs, the array's head included.
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
    std::string name;  ///< free text for people, at most 64 bytes of UTF-8, harmless to show; may be empty
    std::optional<cose::PublicKey> tls_key;
    cose::PublicKey signing_key{};
    std::optional<std::array<std::uint8_t, 32>> sealing_key;  ///< X25519
    [[nodiscard]] bool for_authority() const { return !tls_key; }
};

inline constexpr std::size_t kRequestBytesMax = 512;
inline constexpr std::size_t kRequestTextMax = 16U << 10;  ///< PEM or QR text with what surrounds it

/// Makes a device's request; `tls` null: an authority's. `eid` and `name` must be certifiable (names.h), an
/// authority has no sealing key.
DeviceRequest make_request(std::string eid, std::string name, const cose::SigningKey* tls,
                           const cose::SigningKey& signing,
                           const std::optional<std::array<std::uint8_t, 32>>& sealing_key);
/// Reads a request and checks its proofs. Errors: truncated, malformed (also: one key for two purposes),
/// too_large, unsupported_version, bad_signature, invalid_argument (an EID or a name of the wrong form).
Result<DeviceRequest> read_request(ByteView wire);

std::string request_to_text(const DeviceRequest& request);  ///< for a QR code
std::string request_to_pem(const DeviceRequest& request);   ///< for a file
/// Takes PEM or the QR code's text, with white space around it; letters of the latter may be small. Errors as
/// read_request().
Result<DeviceRequest> request_from_text(std::string_view text);

}  // namespace tram::identity
