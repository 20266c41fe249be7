#include "proto/admin/visit_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/text.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

constexpr std::string_view kCommuneOffice = "xa";
constexpr std::string_view kTitle = "Lịch đi thôn";
constexpr std::int32_t kDayMax = 84'005;  // 2199-12-31: the years of documents
constexpr std::int32_t kDaysOfWeek = 7;

std::unexpected<Error> wrong(std::string why) {
    return fail(ErrorCode::kInvalidArgument, std::move(why));
}

std::unexpected<Error> at_visit(std::size_t index, ErrorCode code, std::string_view why) {
    return fail(code, "visit " + std::to_string(index + 1) + ": " + std::string{why});
}

bool is_of(std::string_view node, std::string_view commune) {
    return node.size() > commune.size() && node.starts_with(commune) && node[commune.size()] == '-';
}

Result<void> check_frame(const VisitPlan& plan) {
    if (!is_commune_code(plan.commune)) return wrong("the plan says no commune, such as 18904");
    const bool within = plan.first_day > 0 && plan.first_day <= plan.last_day && plan.last_day <= kDayMax;
    if (!within) return wrong("a plan holds from one day until the same or a later one");
    if (plan.last_day - plan.first_day >= VisitPlan::kDaysMax)
        return wrong("a plan holds for 366 days at most");
    if (plan.visits.empty()) return wrong("there is no visit in the plan");
    if (plan.visits.size() > VisitPlan::kVisitsMax)
        return fail(ErrorCode::kTooLarge, "a plan has 4000 visits at most");
    return {};
}

Result<void> check_visit(const VisitPlan& plan, std::size_t index) {
    const PlannedVisit& visit = plan.visits[index];
    const auto bad = [&](std::string_view why) { return at_visit(index, ErrorCode::kInvalidArgument, why); };
    if (!is_local_name(visit.visitor) || !is_local_name(visit.host))
        return bad("a node is named by its commune and its device, such as 18904-ks07");
    if (visit.visitor == visit.host) return bad("nobody visits themselves");
    if (!is_of(visit.visitor, plan.commune) && !is_of(visit.host, plan.commune))
        return bad("one of the two nodes has to be of commune " + plan.commune);
    if (visit.first_day < plan.first_day || visit.first_day > plan.last_day)
        return bad("its day is outside of the plan");
    if (visit.every_weeks > PlannedVisit::kWeeksMax) return bad("it comes again after 52 weeks at most");
    if (visit.from_minute >= PlannedVisit::kMinutesOfDay || visit.to_minute <= visit.from_minute ||
        visit.to_minute > visit.from_minute + PlannedVisit::kMinutesOfDay)
        return bad("it ends after it begins, within a day");
    if (visit.probability == 0 || visit.probability > PlannedVisit::kCertain)
        return bad("its probability is above 0 and at most 1");
    if (!is_normalized(visit.note, Lines::kOne, VisitPlan::kVisitNoteMax))
        return bad("its note is one line of 160 bytes at most, in Unicode NFC");
    if (has_citizen_id(visit.note))
        return at_visit(index, ErrorCode::kPersonalData,
                        "a number like a citizen id is in its note, which everybody can read; leave it out");
    return {};
}

Result<void> check_plan(const VisitPlan& plan) {
    if (auto good = check_frame(plan); !good) return good;
    for (std::size_t i = 0; i < plan.visits.size(); ++i) {
        if (auto good = check_visit(plan, i); !good) return good;
    }
    return {};
}

/// The names in the plan, each with its place in their order.
Result<std::map<std::string, std::uint32_t>> nodes_of(const VisitPlan& plan) {
    std::map<std::string, std::uint32_t> nodes;
    for (const PlannedVisit& each : plan.visits) {
        nodes.emplace(each.visitor, 0);
        nodes.emplace(each.host, 0);
    }
    if (nodes.size() > VisitPlan::kNodesMax)
        return fail(ErrorCode::kTooLarge, "a plan has 1000 nodes at most");
    std::uint32_t next = 0;
    for (auto& [name, index] : nodes)
        index = next++;
    return nodes;
}

Result<std::vector<PlannedVisit>> read_visits(const pb::VisitPlan& plan) {
    const auto count = static_cast<std::size_t>(plan.nodes_size());
    if (count > VisitPlan::kNodesMax) return fail(ErrorCode::kTooLarge, "a plan has 1000 nodes at most");
    if (static_cast<std::size_t>(plan.visits_size()) > VisitPlan::kVisitsMax)
        return fail(ErrorCode::kTooLarge, "a plan has 4000 visits at most");
    std::vector<bool> used(count);
    std::vector<PlannedVisit> visits;
    visits.reserve(static_cast<std::size_t>(plan.visits_size()));
    for (const pb::Visit& each : plan.visits()) {
        if (each.visitor() >= count || each.host() >= count)
            return at_visit(visits.size(), ErrorCode::kMalformed, "its node is not in the list of nodes");
        used[each.visitor()] = used[each.host()] = true;
        visits.push_back({plan.nodes(static_cast<int>(each.visitor())),
                          plan.nodes(static_cast<int>(each.host())), each.first_day(), each.every_weeks(),
                          each.from_minute(), each.to_minute(), each.probability(), each.note()});
        if (visits.size() > 1 && !(visits[visits.size() - 2] < visits.back()))
            return at_visit(visits.size() - 1, ErrorCode::kMalformed, "visits are not in order");
    }
    const bool in_order =
        std::ranges::adjacent_find(plan.nodes(), std::ranges::greater_equal{}) == plan.nodes().end();
    if (!in_order || std::ranges::find(used, false) != used.end())
        return fail(ErrorCode::kMalformed, "the nodes of the plan are not in order, or not all in use");
    return visits;
}

}  // namespace

std::string visits_group(std::string_view commune) {
    return identity::commune_eid(commune) + "~visits";
}

Result<pb::Message> plan_message(const VisitPlan& plan) {
    if (auto good = check_frame(plan); !good) return std::unexpected{std::move(good.error())};
    VisitPlan normal = plan;
    for (std::size_t i = 0; i < normal.visits.size(); ++i) {
        std::string& note = normal.visits[i].note;
        auto kept = normalized(note, Lines::kOne, VisitPlan::kVisitNoteMax);
        if (!kept) return at_visit(i, kept.error().code, "note: " + kept.error().message);
        note = std::move(*kept);
    }
    if (auto good = check_plan(normal); !good) return std::unexpected{std::move(good.error())};
    std::ranges::sort(normal.visits);
    normal.visits.erase(std::ranges::unique(normal.visits).begin(), normal.visits.end());
    const auto nodes = nodes_of(normal);
    if (!nodes) return std::unexpected{nodes.error()};

    pb::Message message;
    stamp(message);
    message.mutable_head()->set_kind(pb::KIND_PLAN);
    message.mutable_head()->set_title(plan.title.empty() ? std::string{kTitle} : plan.title);
    pb::VisitPlan& out = *message.mutable_plan();
    out.set_from(Office{std::string{kCommuneOffice}, normal.commune}.print());
    out.set_number(normal.number);
    out.set_first_day(normal.first_day);
    out.set_last_day(normal.last_day);
    if (normal.issued_unix_s) out.set_issued_unix_s(*normal.issued_unix_s);
    for (const auto& [name, index] : *nodes)
        out.add_nodes(name);
    for (PlannedVisit& each : normal.visits) {
        pb::Visit& visit = *out.add_visits();
        visit.set_visitor(nodes->at(each.visitor));
        visit.set_host(nodes->at(each.host));
        visit.set_first_day(each.first_day);
        visit.set_every_weeks(each.every_weeks);
        visit.set_from_minute(each.from_minute);
        visit.set_to_minute(each.to_minute);
        visit.set_probability(each.probability);
        visit.set_note(std::move(each.note));
    }
    if (auto good = normalize(message); !good) return std::unexpected{std::move(good.error())};
    return message;
}

Result<VisitPlan> plan_of(const pb::Message& message) {
    const pb::VisitPlan& from = message.plan();
    const auto office = Office::parse(from.from());
    if (!office) return wrong("from: " + office.error().message);
    if (office->kind != kCommuneOffice) return wrong("from: only a commune itself (xa) has visit plans");
    auto visits = read_visits(from);
    if (!visits) return std::unexpected{std::move(visits.error())};
    VisitPlan plan{office->commune,        from.number(),      from.first_day(), from.last_day(),
                   message.head().title(), std::move(*visits), std::nullopt};
    if (from.has_issued_unix_s()) plan.issued_unix_s = from.issued_unix_s();
    if (auto good = check_plan(plan); !good) return std::unexpected{std::move(good.error())};
    return plan;
}

std::optional<std::int64_t> next_start(const VisitPlan& plan, const PlannedVisit& visit,
                                       std::int64_t unix_s) {
    const std::int64_t lasts = (visit.to_minute - visit.from_minute) * 60LL;
    const std::int64_t first = start_of_day(visit.first_day) + visit.from_minute * 60LL;
    std::int64_t start = first;
    if (visit.every_weeks > 0 && unix_s >= first + lasts) {
        const std::int64_t period = static_cast<std::int64_t>(visit.every_weeks) * kDaysOfWeek * 86'400;
        start += ((unix_s - first - lasts) / period + 1) * period;
    }
    if (unix_s >= start + lasts || start >= start_of_day(plan.last_day + 1)) return std::nullopt;
    return start;
}

std::uint32_t times(const VisitPlan& plan, const PlannedVisit& visit) {
    if (visit.first_day > plan.last_day) return 0;
    if (visit.every_weeks == 0) return 1;
    const auto days = static_cast<std::uint32_t>(plan.last_day - visit.first_day);
    return days / (visit.every_weeks * kDaysOfWeek) + 1;
}

}  // namespace tram::admin
