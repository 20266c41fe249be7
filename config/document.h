// TOML of people, parsed: a file that is no TOML is a problem with its line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <toml++/toml.h>

#include "config/report.h"

namespace tram::config {

inline constexpr std::size_t kFileBytesMax = 1U << 20;

/// Nothing: `report` says why. `file` is for messages only.
std::optional<toml::table> parse_document(std::string_view text, const std::string& file, Report& report);

}  // namespace tram::config
