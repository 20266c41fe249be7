// How many stories a test by seed tells.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace tram::node::testing {

/// As many as the environment says in TRAM_SEEDS, else `usual`.
inline std::uint32_t seeds_to_try(std::uint32_t usual) {
    const char* const more = std::getenv("TRAM_SEEDS");
    return more != nullptr ? static_cast<std::uint32_t>(std::atoi(more)) : usual;
}

}  // namespace tram::node::testing
