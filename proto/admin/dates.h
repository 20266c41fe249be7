// Times and days as JSON has them. Vietnam has one time zone and no summer time: what is printed is +07:00.
#pragma once

#include <cstddef>
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

/// When a day begins in Viet Nam, Unix seconds; and which day it is there.
std::int64_t start_of_day(std::int32_t day);
std::int32_t day_of(std::int64_t unix_s);
/// From 0 for Monday to 6 for Sunday.
std::size_t weekday_of(std::int32_t day);
/// "09:30" of a minute of the day; what is above a day counts as of the next.
std::string print_minute(std::uint32_t minute);
/// What print_minute() gives for a minute of one day. Errors: invalid_argument.
Result<std::uint32_t> parse_minute(std::string_view text);

}  // namespace tram::admin
