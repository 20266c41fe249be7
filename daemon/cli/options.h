// Options whose values have a shape: durations, sizes, endpoint ids.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "proto/base/time.h"

namespace tram::cli {

/// An option that takes "60 s", "2 h", ...
CLI::Option* add_duration(CLI::App& app, const std::string& names, Duration& out,
                          const std::string& description);
CLI::Option* add_duration(CLI::App& app, const std::string& names, std::optional<Duration>& out,
                          const std::string& description);

/// An option that takes "500 B", "4 KiB", ...
CLI::Option* add_size(CLI::App& app, const std::string& names, std::uint64_t& out,
                      const std::string& description);

/// An option that takes an endpoint id.
CLI::Option* add_endpoint(CLI::App& app, const std::string& names, std::string& out,
                          const std::string& description);

/// What is wrong with a node id, or nothing. For CLI::Option::check().
std::string problem_with_node_id(const std::string& text);

}  // namespace tram::cli
