#include "config/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "proto/base/check.h"

namespace tram::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 9> kSizeUnits{{{"B", 1},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"KiB", 1ULL << 10},
                                          {"MiB", 1ULL << 20},
                                          {"GiB", 1ULL << 30},
                                          {"TiB", 1ULL << 40}}};

constexpr std::array<Unit, 5> kDurationUnits{
    {{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::string unit_names(std::span<const Unit> units) {
    std::string names;
    for (const Unit& unit : units) {
        if (!names.empty()) names += ' ';
        names += unit.name;
    }
    return names;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    text = trim(text);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
        return fail(ErrorCode::kInvalidArgument, "\"" + std::string{text} + "\" is too large");
    }
    if (error != std::errc{}) {
        return fail(ErrorCode::kInvalidArgument,
                    "\"" + std::string{text} + "\" does not begin with a whole number");
    }
    const std::string_view name = trim(text.substr(static_cast<std::size_t>(end - text.data())));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        if (number > kMax / unit.factor) {
            return fail(ErrorCode::kInvalidArgument, "\"" + std::string{text} + "\" is too large");
        }
        return number * unit.factor;
    }
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string{text} + "\" " +
                                                 (name.empty() ? "has no unit" : "has an unknown unit") +
                                                 "; units are " + unit_names(units));
}

std::string exact(std::uint64_t value, std::span<const Unit> units) {
    const Unit* best = &units.front();
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0 && unit.factor > best->factor) best = &unit;
    }
    return std::to_string(value / best->factor) + " " + std::string{best->name};
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, kSizeUnits);
}

Result<Duration> parse_duration(std::string_view text) {
    const auto milliseconds = parse(text, kDurationUnits);
    if (!milliseconds) return std::unexpected{milliseconds.error()};
    return Duration{static_cast<Duration::rep>(*milliseconds)};
}

std::string exact_size(std::uint64_t bytes) {
    return exact(bytes, kSizeUnits);
}

std::string exact_duration(Duration duration) {
    TRAM_CHECK(duration.count() >= 0);
    if (duration.count() == 0) return "0 s";
    return exact(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

}  // namespace tram::config
