// Times and days as JSON has them. Vietnam has one time zone and no summer time: what is printed is +07:00.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/error.h"

namespace tram::admin {

/// "2026-11-24T09:12:00+07:00" of Unix seconds (years 1970 to 9999).
std::string print_time(std::int64_t unix_s);
/// With any offset, or Z. Errors: invalid_argument.
Result<std::int64_t> parse_time(std::string_view text);
/// "2026-12-31" of days since 1970-01-01.
std::string print_day(std::int32_t day);
/// Errors: invalid_argument.
Result<std::int32_t> parse_day(std::string_view text);

}  // namespace tram::admin
