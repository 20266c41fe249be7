// Certificates (X.509, RFC 5280) and what Tram reads from them.
//
//   province root -> commune authority -> device: one certificate each for TLS, signing and sealing
//
// All keys are Ed25519 (RFC 8410), the one for sealing X25519; everything is signed with Ed25519. A device
// certificate names its node in a subject alternative name of type bundleEID (RFC 9174 4.4.2.1: otherName
// 1.3.6.1.5.5.7.8.11, IA5String); an authority's names its commune the same way. Which names there are, and
// which commune may certify which: names.h.
//
// What a certificate is for is said by standard fields alone, all of them, and nothing else in them:
//
//   usage      basic constraints      key usage                        extended key usage       names  key
//   root       CA, no length or >= 1  keyCertSign cRLSign              -                        none Ed25519
//   authority  CA, length 0           keyCertSign cRLSign              -                        one Ed25519
//   TLS        no CA                  digitalSignature                 bundleSecurity,          one Ed25519
//                                                                      serverAuth, clientAuth
//   signing    no CA                  digitalSignature nonRepudiation  bundleSecurity           one Ed25519
//   sealing    no CA                  keyAgreement                     bundleSecurity           one    X25519
//
// bundleSecurity is id-kp-bundleSecurity 1.3.6.1.5.5.7.3.35 (RFC 9174 4.4.2); serverAuth and clientAuth are
// there for TLS libraries that insist on them. A root's issuer is itself. Every certificate has a subject
// key identifier, and all but roots an authority key identifier. No other critical extension is accepted.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sign1.h"
#include "proto/identity/names.h"

namespace tram::identity {

using cose::CertificateId;

/// Seconds since 1970-01-01T00:00:00Z, as certificates count.
using UnixTime = std::int64_t;

enum class Usage : std::uint8_t { kRoot, kAuthority, kTls, kSign, kSeal };
/// "root", "authority", "tls", "sign", "seal".
std::string_view usage_name(Usage usage);

/// Made by read_certificate() only: the fields are what `der` says.
struct Certificate {
    Bytes der;
    CertificateId id{};
    Usage usage = Usage::kTls;
    std::string eid;   ///< node id of a device (dtn://18904-ks07/), of an authority its commune
                       ///< (dtn://18904/); empty: root
    std::string name;  ///< common name, for people
    std::array<std::uint8_t, 32> public_key{};  ///< Ed25519, or X25519 for sealing
    Bytes key_id;                               ///< subject key identifier, at most 32 bytes
    Bytes issuer_key_id;                        ///< authority key identifier; may be empty in a root
    Bytes subject;                              ///< distinguished name, DER
    Bytes issuer;                               ///< distinguished name, DER
    Bytes serial;                               ///< unsigned, 1 to 20 bytes, the first of them not 0
    UnixTime not_before = 0;
    UnixTime not_after = 0;  ///< the last second it is good
};

inline constexpr std::size_t kCertificateBytesMax = 4'096;
inline constexpr std::size_t kSerialBytesMax = 20;  // RFC 5280 4.1.2.2
inline constexpr std::size_t kKeyIdBytesMax = 32;

/// Reads one certificate. It must be DER to the last bit, so that nobody can make two certificates with two
/// ids of one. Signatures are the Keyring's business. Errors: malformed, too_large, certificate_misused
/// (usages that contradict each other or that are none of ours, another kind of key, a device without or with
/// two node ids).
Result<Certificate> read_certificate(ByteView der);

/// Whether `certificate` was signed with the private key of `issuer_key` (Ed25519).
[[nodiscard]] bool is_signed_by(const Certificate& certificate, const cose::PublicKey& issuer_key);

}  // namespace tram::identity
