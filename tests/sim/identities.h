// The devices of the simulated commune: 18904-n0, 18904-n1 and so on, with keys and certificates of its
// authority. Made when they are first asked for, and the same in every run.
#pragma once

#include <string>

#include "tests/commune.h"
#include "tests/sim/contacts.h"

namespace tram::sim {

/// dtn://18904-n7/
[[nodiscard]] std::string node_name(NodeIndex node);
[[nodiscard]] const node::testing::Device& device(NodeIndex node);
/// What its identity directory holds: root, authority, and its own certificates. Others are learned.
[[nodiscard]] identity::TrustBundle trust_of(NodeIndex node);

/// What clocks show when a simulation begins: a Monday, 00:00 in Viet Nam; DTN time, milliseconds.
inline constexpr std::uint64_t kWallStart_ms = (1'794'157'200 - kDtnEpochUnixSeconds) * 1'000;

}  // namespace tram::sim
