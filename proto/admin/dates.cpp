#include "proto/admin/dates.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "proto/admin/scan.h"

namespace tram::admin {

namespace {

constexpr std::int64_t kZone = 7 * 3'600;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kLastDay = 2'932'896;  // 9999-12-31

std::string digits(std::int64_t value, std::size_t width) {
    std::string out = std::to_string(value);
    if (out.size() < width) out.insert(0, width - out.size(), '0');
    return out;
}

// Exactly `width` digits.
std::optional<int> take_number(std::string_view& text, std::size_t width) {
    const std::string_view number = text.substr(0, width);
    if (number.size() != width || !std::ranges::all_of(number, scan::is_digit)) return std::nullopt;
    int value = 0;
    std::from_chars(number.data(), number.data() + width, value);
    text.remove_prefix(width);
    return value;
}

std::optional<std::int32_t> take_day(std::string_view& text) {
    const auto year = take_number(text, 4);
    if (!year || !scan::take(text, '-')) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !scan::take(text, '-')) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year < 1970) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count();
}

// Seconds of "09:12" or, with seconds, "09:12:00".
std::optional<int> take_clock(std::string_view& text, bool with_seconds) {
    const auto hours = take_number(text, 2);
    if (!hours || !scan::take(text, ':')) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || (with_seconds && !scan::take(text, ':'))) return std::nullopt;
    const auto seconds = with_seconds ? take_number(text, 2) : std::optional{0};
    if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
    return *hours * 3'600 + *minutes * 60 + *seconds;
}

std::optional<int> take_offset(std::string_view& text) {
    if (scan::take(text, 'Z')) return 0;
    const bool west = text.starts_with('-');
    if (!scan::take(text, west ? '-' : '+')) return std::nullopt;
    const auto offset = take_clock(text, false);
    if (!offset) return std::nullopt;
    return west ? -*offset : *offset;
}

}  // namespace

std::string print_time(std::int64_t unix_s) {
    const std::int64_t local = std::clamp<std::int64_t>(unix_s + kZone, 0, kLastDay * kDaySeconds);
    const std::int64_t clock = local % kDaySeconds;
    return print_day(static_cast<std::int32_t>(local / kDaySeconds)) + 'T' + digits(clock / 3'600, 2) + ':' +
           digits(clock / 60 % 60, 2) + ':' + digits(clock % 60, 2) + "+07:00";
}

Result<std::int64_t> parse_time(std::string_view text) {
    const auto not_one = [] {
        return fail(ErrorCode::kInvalidArgument, "not a time; expected one like 2026-11-24T09:12:00+07:00");
    };
    const auto day = take_day(text);
    if (!day || !scan::take(text, 'T')) return not_one();
    const auto clock = take_clock(text, true);
    if (!clock) return not_one();
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return not_one();
    return *day * kDaySeconds + *clock - *offset;
}

std::string print_day(std::int32_t day) {
    const auto within = static_cast<int>(std::clamp<std::int64_t>(day, 0, kLastDay));
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{within}}};
    return digits(static_cast<int>(date.year()), 4) + '-' + digits(static_cast<unsigned>(date.month()), 2) +
           '-' + digits(static_cast<unsigned>(date.day()), 2);
}

Result<std::int32_t> parse_day(std::string_view text) {
    const auto day = take_day(text);
    if (day && text.empty()) return *day;
    return fail(ErrorCode::kInvalidArgument, "not a day; expected one like 2026-12-31");
}

std::int64_t start_of_day(std::int32_t day) {
    return day * kDaySeconds - kZone;
}

std::int32_t day_of(std::int64_t unix_s) {
    const std::chrono::sys_seconds local{std::chrono::seconds{unix_s + kZone}};
    return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(local).time_since_epoch().count());
}

std::size_t weekday_of(std::int32_t day) {
    return std::chrono::weekday{std::chrono::sys_days{std::chrono::days{day}}}.iso_encoding() - 1;
}

std::string print_minute(std::uint32_t minute) {
    return digits(minute / 60 % 24, 2) + ':' + digits(minute % 60, 2);
}

Result<std::uint32_t> parse_minute(std::string_view text) {
    const auto hour = take_number(text, 2);
    const bool colon = scan::take(text, ':');
    const auto minute = take_number(text, 2);
    if (hour && colon && minute && text.empty() && *hour < 24 && *minute < 60)
        return static_cast<std::uint32_t>(*hour * 60 + *minute);
    return fail(ErrorCode::kInvalidArgument, "not a time of day; expected one like 09:30");
}

}  // namespace tram::admin
