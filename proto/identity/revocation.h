// Lists of revoked certificates: numbered and signed by the commune's authority.
//
// A COSE_Sign1 with an attached payload, CBOR: [1, authority EID, number, issued (Unix s), [* serial]].
// Serials are of certificates that this authority issued. The number only grows; freshness is the number,
// never a clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/certificate.h"

namespace tram::identity {

inline constexpr std::size_t kRevocationListBytesMax = 256U << 10;

struct RevocationList {
    Bytes wire;  ///< the COSE_Sign1 as it came
    cose::Sign1 message;
    std::string authority;     ///< dtn://18904/
    std::uint64_t number = 0;  ///< from 1
    UnixTime issued = 0;
    std::vector<Bytes> serials;  ///< ascending, no doubles
};

/// Reads a list; whether its signature is good is the Keyring's business. Errors: malformed, too_large,
/// unsupported_security.
Result<RevocationList> read_revocation_list(ByteView wire);

/// Makes and signs a list. `signer` is the authority's certificate.
RevocationList make_revocation_list(const cose::SigningKey& key, const Certificate& signer,
                                    std::uint64_t number, UnixTime issued, std::vector<Bytes> serials);

}  // namespace tram::identity
