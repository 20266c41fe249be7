// The rules of tram.toml that are more than a type and a range: names, addresses, and keys that depend on
// each other.
#pragma once

#include "config/config.h"
#include "config/report.h"

namespace tram::config {

/// Reports every rule that `config` breaks.
void validate(const Config& config, Report& report);

}  // namespace tram::config
