// Certificates with any content, right or wrong: what somebody with a key and OpenSSL can make. Without a
// fault asked for they are what proto/identity/certificate.h describes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/identity/certificate.h"

namespace tram::harness {

/// A certificate and the private key that belongs to it.
struct Certified {
    Bytes der;
    Buffer seed;  ///< 32 bytes: Ed25519, or X25519 for sealing

    [[nodiscard]] identity::CertificateId id() const { return cose::certificate_id(der); }
};

struct CertificateTerms {
    identity::Usage usage = identity::Usage::kTls;
    std::vector<std::string> eids = {};  ///< alternative names; a device has one
    std::string name = "somebody";
    std::int64_t begins_in_s = -86'400;  ///< from now
    std::int64_t ends_in_s = 86'400;
    std::optional<Buffer> seed = {};  ///< a private key that exists already; nothing: a new one
    bool may_certify = false;         ///< a device that says it is an authority
    bool ed25519 = false;             ///< a sealing certificate with the other kind of key
    std::size_t comment_bytes = 0;    ///< of a comment that makes it long
};

/// `issuer` null: signed by itself.
Certified certify(const CertificateTerms& terms, const Certified* issuer);

/// The certificate with one bit of its signature changed.
Bytes with_forged_signature(ByteView der);

/// 32 bytes by chance.
Buffer random_seed();
/// The private key in a PEM file (PKCS#8); throws when there is none.
Buffer read_key_file(const std::string& file);

}  // namespace tram::harness
