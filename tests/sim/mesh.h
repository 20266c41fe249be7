// A few nodes that meet by chance while everything fails that can; then nothing fails any more and everybody
// meets everybody. Each number is another mesh: its size, contacts, messages, faults, router.
#pragma once

#include <cstdint>

#include "tests/sim/world.h"

namespace tram::sim {

Outcome run_mesh(std::uint64_t number, Bug bug = Bug::kNone);

/// What shows a mesh again: a command.
[[nodiscard]] std::string replay_of(std::uint64_t number);

}  // namespace tram::sim
