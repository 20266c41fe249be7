// Plans of visits: for routers, and what became of them.
#pragma once

#include "daemon/routing/visit_plan.h"
#include "tests/sim/contacts.h"
#include "tests/sim/random.h"

namespace tram::sim {

/// As a commune would write it: each planned contact once, with the probability that it takes place.
routing::VisitPlan visits_of(const ContactPlan& plan, double probability);

/// For each planned visit the contact that was it, as its index: the nearest of the same pair within four
/// days, each contact for one visit at most. contacts.size(): it did not take place.
std::vector<std::size_t> realised(const ContactPlan& contacts, const ContactPlan& plan);

/// The contacts without those of a part of the planned visits, chosen by chance: these do not happen.
ContactPlan without_visits(ContactPlan contacts, const ContactPlan& plan, double part, Random& random);

}  // namespace tram::sim
