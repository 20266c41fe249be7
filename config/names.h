// The spelling of choices in tram.toml; each list is in the order of its enumeration.
#pragma once

#include <array>
#include <string_view>

namespace tram::config {

inline constexpr std::array<std::string_view, 6> kRouterNames = {"direct", "static",  "epidemic",
                                                                 "spray",  "prophet", "eta"};
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"error", "warning", "info", "debug"};

}  // namespace tram::config
