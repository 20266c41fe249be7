// Makes certificates of the five usages in certificate.h.
#pragma once

#include <array>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/keys.h"
#include "proto/identity/certificate.h"

namespace tram::identity {

/// What a new certificate will say.
struct CertificateForm {
    Usage usage = Usage::kTls;
    std::string eid{};   ///< as in Certificate; empty for a root
    std::string name{};  ///< common name; empty: none (a root must have one)
    std::array<std::uint8_t, 32> public_key{};
    Bytes serial{};  ///< drawn by chance, kSerialBytes of them; first byte 1 to 127
    UnixTime not_before = 0;
    UnixTime not_after = 0;
};

inline constexpr std::size_t kSerialBytes = 16;

/// Makes a certificate and signs it with `key`, the private key of `issuer`; `issuer` null: signed by itself,
/// a root. The key identifier is the first 160 bits of SHA-256 over the public key (RFC 7093 2). The same
/// input gives the same certificate. Errors: invalid_argument (what read_certificate() would not take; a
/// device certified by a root, or the like), wrong_commune.
Result<Certificate> issue_certificate(const CertificateForm& form, const cose::SigningKey& key,
                                      const Certificate* issuer);

}  // namespace tram::identity
