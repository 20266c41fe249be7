// Lists of revoked certificates: numbered and signed by the authority that issued them.
//
// A COSE_Sign1 with an attached payload and the external data "tram revocation list". The payload is CBOR
// (RFC 8949 4.2.1, deterministic): [1, authority, number, issued (Unix s), [* serial]]. `authority` is a
// commune's EID (dtn://18904/) or, for a province's root, which revokes authorities, "root:" and its key
// identifier in hexadecimal. Serials are of certificates that this authority issued. The number only grows;
// freshness is the number, never a clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/keys.h"
#include "proto/cose/sign1.h"
#include "proto/identity/certificate.h"

namespace tram::identity {

inline constexpr std::size_t kRevocationListBytesMax = 256U << 10;
inline constexpr std::size_t kRevokedSerialsMax = 12'000;  ///< any so many serials fit into a list

struct RevocationList {
    Bytes wire;  ///< the COSE_Sign1 as it came
    cose::Sign1 message;
    std::string authority;     ///< see revocation_name()
    std::uint64_t number = 0;  ///< from 1
    UnixTime issued = 0;
    std::vector<Bytes> serials;  ///< ascending byte by byte, no doubles

    [[nodiscard]] bool names(ByteView serial) const;
};

/// The name under which an authority or a root signs lists. `authority` must be one of these.
std::string revocation_name(const Certificate& authority);

/// Reads a list; whether its signature is good is the Keyring's business. Errors: truncated, malformed,
/// too_large, unsupported_version, unsupported_security.
Result<RevocationList> read_revocation_list(ByteView wire);

/// Checks the signature alone. Errors: bad_signature.
Result<void> verify_revocation_list(const RevocationList& list, const cose::PublicKey& key);

/// Makes and signs a list. `signer` is the certificate of the authority or root that `key` belongs to;
/// `number` is at least 1; there are at most kRevokedSerialsMax serials, in any order, doubles are dropped.
RevocationList make_revocation_list(const cose::SigningKey& key, const Certificate& signer,
                                    std::uint64_t number, UnixTime issued, std::vector<Bytes> serials);

}  // namespace tram::identity
