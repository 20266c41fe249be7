#include "daemon/routing/estimator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

namespace tram::routing {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kUnplannedPart = 0.2;   // of the contacts of a planned pair: late and chance ones
constexpr double kUnhabitualPart = 0.1;  // at least, of the contacts of a pair with habits
constexpr double kOneSided = 2.0;        // a wait counts as longer when the other does not know of it
constexpr double kVisitLate = 1800.0;    // a planned visit may still be going on
// A word about missed visits counts for as long as they may be made up.
constexpr double kMakeUpSeconds = MakeUps::kDays * MakeUps::kDaySeconds;
constexpr double kToNeighbour = 24 * 3600.0;  // from a node of an area to another, when nothing is known
constexpr double kChanceMax = 0.97;
constexpr double kMadeGood = 7 * 24 * 3600.0;  // a missed visit costs at most this: others come

/// Expected wait when chance meetings come at `rate` for `gap_s`, and `then_s` more is waited after that.
double between(double rate, double gap_s, double then_s) {
    if (rate * gap_s > 40) return 1 / rate;
    const double none = std::exp(-rate * gap_s);
    return (1 - none) / rate + none * then_s;
}

bool claims_less(const ContactSummary& one, const ContactSummary& other) {
    const auto habits = [](const ContactSummary& summary) {
        int sum = 0;
        for (const WeekSlot& slot : summary.slots)
            sum += slot.chance;
        return -sum;
    };
    return std::pair{one.wait, habits(one)} > std::pair{other.wait, habits(other)};
}

}  // namespace

std::uint32_t Estimator::index_of(Tag tag) {
    const auto [place, added] = index_.try_emplace(tag, static_cast<std::uint32_t>(tags_.size()));
    if (added) {
        tags_.push_back(tag);
        areas_.push_back(kNoTag);
        edges_.emplace_back();
    }
    return place->second;
}

std::vector<Estimator::Half> Estimator::halves(const Knowledge& knowledge, const Timetable& timetable) {
    std::vector<Half> result;
    for (const auto& [origin, held] : knowledge.held()) {
        const std::uint32_t from = index_of(origin);
        areas_[from] = held.record.area;
        for (const ContactSummary& said : held.record.contacts) {
            const std::uint32_t to = index_of(said.peer);
            if (to != from) result.push_back({std::min(from, to), std::max(from, to), &said, &held});
        }
    }
    for (const auto& [a, b] : timetable.pairs()) {
        const std::uint32_t from = index_of(a);
        const std::uint32_t to = index_of(b);
        result.push_back({std::min(from, to), std::max(from, to)});
    }
    std::ranges::sort(result, {}, [](const Half& half) { return std::tuple{half.low, half.high}; });
    return result;
}

void Estimator::build(const Knowledge& knowledge, const Timetable& timetable, double now_s,
                      std::optional<double> wall_ahead_s) {
    tags_.clear();
    areas_.clear();
    index_.clear();
    edges_.clear();
    slots_.clear();
    const std::vector<Half> all = halves(knowledge, timetable);
    for (std::size_t first = 0; first < all.size();) {
        std::size_t last = first + 1;
        while (last < all.size() && all[last].low == all[first].low && all[last].high == all[first].high)
            ++last;
        add_edge(std::span{all}.subspan(first, last - first), {knowledge, timetable, now_s, wall_ahead_s});
        first = last;
    }
}

const ContactRecord* Estimator::Known::record(Tag tag) const {
    const auto held = knowledge.held().find(tag);
    return held == knowledge.held().end() ? nullptr : &held->second.record;
}

void Estimator::add_edge(std::span<const Half> halves, const Known& known) {
    const std::uint32_t low = halves.front().low;
    const std::uint32_t high = halves.front().high;
    const ContactSummary* said = nullptr;
    int sides = 0;
    for (const Half& half : halves) {
        if (half.said == nullptr) continue;
        ++sides;
        if (said == nullptr || claims_less(*half.said, *said)) said = half.said;
    }
    double wait_s = said == nullptr ? kUnmetWaitSeconds : wait_of_code(said->wait);
    const auto complete = [&](std::uint32_t node) {
        const ContactRecord* one = known.record(tags_[node]);
        return one != nullptr && one->contacts.size() < ContactRecord::kContactsMax;
    };
    if (sides == 1 && complete(low) && complete(high)) wait_s *= kOneSided;

    Edge edge{high, static_cast<std::uint32_t>(slots_.size()), 0, 1 / wait_s, wait_s};
    if (known.wall_ahead_s) {
        if (known.timetable.plans(Timetable::pair_of(tags_[low], tags_[high]), known.wall_s())) {
            add_visits(halves, known);
            add_make_ups(halves, known);
            edge.rate *= kUnplannedPart;
        } else if (said != nullptr && !said->slots.empty()) {
            const double explained = add_habits(*said, known) * wait_s / kWeekSeconds;
            edge.rate *= std::max(kUnhabitualPart, 1 - explained);
        }
    }
    edge.slot_count = static_cast<std::uint32_t>(slots_.size()) - edge.slots;
    std::ranges::sort(std::span{slots_}.subspan(edge.slots), {}, &Slot::start_s);
    finish_slots(edge);
    edges_[low].push_back(edge);
    edge.to = low;
    edges_[high].push_back(edge);
}

void Estimator::add_visits(std::span<const Half> halves, const Known& known) {
    const Tag low = tags_[halves.front().low];
    const Tag high = tags_[halves.front().high];
    double kept = 0;
    int tellers = 0;
    for (const ContactRecord* one : {known.record(low), known.record(high)}) {
        if (one == nullptr || one->kept == 0) continue;
        kept += one->kept / 100.0;
        ++tellers;
    }
    kept = tellers == 0 ? known.timetable.kept() : kept / tellers;
    const double ahead_s = *known.wall_ahead_s;
    for (const PlannedVisit& visit : known.timetable.visits(Timetable::pair_of(low, high),
                                                            known.wall_s() - kVisitLate, kHorizonSeconds)) {
        const double chance = std::min(kChanceMax, visit.chance * kept);
        slots_.push_back({visit.start_s - ahead_s, visit.end_s + kVisitLate - ahead_s, chance, 0});
    }
}

void Estimator::add_make_ups(std::span<const Half> halves, const Known& known) {
    const auto pair = Timetable::pair_of(tags_[halves.front().low], tags_[halves.front().high]);
    const auto add = [&](double start_s, double chance) {
        slots_.push_back({start_s, start_s + MakeUps::kWindowSeconds, std::min(kChanceMax, chance), 0});
    };
    const auto ours = known.timetable.make_up_times(pair, known.wall_s());
    for (const double at_s : ours)
        add(at_s - *known.wall_ahead_s, known.timetable.make_ups().chance());
    if (!ours.empty()) return;
    const Half* teller = nullptr;
    for (const Half& half : halves) {
        // Who has no plan tells of habits, which are in the plan.
        if (half.said == nullptr || half.by->record.kept == 0) continue;
        if (known.now_s - half.by->made_s > kMakeUpSeconds) continue;
        if (teller == nullptr || half.said->slots.size() > teller->said->slots.size()) teller = &half;
    }
    if (teller == nullptr) return;
    const double week_start = known.now_s - std::fmod(known.wall_s(), kWeekSeconds);
    for (const WeekSlot& slot : teller->said->slots) {
        for (double start = week_start + slot.slot * kSlotSeconds; start < known.now_s + kMakeUpSeconds;
             start += kWeekSeconds) {
            if (start + MakeUps::kWindowSeconds > known.now_s) add(start, slot.chance / 255.0);
        }
    }
}

double Estimator::add_habits(const ContactSummary& said, const Known& known) {
    const double wall_s = known.wall_s();
    const double week_start = wall_s - std::fmod(wall_s, kWeekSeconds) - *known.wall_ahead_s;
    double sum = 0;
    for (const WeekSlot& slot : said.slots)
        sum += slot.chance / 255.0;
    for (double week = week_start; week < known.now_s + kHorizonSeconds; week += kWeekSeconds) {
        for (const WeekSlot& slot : said.slots) {
            const double start = week + slot.slot * kSlotSeconds;
            if (start + kSlotSeconds <= known.now_s) continue;
            // On average it begins in the middle.
            slots_.push_back({start + kSlotSeconds / 2, start + kSlotSeconds,
                              std::min(kChanceMax, slot.chance / 255.0), 0});
        }
    }
    return sum;
}

void Estimator::finish_slots(const Edge& edge) {
    for (std::uint32_t i = edge.slot_count; i-- > 0;) {
        Slot& slot = slots_[edge.slots + i];
        double missed = edge.tail_s;
        if (i + 1 < edge.slot_count) {
            const Slot& next = slots_[edge.slots + i + 1];
            missed = between(edge.rate, std::max(0.0, next.start_s - slot.start_s), next.rest_s);
        }
        slot.rest_s = (1 - slot.chance) * std::min(missed, kMadeGood);
    }
}

double Estimator::wait(const Edge& edge, double at_s, bool later) const {
    if (edge.slot_count == 0) return edge.tail_s;
    const auto slots = std::span{slots_}.subspan(edge.slots, edge.slot_count);
    const auto next = std::ranges::upper_bound(slots, at_s, {}, &Slot::start_s);
    const double missed =
        next == slots.end() ? edge.tail_s : between(edge.rate, next->start_s - at_s, next->rest_s);
    if (later || next == slots.begin()) return missed;
    const Slot& present = *std::prev(next);
    if (present.end_s <= at_s) return missed;
    const double left = present.chance * (present.end_s - at_s) / (present.end_s - present.start_s);
    return (1 - left) * std::min(missed, kMadeGood);
}

Estimator::Arrivals Estimator::from(Tag source, Tag without, std::span<const Tag> met, double now_s) const {
    using Reached = std::pair<double, std::uint32_t>;
    Arrivals arrivals{now_s, std::vector<double>(tags_.size(), kNever), {}};
    const auto start = index_.find(source);
    if (start == index_.end()) return arrivals;
    const auto closed = index_.find(without);
    const std::uint32_t avoided =
        closed == index_.end() ? static_cast<std::uint32_t>(tags_.size()) : closed->second;
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> front;
    arrivals.at_s[start->second] = now_s;
    front.emplace(now_s, start->second);
    while (!front.empty()) {
        const auto [at, node] = front.top();
        front.pop();
        if (at > arrivals.at_s[node]) continue;
        if (areas_[node] != kNoTag && node != start->second) arrivals.area_s.try_emplace(areas_[node], at);
        for (const Edge& edge : edges_[node]) {
            if (edge.to == avoided || arrivals.at_s[edge.to] <= at) continue;
            const bool later = node == start->second && std::ranges::find(met, tags_[edge.to]) != met.end();
            const double there = at + wait(edge, at, later);
            if (there >= arrivals.at_s[edge.to] || there - now_s > kLongestSeconds) continue;
            arrivals.at_s[edge.to] = there;
            front.emplace(there, edge.to);
        }
    }
    return arrivals;
}

Expected Estimator::to(const Arrivals& arrivals, Tag node, Tag area, double now_s) const {
    const auto index = index_.find(node);
    double at = kNever;
    if (index != index_.end()) {
        at = arrivals.at_s[index->second];
    } else if (const auto near = arrivals.area_s.find(area); near != arrivals.area_s.end()) {
        at = near->second + kToNeighbour;
    }
    if (at == kNever) return std::nullopt;
    return std::max(0.0, at - now_s);
}

}  // namespace tram::routing
