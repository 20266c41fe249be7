// COSE_Mac0 with HMAC in the COSE context (draft-ietf-dtn-bpsec-cose-16, RFC 9052 6.2): integrity by a key
// that both sides know, for bundles of other implementations. Our own bundles are signed, see signature.h.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpsec/cose_context.h"
#include "proto/bpsec/openssl.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpsec {

struct Mac0Terms {
    std::uint64_t block_number = 0;  ///< of the new BIB; 0: the lowest free one
    std::uint64_t target = bpv7::kPayloadBlockNumber;
    bpv7::Eid source;
    ShaVariant variant = ShaVariant::kSha384;
    Bytes key_id;  ///< kid, unprotected; says which key to verify with
    AadScope scope;
};
/// Adds a BIB with one COSE_Mac0. Errors as add_bib_hmac(), and malformed (a scope that names blocks which
/// are not there, or data of the target).
Result<void> add_mac0(bpv7::Bundle& bundle, const Mac0Terms& terms, ByteView key);

/// Checks the COSE_Mac0 of the BIB `block_number` over `target`. Errors: not_found (no such block, or it does
/// not target that), malformed, unsupported_security, bad_signature.
Result<void> verify_mac0(const bpv7::Bundle& bundle, std::uint64_t block_number, std::uint64_t target,
                         ByteView key, const Limits& limits);

}  // namespace tram::bpsec
