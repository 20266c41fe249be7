// A picture of a run: what part of the messages had arrived how long after it was sent, and what was
// possible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/load.h"

namespace tram::sim {

struct Curve {
    std::string name;
    std::string colour;                                       ///< as SVG has it
    std::vector<std::optional<std::int64_t>> delivered_us{};  ///< of each message
};

/// SVG, 720 by 420.
std::string chart(const Load& load, const std::vector<Curve>& curves, const std::string& title);

}  // namespace tram::sim
