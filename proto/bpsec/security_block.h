// The abstract security block (RFC 9172 3.6): what every BIB and BCB looks like, whatever its context.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/eid.h"

namespace tram::bpsec {

/// Security context ids: RFC 9173 5.1 and draft-ietf-dtn-bpsec-cose.
namespace context {
inline constexpr std::int64_t kBibHmacSha2 = 1;
inline constexpr std::int64_t kBcbAesGcm = 2;
inline constexpr std::int64_t kCose = 3;
}  // namespace context

/// A parameter or a result: an id of the context and one encoded CBOR item.
struct IdValue {
    std::uint64_t id = 0;
    Bytes value;
};

struct SecurityBlock {
    std::vector<std::uint64_t> targets;  ///< block numbers, 0 is the primary block; at least one, no doubles
    std::int64_t context = 0;
    bpv7::Eid source;                           ///< the security source
    std::vector<IdValue> parameters;            ///< empty: the block has none (flag bit 0 clear)
    std::vector<std::vector<IdValue>> results;  ///< one set for each target, in the same order
};

/// Reads the block-type-specific data of a BIB or BCB. Errors: malformed (also targets that repeat, sets of
/// results that do not match the targets), too_large (more than 16 targets, parameters or results).
Result<SecurityBlock> decode_security_block(ByteView data, const Limits& limits);
Bytes encode_security_block(const SecurityBlock& block);

}  // namespace tram::bpsec
