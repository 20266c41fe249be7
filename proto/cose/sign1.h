// COSE_Sign1 with Ed25519 (RFC 9052 4.2, RFC 9053 2.2). The signature of everything Tram signs: bundles,
// headers of messages, lists of revoked certificates.
#pragma once

#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/keys.h"

namespace tram::cose {

/// SHA-256 of a certificate's DER encoding: COSE x5t with algorithm -16 (RFC 9360 2).
using CertificateId = std::array<std::uint8_t, 32>;
CertificateId certificate_id(ByteView der);

/// A message that names its signer's certificate in the protected header and may be detached from its
/// payload.
struct Sign1 {
    Bytes protected_header;        ///< encoded map, as it stands in the message
    CertificateId signer{};        ///< x5t of the protected header
    std::optional<Bytes> payload;  ///< nothing: detached
    Signature signature{};
};

enum class Payload : std::uint8_t { kAttached, kDetached };

/// Signs `payload` with EdDSA; `external_aad` is signed too but not part of the message. The result is the
/// untagged COSE_Sign1 array, deterministically encoded.
Bytes sign1(const SigningKey& key, const CertificateId& signer, ByteView external_aad, ByteView payload,
            Payload how);

/// Reads an untagged or tagged (18) COSE_Sign1. Errors: malformed, unsupported_security (an algorithm other
/// than EdDSA, no x5t by SHA-256, a critical header that is not known). Headers that are neither known nor
/// critical are ignored.
Result<Sign1> decode_sign1(ByteView message);

/// The bytes that the signature covers (RFC 9052 4.4, Sig_structure). `payload` must be given for a detached
/// message and is ignored for an attached one.
Buffer signed_bytes(const Sign1& message, ByteView external_aad, ByteView payload = {});

/// Checks the signature. Errors: bad_signature.
Result<void> verify_sign1(const Sign1& message, const PublicKey& key, ByteView external_aad,
                          ByteView payload = {});

}  // namespace tram::cose
