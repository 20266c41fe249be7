// What travels to make a device a member: its certificates, those above it, those of offices that it may
// write to, and the newest revocation lists. Nothing in it is secret, and everything in it is signed for
// itself.
//
// PEM: "CERTIFICATE" for each certificate, "TRAM REVOCATION LIST" for each list, text between them is
// ignored. As bytes on the mesh: CBOR [1, [* certificate], [* list]].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/certificate.h"
#include "proto/identity/revocation.h"

namespace tram::identity {

struct TrustBundle {
    std::vector<Certificate> certificates;  ///< roots first, then authorities, then devices
    std::vector<RevocationList> lists;
};

inline constexpr std::size_t kTrustBundleBytesMax = 16U << 20;

std::string trust_to_pem(const TrustBundle& bundle);
/// Errors: malformed (names the item), too_large.
Result<TrustBundle> trust_from_pem(std::string_view pem);
Bytes encode_trust(const TrustBundle& bundle);
Result<TrustBundle> decode_trust(ByteView wire);

/// PEM armour for what is ours: "-----BEGIN <label>-----".
std::string to_pem(std::string_view label, ByteView data);
/// The contents of the first block with that label. Errors: not_found, malformed.
Result<Buffer> from_pem(std::string_view label, std::string_view text);

}  // namespace tram::identity
