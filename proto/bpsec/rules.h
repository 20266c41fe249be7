// Which security blocks may be added to a bundle, and where (RFC 9172 3.2, 3.7 to 3.9, 5.2).
#pragma once

#include <cstdint>
#include <vector>

#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpsec {

/// The security blocks of a bundle that can be read.
struct SecurityOverview {
    struct Block {
        const bpv7::CanonicalBlock* block = nullptr;  ///< in the bundle
        SecurityBlock security;
    };
    std::vector<Block> integrity;  ///< without those that are encrypted
    std::vector<Block> confidentiality;

    /// Whether a BCB, or a readable BIB, has `number` among its targets.
    [[nodiscard]] bool encrypts(std::uint64_t number) const;
    [[nodiscard]] bool authenticates(std::uint64_t number) const;
};
/// Errors: malformed, too_large.
Result<SecurityOverview> read_security(const bpv7::Bundle& bundle, const Limits& limits);

/// Whether a BIB over `targets` may be added. Errors: invalid_argument (no target, one twice, more than 16, a
/// block number that is taken), not_found, forbidden, malformed (a security block that is there).
Result<void> check_new_bib(const bpv7::Bundle& bundle, std::uint64_t block_number,
                           const std::vector<std::uint64_t>& targets);
/// The same for a BCB. A BIB that shares a target must be encrypted with it, wholly.
Result<void> check_new_bcb(const bpv7::Bundle& bundle, std::uint64_t block_number,
                           const std::vector<std::uint64_t>& targets);

/// Whether `block` is a BIB or a BCB.
bool is_security(const bpv7::CanonicalBlock& block);

/// `wanted`, or the lowest free number when that is 0.
std::uint64_t block_number_for(const bpv7::Bundle& bundle, std::uint64_t wanted);
/// Puts `block` behind the security blocks that come first.
void insert_security_block(bpv7::Bundle& bundle, bpv7::CanonicalBlock block);

/// The BIB or BCB (`type`) `block_number` of `context`, read. Errors: not_found, malformed, too_large,
/// unsupported_security (another context).
Result<SecurityBlock> open_security_block(const bpv7::Bundle& bundle, std::uint64_t type,
                                          std::uint64_t block_number, std::int64_t context,
                                          const Limits& limits);
/// Whether the BIB `block_number` and its targets are in the clear: otherwise it must not be checked (RFC
/// 9172 3.9). Errors: unsupported_security, malformed.
Result<void> check_in_the_clear(const bpv7::Bundle& bundle, std::uint64_t block_number,
                                const std::vector<std::uint64_t>& targets, const Limits& limits);

}  // namespace tram::bpsec
