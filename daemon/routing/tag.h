// Short names of nodes, so that what routers tell each other stays small: 32 bits of a hash of the node id.
// Nobody can be addressed by one. Two nodes with the same tag are taken for one, which makes estimates about
// them worse and breaks nothing else.
#pragma once

#include <cstdint>

#include "proto/bpv7/eid.h"

namespace tram::routing {

using Tag = std::uint32_t;
inline constexpr Tag kNoTag = 0;

/// Of a node id; never kNoTag.
Tag node_tag(const bpv7::Eid& node);
/// Of the commune of a dtn node: its name up to the first '-'. kNoTag where there is none.
Tag area_tag(const bpv7::Eid& node);

}  // namespace tram::routing
