// The router `eta`: a copy goes to whoever is expected to have it at its destination earlier, and while there
// is time and room some more go elsewhere, because expectations may be wrong. See docs/routing.md.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "daemon/routing/estimator.h"
#include "daemon/routing/holders.h"
#include "daemon/routing/router.h"

namespace tram::routing {

struct EtaParameters {
    /// A better place is one that takes less than this part of our own time,
    double better = 0.95;
    /// and less than this part of the best known holder's.
    double better_than_holders = 0.90;
    std::size_t holders_max = 8;
    /// Surplus copies of a message together have about this many bytes, within the bounds.
    double surplus_bytes = 32e6;
    std::uint32_t surplus_min = 1;
    std::uint32_t surplus_max = 4'000;
    double surplus_hopeless = 4.0;
    double split_part = 0.25;
};

std::unique_ptr<Router> make_eta(const bpv7::Eid& node_id, const EtaParameters& parameters = {});

}  // namespace tram::routing
