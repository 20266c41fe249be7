// What BIB-HMAC-SHA2 and BCB-AES-GCM have in common (RFC 9173 3.7, 4.7.2): the bytes that stand before the
// target's data, and the reading of parameters and results.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/bpsec/openssl.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpsec {

/// Scope flags, then as the flags say: the primary block (as on the wire), the header of the target, the
/// header of `security_block`; headers are type, number and flags. The
/// target 0 has neither of the first two (RFC 9173 3.7). Reserved bits count as zero (RFC 9172 4).
Buffer scope_bytes(const bpv7::Bundle& bundle, std::uint64_t target,
                   const bpv7::CanonicalBlock& security_block, std::uint64_t scope_flags);

/// Encoded items for parameters and results.
Bytes encoded(std::uint64_t number);
Bytes encoded(ByteView bytes);

/// The parameter `id`, or `preset`. Errors: malformed.
Result<std::uint64_t> number_parameter(const SecurityBlock& block, std::uint64_t id, std::uint64_t preset);
/// The parameter `id`, a view into `block`. Errors: malformed.
Result<std::optional<ByteView>> bytes_parameter(const SecurityBlock& block, std::uint64_t id);
/// Whether every parameter is one of `known` and occurs once. Errors: unsupported_security, malformed.
Result<void> check_parameters(const SecurityBlock& block, std::initializer_list<std::uint64_t> known);

/// The only result for the target at `index`, which must have the id 1 and be a byte string of `bytes`;
/// nothing when there is no result at all. Errors: malformed, unsupported_security.
Result<std::optional<ByteView>> only_result(const SecurityBlock& block, std::size_t index, std::size_t bytes);

/// A copy of `key`, or what `wrapped` contains when it is there. Errors: unsupported_security.
Result<Secret> content_key(const std::optional<ByteView>& wrapped, ByteView key);

}  // namespace tram::bpsec
