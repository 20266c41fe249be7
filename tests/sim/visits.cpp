#include "tests/sim/visits.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "daemon/node/visit_times.h"
#include "daemon/visits/plan_file.h"
#include "proto/base/time.h"
#include "tests/sim/identities.h"

namespace tram::sim {

namespace {

constexpr std::int64_t kSlipMax_s = 4 * 86'400;
constexpr std::string_view kNodePrefix = "18904-n";

std::uint64_t wall_ms(std::int64_t time_s) {
    return kWallStart_ms + static_cast<std::uint64_t>(time_s) * 1'000;
}

}  // namespace

namespace {

constexpr std::int64_t kStart_unix_s =
    static_cast<std::int64_t>(kWallStart_ms / 1'000 + kDtnEpochUnixSeconds);

std::optional<NodeIndex> index_of(const std::string& name) {
    NodeIndex index = 0;
    const std::string_view digits = std::string_view{name}.substr(std::min(name.size(), kNodePrefix.size()));
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    const bool good = name.starts_with(kNodePrefix) && problem == std::errc{} && index < kNodesMax &&
                      end == digits.data() + digits.size();
    return good ? std::optional{index} : std::nullopt;
}

/// Each time that a visit of the plan takes place.
Result<ContactPlan> contacts_of(const admin::VisitPlan& plan) {
    ContactPlan made;
    for (const admin::PlannedVisit& visit : plan.visits) {
        const auto a = index_of(visit.visitor);
        const auto b = index_of(visit.host);
        if (!a || !b)
            return fail(ErrorCode::kInvalidArgument,
                        visit.visitor + " or " + visit.host +
                            " is not in the simulation, where nodes are 18904-n0, "
                            "18904-n1 and so on");
        std::int64_t asked = kStart_unix_s;
        while (const auto start = admin::next_start(plan, visit, asked)) {
            const std::int64_t start_s = *start - kStart_unix_s;
            const std::int64_t end_s = start_s + (visit.to_minute - visit.from_minute) * 60LL;
            made.contacts.push_back(
                {std::max<std::int64_t>(start_s, 0), end_s, std::min(*a, *b), std::max(*a, *b)});
            made.node_count = std::max(made.node_count, std::max(*a, *b) + 1);
            made.end_s = std::max(made.end_s, end_s);
            asked = *start + (end_s - start_s);
        }
    }
    made.contacts = merged(std::move(made.contacts));
    return made;
}

Result<Planned> read_toml(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(ErrorCode::kNotFound, path + " cannot be read");
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto read = visits::parse_plan(text, path);
    if (!read.problems.empty()) return fail(ErrorCode::kInvalidArgument, read.problems.front().to_string());
    auto contacts = contacts_of(read.plan);
    if (!contacts) return std::unexpected{contacts.error()};
    Planned planned{std::move(*contacts), {}};
    node::add_visits(read.plan, planned.visits);
    return planned;
}

}  // namespace

Result<Planned> read_planned(const std::string& path, double probability) {
    if (path.ends_with(".toml")) return read_toml(path);
    auto contacts = read_contacts(path);
    if (!contacts) return std::unexpected{contacts.error()};
    routing::VisitPlan visits = visits_of(*contacts, probability);
    return Planned{std::move(*contacts), std::move(visits)};
}

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
