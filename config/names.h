// The spelling of choices in tram.toml; each list is in the order of its enumeration.
#pragma once

#include <array>
#include <string_view>

namespace tram::config {

inline constexpr std::array<std::string_view, 3> kRouterNames = {"direct", "static", "epidemic"};
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"error", "warning", "info", "debug"};

}  // namespace tram::config
