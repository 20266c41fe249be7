// What everybody in an area should hold: receipts, and whatever goes to a group (notices, visit plans). It
// spreads by reconciliation within its commune, whatever the router; to others it is routed like the rest.
#pragma once

#include <string>
#include <vector>

#include "daemon/node/types.h"

namespace tram::node {

[[nodiscard]] bool is_flooded(const bpv7::Eid& destination);
/// Whether visit plans go to this endpoint: dtn://18904/~visits.
[[nodiscard]] bool is_visits_group(const bpv7::Eid& endpoint);
/// The commune of an endpoint, as names go: 18904 of dtn://18904-ks07/inbox and of dtn://18904/~notice; the
/// whole name where it has no '-'; the node id of an ipn endpoint.
[[nodiscard]] std::string commune_of(const bpv7::Eid& endpoint);
/// The communes that a node belongs to: its own, and those of its areas and groups. Sorted, each once.
[[nodiscard]] std::vector<std::string> communes_of(const NodeOptions& options);

}  // namespace tram::node
