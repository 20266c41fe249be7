// Quantities and names as people like to read them. For exact ones see config/quantity.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tram::cli {

/// "0 B", "999 B", "1.5 kB", "84 MB": powers of 1000, two significant digits below ten.
std::string human_size(std::uint64_t bytes);

/// The largest whole unit: "12 ms", "59 s", "5 min", "23 h", "9 d".
std::string human_duration(std::uint64_t milliseconds);

/// `part` of `whole` in per cent, rounded down; 0 when `whole` is 0.
std::uint64_t percent(std::uint64_t part, std::uint64_t whole);

/// A node id without its scheme and slashes: "dtn://18904-srv/" is "18904-srv"; others stay as they are.
std::string node_label(std::string_view node_id);

}  // namespace tram::cli
