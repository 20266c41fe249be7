// Bundle <-> bytes (RFC 9171 4.1). Encoding is deterministic (RFC 8949 4.2.1, except that the outer array
// has indefinite length as RFC 9171 4.1 demands). Decoding accepts what the RFC allows and names the rule
// for what it refuses.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpv7 {

struct DecodeOptions {
    Limits limits;
    /// Refuse what is otherwise accepted with a warning, because many peers send it:
    ///   - a primary block with neither a CRC nor a BIB over it (RFC 9171 4.3.1; a BIB that is itself
    ///     encrypted is given the benefit of the doubt),
    ///   - creation time zero without a bundle age block (RFC 9171 4.4.2),
    ///   - CBOR heads longer than needed (RFC 9171 4.1).
    bool strict = false;
};

struct Decoded {
    Bundle bundle;
    std::vector<std::string> warnings;  ///< rules that were bent and let pass; empty for a clean bundle
};

/// Decodes one bundle from `wire`, which must hold exactly one. Verifies every CRC. Block data and
/// `primary_wire` are slices of `wire`: nothing is copied and the allocation lives as long as they do.
/// Errors: truncated, malformed, trailing_data, too_large, unsupported_version, bad_crc, forbidden; the
/// message quotes the section of RFC 9171 that is broken.
///
/// Arrays of indefinite length are read wherever RFC 9171 4.1 permits them; strings of indefinite length are
/// refused. Previous node, bundle age and hop count must be well formed unless a BCB encrypts them; the data
/// of other types, our class block included, is not looked into: others may use that private number
/// differently. Unassigned flag bits are kept. A fragment whose payload reaches beyond its total length is
/// refused.
Result<Decoded> decode(const Bytes& wire, const DecodeOptions& options = {});

/// Encodes `bundle`, which must satisfy the invariants of bundle.h. CRCs are computed. `primary_wire` is
/// used for the primary block when it is not empty.
Bytes encode(const Bundle& bundle);

/// The primary block alone, as encode() writes it: `primary_wire` where there is one.
Bytes encode_primary(const Bundle& bundle);

// Block-type-specific data, RFC 9171 4.4. Readers want the whole data to be consumed.

/// Previous node, RFC 9171 4.4.1.
Bytes encode_previous_node(const Eid& node);
Result<Eid> decode_previous_node(ByteView data, const Limits& limits);

/// Bundle age in milliseconds, RFC 9171 4.4.2.
Bytes encode_bundle_age(std::uint64_t age_ms);
Result<std::uint64_t> decode_bundle_age(ByteView data);

/// Hop count, RFC 9171 4.4.3: limit 1..255.
struct HopCount {
    std::uint64_t limit = 0;
    std::uint64_t count = 0;
};
Bytes encode_hop_count(HopCount hops);
Result<HopCount> decode_hop_count(ByteView data);

/// Urgency of Vietnamese administrative documents: thường, khẩn, thượng khẩn, hỏa tốc, hỏa tốc hẹn giờ.
enum class Urgency : std::uint8_t {
    kNormal = 0,
    kUrgent = 1,
    kVeryUrgent = 2,
    kExpress = 3,
    kTimedExpress = 4
};

/// What a bundle of ours carries, in the order in which classes go first.
enum class Kind : std::uint8_t {
    kReceipt = 0,
    kControl = 1,
    kRequest = 2,
    kUpdate = 3,
    kNotice = 4,
    kBulk = 5
};

/// What the payload of a bundle of ours is.
enum class Form : std::uint8_t {
    kPlain = 0,    ///< whatever an application handed over
    kMessage = 1,  ///< a chunk of a message (proto/envelope)
};

/// Our class block (private-use type 200): CBOR array [urgency, kind, message id, chunk index, chunk count,
/// form].
struct ClassBlock {
    Urgency urgency = Urgency::kNormal;
    Kind kind = Kind::kBulk;
    std::array<std::uint8_t, 16> message_id{};
    std::uint64_t chunk_index = 0;
    std::uint64_t chunk_count = 1;  ///< at least 1, above chunk_index
    Form form = Form::kPlain;
};
Bytes encode_class(const ClassBlock& block);
Result<ClassBlock> decode_class(ByteView data);

}  // namespace tram::bpv7
