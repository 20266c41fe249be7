// Fragmentation and reassembly, RFC 9171 5.8 and 5.9.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpv7 {

/// Cuts `bundle` (itself possibly a fragment) into fragments whose encoded size is at most `bytes_max`.
/// Blocks go into the fragment with offset 0, and into the others where their flags say "replicate"
/// (RFC 9171 5.8), or where they are a bundle age, a hop count or a BCB. Errors: forbidden (must not be
/// fragmented, or an administrative restriction of 5.8), too_large (`bytes_max` leaves no room for one byte
/// of payload).
Result<std::vector<Bundle>> fragment(const Bundle& bundle, std::size_t bytes_max);

/// Puts one application data unit together from fragments in any order, with overlaps, repetitions and gaps.
/// Keeps track of covered ranges only; payloads stay where they are until assemble().
///
/// Invariant: `ranges_` are disjoint, sorted and not adjacent.
class Coverage {
  public:
    explicit Coverage(std::uint64_t total_length) : total_length_{total_length} {}

    /// Adds the range [offset, offset + length). Errors: forbidden when it reaches beyond the total length.
    Result<void> add(std::uint64_t offset, std::uint64_t length);
    [[nodiscard]] bool complete() const;
    /// True when adding the range would cover no new byte.
    [[nodiscard]] bool covers(std::uint64_t offset, std::uint64_t length) const;
    /// The uncovered ranges as (offset, length), ascending.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> missing() const;
    [[nodiscard]] std::uint64_t total_length() const { return total_length_; }

  private:
    std::uint64_t total_length_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_;  // (begin, end)
};

/// The original bundle from a set of its fragments that covers it; the extension blocks are those of the
/// fragment with offset 0 (RFC 9171 5.9). All must agree in source, timestamp and total length.
/// Errors: invalid_argument (they do not belong together), not_found (bytes are missing), too_large.
Result<Bundle> reassemble(const std::vector<Bundle>& fragments, const Limits& limits = {});

}  // namespace tram::bpv7
