// What the messages of the COSE context share, whatever their kind: parameters, and what is covered besides
// the target. draft-ietf-dtn-bpsec-cose-16, 2.1 to 2.5 (the newest text that could be read in full).
//
// external_aad is a CBOR sequence, deterministically encoded, of
//   1. the security source, an endpoint id;
//   2. the AAD scope, a map of block numbers to flags. Keys -1 and -2 stand for the target and for the
//      security block itself; they come last, -1 first;
//   3. for each entry of the map, in its order: with kMetadata the block's type, number and flags, three
//      integers without an array around them, but for block 0 the whole primary block as it is on the wire;
//      then, with kData, the block-type-specific data as a byte string;
//   4. the additional protected headers, a byte string, empty when the block has no such parameter.
// CRC types and CRCs are not covered. The payload of the COSE message is detached: the data of the target, or
// the encoded primary block when that is the target.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpsec {

namespace cose_parameter {
inline constexpr std::uint64_t kAdditionalProtected = 3;
inline constexpr std::uint64_t kAdditionalUnprotected = 4;
inline constexpr std::uint64_t kAadScope = 5;
}  // namespace cose_parameter

/// Result ids are the tags of COSE messages.
namespace cose_result {
inline constexpr std::uint64_t kMac0 = 17;
inline constexpr std::uint64_t kSign1 = 18;
}  // namespace cose_result

struct AadEntry {
    static constexpr std::int64_t kPrimary = 0;
    static constexpr std::int64_t kTarget = -1;
    static constexpr std::int64_t kSecurityBlock = -2;
    static constexpr std::uint64_t kMetadata = 0x01;
    static constexpr std::uint64_t kData = 0x02;

    std::int64_t block = 0;   ///< a block number or one of the special keys
    std::uint64_t flags = 0;  ///< unassigned bits are kept, and mean nothing
    friend bool operator==(const AadEntry&, const AadEntry&) = default;
};

/// Sorted as it is encoded: block numbers upwards, then special keys downwards; no key twice.
using AadScope = std::vector<AadEntry>;

struct CoseParameters {
    AadScope scope;
    Bytes additional_protected;
};

/// The parameters of a block of the COSE context, defaults filled in. Errors: malformed (a parameter twice, a
/// key of the scope twice, flags that say nothing), unsupported_security (a parameter or special key that is
/// not known), too_large (a scope of more than 66 keys).
Result<CoseParameters> read_cose_parameters(const SecurityBlock& block);
/// One encoded item for the parameter kAadScope.
Bytes encode_aad_scope(const AadScope& scope);

/// Whether `scope` covers `flags` of the block `number` of an operation on `target`.
bool covers(const AadScope& scope, std::uint64_t number, std::uint64_t flags, std::uint64_t target);

/// external_aad for the operation of `security_block`, whose data is not looked into, on the block `target`.
/// Errors: malformed (the scope names a block that is not there, or the data of the target or of the security
/// block).
Result<Buffer> external_aad(const bpv7::Bundle& bundle, const bpv7::CanonicalBlock& security_block,
                            const bpv7::Eid& source, std::uint64_t target, const CoseParameters& parameters);

/// The one COSE message about the target at `index`: a view into `block`. Errors: unsupported_security (not
/// exactly one result, or another id than `id`), malformed (no byte string, or a tagged message).
Result<ByteView> cose_message(const SecurityBlock& block, std::size_t index, std::uint64_t id);
/// The result that carries `message`.
IdValue cose_result_of(std::uint64_t id, ByteView message);

/// What a COSE message about `target` is computed over. Errors: not_found.
Result<Bytes> detached_payload(const bpv7::Bundle& bundle, std::uint64_t target);

}  // namespace tram::bpsec
