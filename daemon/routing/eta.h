// The router `eta`: a copy goes to whoever is expected to have it at its destination earlier, and while there
// is time and room some more go elsewhere, because expectations may be wrong. See docs/routing.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "daemon/routing/router.h"

namespace tram::routing {

/// Chosen on traces of several kinds, see docs/routing.md; there is no reason to change them in operation.
struct EtaParameters {
    /// A better place is one that takes less than this part of our own time,
    double better = 0.95;
    /// and less than this part of the best known holder's,
    double better_than_holders = 0.90;
    /// as long as fewer than this many known holders are better than we are.
    std::size_t holders_max = 8;
    /// All surplus copies of a message together have about this many bytes for each known node, but are at
    /// least `surplus_min` and at most `surplus_max` copies.
    double surplus_bytes = 750e3;
    std::size_t surplus_nodes_min = 30;  ///< a network is taken to have at least so many nodes
    std::uint32_t surplus_min = 1;
    std::uint32_t surplus_max = 4'000;
    /// None of what is larger than `small_bytes` go to who would take this many times as long as we.
    double surplus_hopeless = 4.0;
    /// Part of the surplus copies that a receiver may make.
    double split_part = 0.25;
    /// Up to this size a surplus copy ranks as a utility copy: it takes no time worth mentioning.
    std::uint64_t small_bytes = 100'000;
    /// Of worth(): what is twice as large is worth 2 to the power of this less.
    double worth_bytes = 0.25;
    /// What is there twice as soon is worth 2 to the power of this more, apart from how much likelier that
    /// is.
    double worth_time = 1.0;
};

std::unique_ptr<Router> make_eta(const bpv7::Eid& node_id, const EtaParameters& parameters = {});

}  // namespace tram::routing
