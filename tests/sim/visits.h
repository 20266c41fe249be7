// Plans of visits: for routers, and what became of them.
#pragma once

#include "daemon/routing/visit_plan.h"
#include "tests/sim/contacts.h"
#include "tests/sim/random.h"

namespace tram::sim {

/// As a commune would write it: each planned contact once, with the probability that it takes place.
routing::VisitPlan visits_of(const ContactPlan& plan, double probability);

struct Planned {
    ContactPlan contacts;       ///< as if every visit took place
    routing::VisitPlan visits;  ///< as every node is told
};

/// Reads a plan: as a commune writes it when the name ends in .toml (daemon/visits/plan_file.h; nodes are
/// 18904-n0, 18904-n1 and so on, and the simulation begins on 2026-11-09), else a contact file whose visits
/// take place with `probability`. Errors: invalid_argument, not_found, io.
Result<Planned> read_planned(const std::string& path, double probability);

/// For each planned visit the contact that was it, as its index: the nearest of the same pair within four
/// days, each contact for one visit at most. contacts.size(): it did not take place.
std::vector<std::size_t> realised(const ContactPlan& contacts, const ContactPlan& plan);

/// The contacts without those of a part of the planned visits, chosen by chance: these do not happen.
ContactPlan without_visits(ContactPlan contacts, const ContactPlan& plan, double part, Random& random);

}  // namespace tram::sim
