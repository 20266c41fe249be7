// Sizes and durations as people write them: a whole number, a space or none, and a unit ("20 GB", "60 s").
//
//   size      B  kB MB GB TB (powers of 1000)  KiB MiB GiB TiB (powers of 1024)
//   duration  ms s min h d
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/error.h"
#include "proto/base/time.h"

namespace tram::config {

/// Bytes. Errors: invalid_argument (no number, no unit, an unknown unit, above 2^63 - 1).
Result<std::uint64_t> parse_size(std::string_view text);

/// Errors: as parse_size().
Result<Duration> parse_duration(std::string_view text);

/// `bytes` in the unit that gives the smallest whole number; parse_size() reads it back to the same.
std::string exact_size(std::uint64_t bytes);

/// `duration`, not negative, in the largest unit that divides it; parse_duration() reads it back to the same.
std::string exact_duration(Duration duration);

}  // namespace tram::config
