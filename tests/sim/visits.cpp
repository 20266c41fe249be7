#include "tests/sim/visits.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "tests/sim/identities.h"

namespace tram::sim {

namespace {

constexpr std::int64_t kSlipMax_s = 4 * 86'400;

std::uint64_t wall_ms(std::int64_t time_s) {
    return kWallStart_ms + static_cast<std::uint64_t>(time_s) * 1'000;
}

}  // namespace

routing::VisitPlan visits_of(const ContactPlan& plan, double probability) {
    routing::VisitPlan made;
    for (const Contact& contact : plan.contacts) {
        made.visits.push_back({.a = *bpv7::Eid::parse(node_name(contact.a)),
                               .b = *bpv7::Eid::parse(node_name(contact.b)),
                               .start_ms = wall_ms(contact.start_s),
                               .end_ms = wall_ms(contact.end_s),
                               .probability = probability});
        if (made.visits.size() == routing::VisitPlan::kVisitsMax) break;
    }
    return made;
}

std::vector<std::size_t> realised(const ContactPlan& contacts, const ContactPlan& plan) {
    std::map<std::pair<NodeIndex, NodeIndex>, std::vector<std::size_t>> of_pair;
    for (std::size_t i = 0; i < contacts.contacts.size(); ++i)
        of_pair[{contacts.contacts[i].a, contacts.contacts[i].b}].push_back(i);
    std::vector<std::tuple<std::int64_t, std::size_t, std::size_t>> candidates;  // how far, visit, contact
    for (std::size_t visit = 0; visit < plan.contacts.size(); ++visit) {
        const Contact& planned = plan.contacts[visit];
        for (const std::size_t i : of_pair[{planned.a, planned.b}]) {
            const std::int64_t far_s = std::abs(contacts.contacts[i].start_s - planned.start_s);
            if (far_s <= kSlipMax_s) candidates.emplace_back(far_s, visit, i);
        }
    }
    std::ranges::sort(candidates);
    std::vector<std::size_t> found(plan.contacts.size(), contacts.contacts.size());
    std::vector<bool> taken(contacts.contacts.size());
    for (const auto& [far_s, visit, contact] : candidates) {
        if (found[visit] != contacts.contacts.size() || taken[contact]) continue;
        found[visit] = contact;
        taken[contact] = true;
    }
    return found;
}

ContactPlan without_visits(ContactPlan contacts, const ContactPlan& plan, double part, Random& random) {
    std::vector<bool> gone(contacts.contacts.size() + 1);
    for (const std::size_t contact : realised(contacts, plan)) {
        if (random.unit() < part) gone[contact] = true;
    }
    std::vector<Contact> left;
    for (std::size_t i = 0; i < contacts.contacts.size(); ++i) {
        if (!gone[i]) left.push_back(contacts.contacts[i]);
    }
    contacts.contacts = std::move(left);
    return contacts;
}

}  // namespace tram::sim
