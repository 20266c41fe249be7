// The router `prophet`: PRoPHET (RFC 6693), which gives copies to nodes that meet the destination more often.
// Its equations and parameters, its forwarding strategy GRTR; not its own exchange protocol, for which
// greet() and hear() stand.
//
//   meeting B      P(A,B) = P(A,B) + (1 - delta - P(A,B)) P_encounter                     (2.1.2, equation 1)
//   passing time   P(A,B) = P(A,B) gamma^K                                               (equation 2)
//   hearing B      P(A,C) = max(P(A,C), P(A,B) P(B,C) beta)                              (equation 3)
//
//   said = [1, bytes]     ; CBOR; for each node: tag (4 bytes) and P in parts of 65,535 (2 bytes), big endian
#pragma once

#include <memory>

#include "daemon/routing/router.h"

namespace tram::routing {

std::unique_ptr<Router> make_prophet(const bpv7::Eid& node_id);

}  // namespace tram::routing
