#include "daemon/node/visit_plans.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "daemon/node/flooding.h"
#include "daemon/node/offices.h"
#include "daemon/node/visit_times.h"
#include "daemon/node/wall_clock.h"
#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"

namespace tram::node {

namespace {

namespace pb = admin::pb;

constexpr std::uint64_t kDay_ms = 24ULL * 3600 * 1000;

Verdict refused(ErrorCode code, std::string why) {
    return {.what = Verdict::What::kRefuse, .why = {code, std::move(why)}};
}

MessageName name_of(const registry::KnownPlan& known) {
    return {known.source, known.destination, known.message_id};
}

/// 2026112301: as zones of the domain name system are numbered, so that an office that has forgotten what it
/// published does not begin below it.
std::uint32_t first_number_of(std::int32_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    const auto year = static_cast<std::uint32_t>(static_cast<int>(date.year()));
    return ((year * 100 + static_cast<unsigned>(date.month())) * 100 + static_cast<unsigned>(date.day())) *
               100 +
           1;
}

}  // namespace

VisitPlans::VisitPlans(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages,
                       Copies& copies)
    : custody_{custody}, trust_{trust}, outgoing_{outgoing}, messages_{messages}, copies_{copies} {}

std::string VisitPlans::own_commune() const {
    return std::string{identity::commune_of(own_id())};
}

void VisitPlans::restore_state(const std::string& name, ByteView value) {
    if (!name.starts_with(registry::kPlanRow)) return;
    auto known = registry::decode_plan_row(name, value);
    if (known) {
        plans_.insert_or_assign(known->plan.commune, std::move(*known));
    } else {
        unreadable_.push_back(std::move(known.error()));
    }
}

std::vector<Error> VisitPlans::start() {
    tell_router();
    return std::exchange(unreadable_, {});
}

void VisitPlans::tell_router() {
    if (plans_.empty()) return;
    routing::VisitPlan all;
    const auto own = plans_.find(own_commune());
    if (own != plans_.end()) add_visits(own->second.plan, all);
    for (const auto& [commune, known] : plans_)
        if (commune != own_commune()) add_visits(known.plan, all);
    copies_.set_plan(all);
}

bool VisitPlans::wants(const bpv7::Eid& destination, bpv7::Kind kind) const {
    return kind == bpv7::Kind::kControl && is_visits_group(destination);
}

std::optional<Verdict> VisitPlans::known(const MessageName& name) const {
    const bool here =
        std::ranges::any_of(plans_, [&](const auto& each) { return name_of(each.second) == name; });
    if (!here) return std::nullopt;
    return Verdict{.what = Verdict::What::kKeep};
}

Verdict VisitPlans::take(const ArrivedMessage& arrived) {
    if (arrived.sealed)
        return refused(ErrorCode::kForbidden, "a visit plan is public, and this one is sealed");
    const auto destination = bpv7::Eid::parse(arrived.name.destination);
    const std::string commune = destination ? commune_of(*destination) : std::string{};
    const auto speaker = speaker_for(custody_.options(), {std::string{kCommuneOffice}, commune});
    if (!speaker || *speaker != arrived.sender) {
        return refused(ErrorCode::kWrongSender, "a visit plan of commune " + commune + " is signed by " +
                                                    arrived.sender + ", and its node is " +
                                                    speaker.value_or("not known"));
    }
    if (arrived.head_only) return {.what = Verdict::What::kKeep};  // of a newer program: for others
    const auto plan = admin::plan_of(arrived.message);
    if (!plan) return refused(plan.error().code, plan.error().message);
    if (plan->commune != commune)
        return refused(ErrorCode::kContradiction, "a visit plan was sent to another commune than its own");
    if (const auto before = plans_.find(commune); before != plans_.end()) {
        const std::uint32_t number = before->second.plan.number;
        const bool same = before->second.digest == arrived.digest;
        if (plan->number < number || (plan->number == number && same)) return {.what = Verdict::What::kDone};
        if (plan->number == number)
            return refused(ErrorCode::kContradiction, "another visit plan has the number " +
                                                          std::to_string(number) + ": publish it anew");
    } else if (!make_room(commune)) {
        return {.what = Verdict::What::kSetAside,
                .why = {ErrorCode::kFull, "visit plans of 5 communes are known here already"}};
    }
    learn({*plan, arrived.sender, arrived.name.source, arrived.name.destination, arrived.name.message_id,
           arrived.digest});
    return {.what = Verdict::What::kKeep};
}

bool VisitPlans::make_room(const std::string& commune) {
    const std::string own = own_commune();
    const std::size_t others = plans_.size() - (plans_.contains(own) ? 1 : 0);
    if (commune == own || others < kCommunesMax - 1) return true;
    const auto wall = custody_.now().wall;
    const auto over = std::ranges::find_if(plans_, [&](const auto& each) {
        return each.first != own && wall && each.second.plan.last_day < admin::day_of(to_unix(*wall));
    });
    if (over == plans_.end()) return false;
    custody_.erase_state(std::string{registry::kPlanRow} + over->first);
    messages_.end(name_of(over->second), store::Ending::kCancelled);
    plans_.erase(over);
    return true;
}

void VisitPlans::learn(registry::KnownPlan known) {
    const std::string commune = known.plan.commune;
    if (auto row = registry::encode_plan_row(known))
        custody_.save_state(std::string{registry::kPlanRow} + commune, std::move(*row));
    const auto before = plans_.find(commune);
    if (before != plans_.end()) messages_.end(name_of(before->second), store::Ending::kCancelled);
    plans_.insert_or_assign(commune, std::move(known));
    tell_router();
}

void VisitPlans::publish(const input::PublishPlan& publish) {
    auto published = publish_now(publish);
    if (!published) {
        custody_.emit(effect::Reply{publish.request, std::unexpected{std::move(published.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{publish.request, std::move(*published)});
    }
}

Result<effect::Reply::Planned> VisitPlans::publish_now(const input::PublishPlan& publish) {
    if (custody_.options().security.open)
        return fail(ErrorCode::kNoCertificate,
                    "visit plans are signed, and this node runs without certificates");
    const auto plan = complete(publish.message);
    if (!plan) return std::unexpected{plan.error()};
    const auto lifetime = lifetime_ms(*plan);
    if (!lifetime) return std::unexpected{lifetime.error()};
    const auto message = admin::plan_message(*plan);
    if (!message) return std::unexpected{message.error()};
    if (auto good = admin::check(*message); !good) return std::unexpected{std::move(good.error())};
    const auto encoded = admin::encode_message(*message);
    if (!encoded) return std::unexpected{encoded.error()};
    const auto destination = bpv7::Eid::parse(admin::visits_group(plan->commune), custody_.options().limits);
    if (!destination) return std::unexpected{destination.error()};

    MessageTerms terms;
    terms.destination = *destination;
    terms.lifetime_ms = *lifetime;
    terms.kind = bpv7::Kind::kControl;
    terms.is_public = true;
    terms.content_bytes = admin::content_bytes(*message, encoded->size());
    terms.content_type = admin::kContentType;
    Cargo cargo{
        {}, [this, &plan, to = destination->to_string()](const MessageId& id, const cose::Digest& digest) {
            learn({*plan, own_id(), own_id(), to, id, digest});
        }};
    const auto id = outgoing_.send(terms, std::move(cargo), admin::begin_content(*encoded));
    if (!id) return std::unexpected{id.error()};
    return effect::Reply::Planned{*id, plan->commune, plan->number, unknown_nodes(*plan)};
}

Result<admin::VisitPlan> VisitPlans::complete(ByteView wire) const {
    auto message = admin::decode_message(wire);
    if (!message) return std::unexpected{message.error()};
    if (!message->has_plan()) return fail(ErrorCode::kInvalidArgument, "this message has no visit plan");
    auto plan = admin::plan_of(*message);
    if (!plan) return plan;
    const auto speaker = speaker_for(custody_.options(), {std::string{kCommuneOffice}, plan->commune});
    if (!speaker) return std::unexpected{speaker.error()};
    if (*speaker != own_id()) {
        return fail(ErrorCode::kForbidden, "visit plans of commune " + plan->commune + " are published at " +
                                               *speaker + " only, and this is " + own_id());
    }
    const auto before = plans_.find(plan->commune);
    const std::uint32_t last = before == plans_.end() ? 0 : before->second.plan.number;
    if (plan->number != 0 && plan->number <= last) {
        return fail(ErrorCode::kOutdated, "plan " + std::to_string(last) + " of commune " + plan->commune +
                                              " is in force: leave the number out, or give a higher one");
    }
    const bool counted = plan->number == 0;
    if (counted) plan->number = last + 1;
    if (const auto wall = custody_.now().wall) {
        plan->issued_unix_s = to_unix(*wall);
        if (counted) plan->number = std::max(plan->number, first_number_of(admin::day_of(to_unix(*wall))));
    }
    return plan;
}

/// Until the day after its last; without a clock as long as if it had begun today.
Result<std::uint64_t> VisitPlans::lifetime_ms(const admin::VisitPlan& plan) const {
    const auto wall = custody_.now().wall;
    if (!wall) return static_cast<std::uint64_t>(plan.last_day - plan.first_day + 2) * kDay_ms;
    const std::int64_t left = admin::start_of_day(plan.last_day + 1) - to_unix(*wall);
    if (left <= 0)
        return fail(ErrorCode::kExpired,
                    "the plan was for days until " + admin::print_day(plan.last_day) + ", which are over");
    return static_cast<std::uint64_t>(left) * 1'000 + kDay_ms;
}

std::vector<std::string> VisitPlans::unknown_nodes(const admin::VisitPlan& plan) const {
    std::set<std::string> nodes;
    for (const admin::PlannedVisit& each : plan.visits) {
        nodes.insert(each.visitor);
        nodes.insert(each.host);
    }
    for (const identity::Certificate* each : trust_.keyring().certificates()) {
        const std::string_view eid = each->eid;
        constexpr std::string_view kScheme = "dtn://";
        if (eid.size() > kScheme.size())
            nodes.erase(std::string{eid.substr(kScheme.size(), eid.size() - kScheme.size() - 1)});
    }
    return {nodes.begin(), nodes.end()};
}

}  // namespace tram::node
