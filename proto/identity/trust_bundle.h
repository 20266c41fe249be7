// What travels to make a device a member: its certificates, those above it, those of offices that it may
// write to, and the newest revocation lists. Nothing in it is secret, and everything in it is signed for
// itself.
//
// PEM: "CERTIFICATE" for each certificate, "TRAM REVOCATION LIST" for each list; text between them and
// blocks with other labels are ignored. As bytes on the mesh: CBOR [1, [* certificate], [* list]].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/certificate.h"
#include "proto/identity/pem.h"
#include "proto/identity/revocation.h"

namespace tram::identity {

struct TrustBundle {
    std::vector<Certificate> certificates;  ///< roots first, then authorities, then devices
    std::vector<RevocationList> lists;
};

inline constexpr std::size_t kTrustBundleBytesMax = 16U << 20;
inline constexpr std::size_t kTrustListsMax = 1'024;

/// Roots first, then authorities, then devices, else as they are; doubles are dropped.
void sort_certificates(std::vector<Certificate>& certificates);

std::string trust_to_pem(const TrustBundle& bundle);
/// Errors: malformed (also: there is nothing in it), too_large, and those of read_certificate() and
/// read_revocation_list(); the message names the item.
Result<TrustBundle> trust_from_pem(std::string_view pem);
Bytes encode_trust(const TrustBundle& bundle);
/// Errors: as trust_from_pem(), truncated and unsupported_version.
Result<TrustBundle> decode_trust(ByteView wire);

}  // namespace tram::identity
