#include "daemon/visits/plan_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "config/document.h"
#include "config/table_reader.h"
#include "proto/admin/dates.h"
#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/text.h"

namespace tram::visits {

namespace {

using admin::PlannedVisit;
using admin::VisitPlan;
using config::Report;
using config::TableReader;

constexpr std::int32_t kDaysOfWeek = 7;
constexpr std::uint32_t kNumberMax = 4'000'000'000;
constexpr std::size_t kListMax = VisitPlan::kNodesMax;

constexpr const char* kNodeShape = "a node of a commune such as \"18904-ks07\"";
constexpr const char* kDayShape = "a day such as 2026-11-23";
constexpr const char* kTimeShape = "a time of day in quotes, such as \"09:30\"";
constexpr const char* kWeekdayShape = "a weekday such as \"thứ hai\", \"T2\", \"mon\" or \"monday\"";

/// From 0 for Monday; nothing when it is no weekday.
std::optional<std::int32_t> weekday_from(std::string_view text) {
    static constexpr std::array<std::array<std::string_view, 5>, kDaysOfWeek> kNames{{
        {"mon", "monday", "thu hai", "thu 2", "t2"},
        {"tue", "tuesday", "thu ba", "thu 3", "t3"},
        {"wed", "wednesday", "thu tu", "thu 4", "t4"},
        {"thu", "thursday", "thu nam", "thu 5", "t5"},
        {"fri", "friday", "thu sau", "thu 6", "t6"},
        {"sat", "saturday", "thu bay", "thu 7", "t7"},
        {"sun", "sunday", "chu nhat", "chua nhat", "cn"},
    }};
    const std::string folded = admin::fold(text);
    for (std::int32_t day = 0; day < kDaysOfWeek; ++day) {
        if (std::ranges::find(kNames.at(static_cast<std::size_t>(day)), folded) !=
            kNames.at(static_cast<std::size_t>(day)).end())
            return day;
    }
    return std::nullopt;
}

std::optional<std::int32_t> day_from(const toml::node& node) {
    std::string text;
    if (const auto* date = node.as_date()) {
        const auto two = [](unsigned value) { return (value < 10 ? "-0" : "-") + std::to_string(value); };
        text = std::to_string((*date)->year) + two((*date)->month) + two((*date)->day);
    } else {
        text = node.value_exact<std::string>().value_or("");
    }
    const auto day = admin::parse_day(text);
    return day ? std::optional{*day} : std::nullopt;
}

std::optional<std::uint32_t> minute_from(const toml::node& node) {
    if (const auto* time = node.as_time())
        return static_cast<std::uint32_t>((*time)->hour) * 60 + (*time)->minute;
    const auto minute = admin::parse_minute(node.value_exact<std::string>().value_or(""));
    return minute ? std::optional{*minute} : std::nullopt;
}

/// "18904-ks07", also where its node id is written.
std::optional<std::string> node_from(const toml::node& node) {
    std::string name = node.value_exact<std::string>().value_or("");
    if (name.starts_with("dtn://") && name.ends_with("/")) name = name.substr(6, name.size() - 7);
    return admin::is_local_name(name) ? std::optional{name} : std::nullopt;
}

/// One value, or a list of them; `read` gives nothing for one that does not fit.
template <typename T>
std::vector<T> one_or_more(TableReader& table, std::string_view key, const char* shape, Report& report,
                           std::optional<T> (*read)(const toml::node&)) {
    const toml::node* node = table.find(key);
    if (node == nullptr) return {};
    std::vector<T> found;
    const auto take = [&](const toml::node& item, const std::string& item_key) {
        if (auto value = read(item)) {
            found.push_back(std::move(*value));
        } else {
            table.expected(item_key, shape);
        }
    };
    const toml::array* list = node->as_array();
    if (list == nullptr) {
        take(*node, std::string{key});
        return found;
    }
    if (list->empty() || list->size() > kListMax) {
        table.expected(key, "one to " + std::to_string(kListMax) + " values");
        return found;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string item_key = std::string{key} + "[" + std::to_string(i) + "]";
        report.locate(table.name_of(item_key), static_cast<int>(list->get(i)->source().begin.line));
        take(*list->get(i), item_key);
    }
    return found;
}

template <typename T>
std::optional<T> one(TableReader& table, std::string_view key, const char* shape, bool needed,
                     std::optional<T> (*read)(const toml::node&)) {
    const toml::node* node = table.find(key);
    if (node == nullptr && needed) table.expected(key, std::string{shape} + ", and it is missing");
    if (node == nullptr) return std::nullopt;
    auto value = read(*node);
    if (!value) table.expected(key, shape);
    return value;
}

std::optional<std::uint32_t> thousandths_from(const toml::node& node) {
    const auto part = node.value<double>();
    if (!part || !node.is_number() || !(*part >= 0.001) || *part > 1) return std::nullopt;
    return static_cast<std::uint32_t>(std::lround(*part * PlannedVisit::kCertain));
}

std::uint32_t read_probability(TableReader& table, std::uint32_t otherwise) {
    return one(table, "probability", "a number from 0.001 to 1", false, &thousandths_from)
        .value_or(otherwise);
}

std::optional<std::int32_t> weekday_at(const toml::node& node) {
    return weekday_from(node.value_exact<std::string>().value_or(""));
}

/// Reads the visits of a plan, whose days are known.
class VisitReader {
  public:
    VisitReader(VisitPlan& plan, std::uint32_t probability, Report& report)
        : plan_{plan}, probability_{probability}, report_{report} {}

    void read(TableReader& table) {
        PlannedVisit visit;
        read_times(table, visit);
        visit.probability = read_probability(table, probability_);
        read_note(table, visit);
        read_nodes(table);
        read_days(table);
        table.finish();
        add(table, visit);
    }

  private:
    struct Day {
        std::int32_t first = 0;
        std::uint32_t every_weeks = 0;
    };

    void read_times(TableReader& table, PlannedVisit& visit) {
        const auto from = one(table, "from", kTimeShape, true, &minute_from);
        const auto to = one(table, "to", kTimeShape, true, &minute_from);
        if (from && to && *to <= *from)
            table.expected("to", "a later time than from; what lasts over midnight is two visits");
        visit.from_minute = from.value_or(0);
        visit.to_minute = to.value_or(0);
    }

    void read_note(TableReader& table, PlannedVisit& visit) {
        std::string note;
        table.text("note", note);
        auto normal = admin::normalized(note, admin::Lines::kOne, VisitPlan::kVisitNoteMax);
        if (!normal) {
            table.expected("note", "one line of at most 160 bytes");
        } else if (admin::has_citizen_id(*normal)) {
            table.expected("note", "no number like a citizen id: everybody can read it");
        } else {
            visit.note = std::move(*normal);
        }
    }

    void read_nodes(TableReader& table) {
        who_ = one_or_more(table, "who", kNodeShape, report_, &node_from);
        whom_ = one_or_more(table, "whom", kNodeShape, report_, &node_from);
        for (const char* key : {"who", "whom"})
            if (!table.has(key)) table.expected(key, std::string{kNodeShape} + ", and it is missing");
    }

    void read_days(TableReader& table) {
        days_.clear();
        const auto weekdays = one_or_more(table, "weekdays", kWeekdayShape, report_, &weekday_at);
        const auto dates = one_or_more(table, "dates", kDayShape, report_, &day_from);
        std::uint64_t every_weeks = 1;
        table.whole("every_weeks", every_weeks, 1, PlannedVisit::kWeeksMax);
        const auto starting = one(table, "starting", kDayShape, false, &day_from);
        if (!table.has("weekdays") && !table.has("dates"))
            table.expected("weekdays", std::string{kWeekdayShape} + ", or dates; both are missing");
        for (const char* key : {"every_weeks", "starting"})
            if (table.has(key) && !table.has("weekdays")) table.expected(key, "weekdays beside it");
        for (const std::int32_t date : dates)
            add_day(table, "dates", {date, 0});
        const std::int32_t start = std::max(starting.value_or(plan_.first_day), plan_.first_day);
        const auto period = static_cast<std::int32_t>(every_weeks) * kDaysOfWeek;
        const std::int32_t monday = start - static_cast<std::int32_t>(admin::weekday_of(start));
        for (const std::int32_t weekday : weekdays) {
            std::int32_t first = monday + weekday;
            if (first < start) first += period;
            add_day(table, "weekdays", {first, static_cast<std::uint32_t>(every_weeks)});
        }
    }

    void add_day(TableReader& table, std::string_view key, Day day) {
        if (plan_.last_day == 0) return;  // said before
        if (day.first < plan_.first_day || day.first > plan_.last_day) {
            table.expected(key, "days from " + admin::print_day(plan_.first_day) + " to " +
                                    admin::print_day(plan_.last_day) + ", got " +
                                    admin::print_day(day.first));
        } else {
            days_.push_back(day);
        }
    }

    void add(TableReader& table, PlannedVisit visit) {
        if (who_.size() * whom_.size() * days_.size() > VisitPlan::kVisitsMax - plan_.visits.size()) {
            table.expected("who", "at most " + std::to_string(VisitPlan::kVisitsMax) +
                                      " visits in a plan, each node and day counted");
            return;
        }
        for (const std::string& who : who_) {
            for (const std::string& whom : whom_) {
                if (who == whom) table.expected("whom", "another node than who, got " + who);
                visit.visitor = who;
                visit.host = whom;
                for (const Day& day : days_) {
                    visit.first_day = day.first;
                    visit.every_weeks = day.every_weeks;
                    plan_.visits.push_back(visit);
                }
            }
        }
    }

    VisitPlan& plan_;
    std::uint32_t probability_;
    Report& report_;
    std::vector<std::string> who_;
    std::vector<std::string> whom_;
    std::vector<Day> days_;
};

/// The plan's days; without good ones last_day is 0.
void read_validity(TableReader& root, VisitPlan& plan) {
    const auto from = one(root, "valid_from", kDayShape, true, &day_from);
    const auto until = one(root, "valid_until", kDayShape, true, &day_from);
    if (!from || !until) return;
    if (*until < *from || *until - *from >= VisitPlan::kDaysMax) {
        root.expected("valid_until", "valid_from or a later day, for at most 366 days together");
        return;
    }
    plan.first_day = *from;
    plan.last_day = *until;
}

std::string commune_of(const std::string& node) {
    return node.substr(0, node.find('-'));
}

/// Where the file does not say it: the one that all nodes are of.
void find_commune(TableReader& root, VisitPlan& plan) {
    root.text("commune", plan.commune);
    std::set<std::string> communes;
    for (const PlannedVisit& each : plan.visits) {
        communes.insert(commune_of(each.visitor));
        communes.insert(commune_of(each.host));
    }
    if (root.has("commune")) {
        if (!admin::is_commune_code(plan.commune))
            root.expected("commune", "the five digits of a commune, such as \"18904\"");
        const auto foreign = std::ranges::find_if(plan.visits, [&](const PlannedVisit& each) {
            return commune_of(each.visitor) != plan.commune && commune_of(each.host) != plan.commune;
        });
        if (foreign != plan.visits.end())
            root.expected("commune", "that of one of the two nodes of each visit; " + foreign->visitor +
                                         " and " + foreign->host + " are of others");
        return;
    }
    if (communes.size() == 1) plan.commune = *communes.begin();
    if (communes.size() > 1) root.expected("commune", "the five digits of the commune whose plan this is");
}

void read_plan(const toml::table& document, VisitPlan& plan, Report& report) {
    TableReader root{document, "", report};
    std::uint64_t number = 0;
    root.whole("number", number, 1, kNumberMax);
    plan.number = static_cast<std::uint32_t>(number);
    root.text("title", plan.title);
    read_validity(root, plan);
    VisitReader reader{plan, read_probability(root, kProbability), report};
    for (TableReader& table : root.tables("visit"))
        reader.read(table);
    if (!root.has("visit")) root.expected("visit", "at least one [[visit]]");
    find_commune(root, plan);
    root.finish();
}

}  // namespace

PlanFile parse_plan(std::string_view text, const std::string& file) {
    Report report{file};
    PlanFile read;
    if (const auto document = config::parse_document(text, file, report))
        read_plan(*document, read.plan, report);
    read.problems = report.take();
    if (!read.problems.empty()) return read;
    // What concerns several keys together, or the whole.
    if (const auto message = admin::plan_message(read.plan); !message) {
        read.problems.push_back({.file = file, .line = 0, .key = {}, .message = message.error().message});
    } else if (auto plan = admin::plan_of(*message)) {
        read.plan = std::move(*plan);
    }
    return read;
}

}  // namespace tram::visits
