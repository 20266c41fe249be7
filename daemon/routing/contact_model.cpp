#include "daemon/routing/contact_model.h"

#include <algorithm>
#include <cmath>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr double kShortestWait = 60.0;
constexpr double kLongestWait = 400 * 24 * 3600.0;
constexpr double kGapMemory = 28 * 24 * 3600.0;  // a gap this long ago counts 1/e
constexpr double kUnseen = 12 * 3600.0;  // without a contact before the first, when nothing else is known
constexpr double kWeekKept = 0.93;       // of the weight of a week, each week
constexpr double kChanceMin = 0.25;      // below, a slot is no habit
constexpr std::size_t kHabitsMax = 24;   // slots of a neighbour that are remembered
constexpr double kHitsMin = 1.5;
constexpr double kWeeksPrior = 1.0;
constexpr double kNewLength = 0.3;  // weight of the last contact in the mean length
constexpr std::uint64_t kSecondsMax = 1ULL << 40U;

std::uint8_t code_in(double value, std::uint8_t max) {
    return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, static_cast<long>(max)));
}

std::uint64_t milli(double value) {
    return static_cast<std::uint64_t>(std::clamp(value, 0.0, 1e15) * 1000);
}

double read_milli(cbor::Reader& in) {
    return static_cast<double>(std::min<std::uint64_t>(in.read_unsigned(), 1ULL << 60U)) / 1000;
}

}  // namespace

std::uint8_t code_of_wait(double seconds) {
    return code_in(4 * std::log2(std::clamp(seconds, kShortestWait, kLongestWait) / kShortestWait), 255);
}

double wait_of_code(std::uint8_t code) {
    return std::min(kLongestWait, kShortestWait * std::exp2(code / 4.0));
}

std::uint8_t code_of_chance(double chance) {
    return static_cast<std::uint8_t>(std::lround(chance * 16) * 255 / 16);
}

std::uint8_t code_of_length(double seconds) {
    return code_in(2 * std::log2(std::max(seconds, 1.0)), 31);
}

double length_of_code(std::uint8_t code) {
    return std::exp2(std::min<std::uint8_t>(code, 31) / 2.0);
}

void ContactModel::began(double now_s, std::optional<double> wall_s) {
    if (in_contact()) return;
    close_gap(std::max(0.0, now_s - last_end_s_));
    began_s_ = now_s;
    if (wall_s) {
        if (week_ == 0) weeks_ = std::min((now_s - since_s_) / kWeekSeconds, 1 / (1 - kWeekKept));
        hit(*wall_s);
    }
}

void ContactModel::ended(double now_s) {
    if (!in_contact()) return;
    const double length = std::max(1.0, now_s - *began_s_);
    length_s_ = length_s_ == 0 ? length : length_s_ + kNewLength * (length - length_s_);
    last_end_s_ = now_s;
    began_s_.reset();
}

void ContactModel::close_gap(double gap_s) {
    const double kept = std::exp(-gap_s / kGapMemory);
    gaps_ = gaps_ * kept + 1;
    gap_sum_ = gap_sum_ * kept + gap_s;
    gap_squares_ = gap_squares_ * kept + gap_s * gap_s / 2;
}

void ContactModel::hit(double wall_s) {
    const auto week = static_cast<std::uint64_t>(wall_s / kWeekSeconds) + 1;
    if (week_ != 0 && week > week_) {
        const double kept = std::pow(kWeekKept, static_cast<double>(week - week_));
        for (Habit& habit : habits_)
            habit.hits *= kept;
        weeks_ = weeks_ * kept + static_cast<double>(week - week_);
        std::erase_if(habits_, [](const Habit& habit) { return habit.hits < 0.2; });
    }
    week_ = std::max(week_, week);
    const auto slot = static_cast<std::uint8_t>(std::fmod(wall_s, kWeekSeconds) / kSlotSeconds);
    const auto found = std::ranges::find(habits_, slot, &Habit::slot);
    if (found == habits_.end()) {
        if (habits_.size() >= kHabitsMax) habits_.erase(std::ranges::min_element(habits_, {}, &Habit::hits));
        habits_.push_back({slot, 1.0, week});
    } else if (found->week != week) {
        found->hits += 1;
        found->week = week;
    }
}

double ContactModel::wait_s(double now_s) const {
    // The time since the last contact is a gap too. What remains of a gap at any time is half its square for
    // each second of it; where that says less than the mean gap, contacts are regular or still few.
    const double open = in_contact() ? 0 : std::max(0.0, now_s - last_end_s_);
    const double sum = gap_sum_ + open;
    const double remaining = sum > 0 ? (gap_squares_ + open * open / 2) / sum : 0;
    return std::clamp(std::max(remaining, (sum + kUnseen) / (gaps_ + 1)), kShortestWait, kLongestWait);
}

ContactSummary ContactModel::summary(Tag peer, double now_s) const {
    ContactSummary summary{peer, code_of_wait(wait_s(now_s)), code_of_length(length_s_), {}};
    std::vector<WeekSlot> slots;
    for (const Habit& habit : habits_) {
        const double chance = std::min(0.95, habit.hits / (weeks_ + kWeeksPrior));
        if (habit.hits >= kHitsMin && chance >= kChanceMin)
            slots.push_back({habit.slot, code_of_chance(chance)});
    }
    std::ranges::sort(slots, std::ranges::greater{}, &WeekSlot::chance);
    slots.resize(std::min(slots.size(), ContactSummary::kSlotsMax));
    std::ranges::sort(slots, {}, &WeekSlot::slot);
    summary.slots = std::move(slots);
    return summary;
}

void ContactModel::encode(cbor::Writer& out, double now_s) const {
    out.open_array(9);
    out.write_unsigned(milli(since_s_));
    out.write_unsigned(milli(last_s(now_s)));
    out.write_unsigned(milli(gaps_));
    out.write_unsigned(milli(gap_sum_));
    out.write_unsigned(milli(gap_squares_));
    out.write_unsigned(milli(length_s_));
    out.write_unsigned(milli(weeks_));
    out.write_unsigned(week_);
    out.open_array(habits_.size());
    for (const Habit& habit : habits_) {
        out.open_array(3);
        out.write_unsigned(habit.slot);
        out.write_unsigned(milli(habit.hits));
        out.write_unsigned(habit.week);
    }
}

ContactModel ContactModel::decode(cbor::Reader& in) {
    ContactModel model{0};
    in.open_array(9, 9);
    model.since_s_ = read_milli(in);
    model.last_end_s_ = read_milli(in);
    model.gaps_ = read_milli(in);
    model.gap_sum_ = read_milli(in);
    model.gap_squares_ = read_milli(in);
    model.length_s_ = read_milli(in);
    model.weeks_ = read_milli(in);
    model.week_ = std::min(in.read_unsigned(), kSecondsMax);
    const std::uint64_t count = in.open_array(0, kHabitsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        Habit habit;
        in.open_array(3, 3);
        habit.slot =
            static_cast<std::uint8_t>(std::min<std::uint64_t>(in.read_unsigned(), kSlotsPerWeek - 1));
        habit.hits = read_milli(in);
        habit.week = in.read_unsigned();
        model.habits_.push_back(habit);
    }
    return model;
}

}  // namespace tram::routing
