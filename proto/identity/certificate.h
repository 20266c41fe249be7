// Certificates (X.509, RFC 5280) and what Tram reads from them.
//
//   province root -> commune authority -> device: one certificate each for TLS, signing and sealing
//
// All keys are Ed25519 (RFC 8410), the one for sealing X25519. A device certificate names its node in a
// subject alternative name of type bundleEID (RFC 9174 4.4.2.1: otherName 1.3.6.1.5.5.7.8.11, IA5String); an
// authority's names its commune the same way: dtn://18904/ may certify dtn://18904-*/ and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sign1.h"

namespace tram::identity {

using cose::CertificateId;

/// Seconds since 1970-01-01T00:00:00Z, as certificates count.
using UnixTime = std::int64_t;

enum class Usage : std::uint8_t { kRoot, kAuthority, kTls, kSign, kSeal };
std::string_view usage_name(Usage usage);

struct Certificate {
    Bytes der;
    CertificateId id{};
    Usage usage = Usage::kTls;
    std::string eid;   ///< node id of a device (dtn://18904-ks07/), of an authority its commune
                       ///< (dtn://18904/); empty: root
    std::string name;  ///< common name, for people
    std::array<std::uint8_t, 32> public_key{};  ///< Ed25519, or X25519 for sealing
    Bytes key_id;                               ///< subject key identifier
    Bytes issuer_key_id;                        ///< authority key identifier
    Bytes serial;
    UnixTime not_before = 0;
    UnixTime not_after = 0;
};

inline constexpr std::size_t kCertificateBytesMax = 4'096;

/// Reads one certificate. Signatures are the Keyring's business. Errors: malformed, too_large,
/// certificate_misused (usages that contradict each other or that are none of ours, another kind of key, a
/// device without or with two node ids).
Result<Certificate> read_certificate(ByteView der);

/// "18904" of dtn://18904/ or dtn://18904-ks07/; empty when the name does not have that form.
std::string_view commune_of(std::string_view eid);

}  // namespace tram::identity
