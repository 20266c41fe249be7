#include "daemon/cli/format.h"

#include <array>
#include <limits>
#include <utility>

namespace tram::cli {

std::string human_size(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    std::size_t unit = 0;
    std::uint64_t tenths = 0;
    while (bytes >= 1'000) {
        tenths = bytes % 1'000 / 100;
        bytes /= 1'000;
        ++unit;
    }
    std::string number = std::to_string(bytes);
    if (bytes < 10 && tenths != 0) number += "." + std::to_string(tenths);
    return number + " " + std::string{kUnits.at(unit)};
}

std::string human_duration(std::uint64_t milliseconds) {
    static constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> kUnits = {
        {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}}};
    for (const auto& [factor, unit] : kUnits) {
        if (milliseconds >= factor) return std::to_string(milliseconds / factor) + " " + std::string{unit};
    }
    return std::to_string(milliseconds) + " ms";
}

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return 0;
    if (part > std::numeric_limits<std::uint64_t>::max() / 100) return part / (whole / 100 + 1);
    return part * 100 / whole;
}

std::string node_label(std::string_view node_id) {
    if (node_id.starts_with("dtn://") && node_id.ends_with('/') && node_id.size() > 7) {
        return std::string{node_id.substr(6, node_id.size() - 7)};
    }
    return std::string{node_id};
}

}  // namespace tram::cli
