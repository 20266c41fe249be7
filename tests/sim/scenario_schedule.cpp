#include "tests/sim/scenario_schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace tram::sim {

namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string known_keys(std::initializer_list<std::string_view> known) {
    std::string out;
    for (const std::string_view key : known)
        out += (out.empty() ? "" : ", ") + std::string{key};
    return out;
}

/// Pairs of a meeting, in order; those of "next" follow from how often it has taken place.
class Pairing {
  public:
    Pairing(const toml::table& table, const ScenarioPlaces& places, std::string_view where)
        : a_{places.nodes(text_of(table, "a", where))},
          b_{places.nodes(text_of(table, "b", where))},
          pick_{table["pick"].value_or<std::string>("all")},
          count_{static_cast<std::size_t>(number_of(table, "count", 1))} {
        if (pick_ != "all" && pick_ != "own" && pick_ != "next")
            throw ScenarioMistake{"pick is all, own or next"};
    }
    std::vector<std::pair<NodeIndex, NodeIndex>> take() {
        std::vector<std::pair<NodeIndex, NodeIndex>> out;
        for (std::size_t i = 0; i < a_.size(); ++i) {
            if (pick_ == "own") {
                add(out, a_[i], b_[i % b_.size()]);
            } else if (pick_ == "all") {
                for (const NodeIndex b : b_)
                    add(out, a_[i], b);
            } else {
                for (std::size_t k = 0; k < count_; ++k)
                    add(out, a_[i], b_[next_++ % b_.size()]);
            }
        }
        return out;
    }

  private:
    static void add(std::vector<std::pair<NodeIndex, NodeIndex>>& out, NodeIndex a, NodeIndex b) {
        if (a != b) out.emplace_back(std::min(a, b), std::max(a, b));
    }
    std::vector<NodeIndex> a_;
    std::vector<NodeIndex> b_;
    std::string pick_;
    std::size_t count_;
    std::size_t next_ = 0;
};

class Schedule {
  public:
    Schedule(const ScenarioPlaces& places, Random& random) : places_{places}, random_{random} {}

    void meet(const toml::table& table) {
        only_keys(table,
                  {"a", "b", "link", "from", "to", "days", "every_weeks", "pick", "count", "minutes",
                   "probability"},
                  "meet");
        Pairing pairing{table, places_, "meet"};
        const ScenarioLink& link = places_.link(text_of(table, "link", "meet"));
        const std::int64_t from = time_of_day(text_of(table, "from", "meet"));
        const std::int64_t to = time_of_day(text_of(table, "to", "meet"));
        const auto every = static_cast<std::int64_t>(number_of(table, "every_weeks", 1));
        const double probability = number_of(table, "probability", 1);
        const std::vector<bool> days = days_of(table);
        for (std::int64_t day = 0; day < places_.days; ++day) {
            if (!days[static_cast<std::size_t>(day % 7)] || day / 7 % every != 0) continue;
            const auto pairs = pairing.take();
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                if (random_.unit() >= probability) continue;
                const auto [start, end] =
                    part_of(table, day * kDay_s + from, day * kDay_s + to, i, pairs.size());
                add(pairs[i], start, end, link);
            }
        }
    }

    void always(const toml::table& table) {
        only_keys(table, {"a", "b", "link", "pick"}, "always");
        Pairing pairing{table, places_, "always"};
        const ScenarioLink& link = places_.link(text_of(table, "link", "always"));
        for (const auto& pair : pairing.take())
            add(pair, 0, places_.days * kDay_s, link);
    }

    void cut(const toml::table& table) {
        only_keys(table, {"nodes", "link", "from_h", "hours"}, "cut");
        const auto nodes = places_.nodes(text_of(table, "nodes", "cut"));
        const auto from = static_cast<std::int64_t>(number_of(table, "from_h", 0) * 3'600);
        const auto to = from + static_cast<std::int64_t>(number_of(table, "hours", 0) * 3'600);
        const std::uint64_t rate =
            table.contains("link") ? places_.link(text_of(table, "link", "cut")).rate : 0;
        take_out(nodes, from, to, rate);
    }

    void power(const toml::table& table, std::vector<PowerCut>& cuts) {
        only_keys(table, {"nodes", "from", "to", "cuts"}, "power");
        const std::int64_t from = time_of_day(text_of(table, "from", "power"));
        const std::int64_t to = time_of_day(text_of(table, "to", "power"));
        const double a_day = number_of(table, "cuts", 0);
        for (const NodeIndex node : places_.nodes(text_of(table, "nodes", "power"))) {
            for (std::int64_t day = 0; day < places_.days; ++day) {
                take_out({node}, day * kDay_s, day * kDay_s + from);
                take_out({node}, day * kDay_s + to, (day + 1) * kDay_s);
                cuts.push_back({.at_us = (day * kDay_s + to) * 1'000'000, .node = node});
                if (random_.unit() >= a_day) continue;
                const auto at = static_cast<std::int64_t>(
                    random_.uniform(static_cast<double>(from), static_cast<double>(to)));
                cuts.push_back(
                    {.at_us = (day * kDay_s + at) * 1'000'000,
                     .node = node,
                     .clock_wrong_us = static_cast<std::int64_t>(random_.uniform(0, kDay_s * 1e6))});
            }
        }
    }

    std::vector<Contact> take() { return merged(std::move(contacts_)); }

  private:
    /// `minutes` somewhere, or else one after the other.
    std::pair<std::int64_t, std::int64_t> part_of(const toml::table& table, std::int64_t from,
                                                  std::int64_t to, std::size_t index, std::size_t of) {
        double low = 0;
        double high = 0;
        if (const toml::array* range = table["minutes"].as_array(); range != nullptr && range->size() == 2) {
            low = range->get(0)->value_or(0.0);
            high = range->get(1)->value_or(0.0);
        } else {
            low = high = number_of(table, "minutes", 0);
        }
        if (high <= 0) {
            const bool in_turn = table["pick"].value_or<std::string>("all") == "next";
            const auto n = static_cast<std::int64_t>(in_turn ? of : 1);
            const auto i = static_cast<std::int64_t>(in_turn ? index : 0);
            return {from + (to - from) * i / n, from + (to - from) * (i + 1) / n};
        }
        const auto length = static_cast<std::int64_t>(random_.uniform(low, high) * 60);
        const auto room = static_cast<double>(std::max<std::int64_t>(1, to - from - length));
        const std::int64_t start = from + static_cast<std::int64_t>(random_.uniform(0, room));
        return {start, start + std::max<std::int64_t>(1, length)};
    }

    void add(std::pair<NodeIndex, NodeIndex> pair, std::int64_t from, std::int64_t to,
             const ScenarioLink& link) {
        const auto put = [&](std::int64_t start, std::int64_t end) {
            contacts_.push_back(
                {.start_s = start, .end_s = end, .a = pair.first, .b = pair.second, .rate = link.rate});
        };
        if (link.up_fraction >= 1) return put(from, to);
        const double mean_up = (link.window_min_s + link.window_max_s) / 2;
        const double mean_down = mean_up * (1 - link.up_fraction) / link.up_fraction;
        double at = static_cast<double>(from) + random_.uniform(0, 2 * mean_down);
        while (at < static_cast<double>(to)) {
            const double up = random_.uniform(link.window_min_s, link.window_max_s);
            const double end = std::min(at + up, static_cast<double>(to));
            put(static_cast<std::int64_t>(at),
                std::max(static_cast<std::int64_t>(at) + 1, static_cast<std::int64_t>(end)));
            at = end + random_.uniform(0, 2 * mean_down) + 1;
        }
    }

    /// `rate`: only of contacts with this one; 0: of all.
    void take_out(const std::vector<NodeIndex>& nodes, std::int64_t from, std::int64_t to,
                  std::uint64_t rate = 0) {
        std::vector<Contact> left;
        for (const Contact& contact : contacts_) {
            const bool meant = std::ranges::find(nodes, contact.a) != nodes.end() ||
                               std::ranges::find(nodes, contact.b) != nodes.end();
            if (!meant || (rate != 0 && contact.rate != rate) || contact.end_s <= from ||
                contact.start_s >= to) {
                left.push_back(contact);
                continue;
            }
            Contact part = contact;
            part.end_s = from;
            if (part.start_s < part.end_s) left.push_back(part);
            part = contact;
            part.start_s = to;
            if (part.start_s < part.end_s) left.push_back(part);
        }
        contacts_ = std::move(left);
    }

    const ScenarioPlaces& places_;
    Random& random_;
    std::vector<Contact> contacts_;
};

}  // namespace

std::vector<NodeIndex> ScenarioPlaces::nodes(const std::string& text) const {
    if (text == "everyone") {
        std::vector<NodeIndex> all(node_count);
        for (NodeIndex i = 0; i < node_count; ++i)
            all[i] = i;
        return all;
    }
    const std::size_t digits = text.find_first_of("0123456789");
    const auto group = groups.find(text.substr(0, digits));
    if (group == groups.end()) throw ScenarioMistake{"there are no nodes " + text};
    const auto [first, count] = group->second;
    NodeIndex from = 1;
    NodeIndex to = count;
    if (digits != std::string::npos) {
        const char* end = text.data() + text.size();
        auto read = std::from_chars(text.data() + digits, end, from);
        to = from;
        if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, to);
        if (read.ec != std::errc{} || read.ptr != end || from < 1 || to < from || to > count)
            throw ScenarioMistake{"there are no nodes " + text};
    }
    std::vector<NodeIndex> out;
    for (NodeIndex i = from; i <= to; ++i)
        out.push_back(first + i - 1);
    return out;
}

const ScenarioLink& ScenarioPlaces::link(const std::string& name) const {
    const auto found = links.find(name);
    if (found == links.end()) throw ScenarioMistake{"there is no link " + name};
    return found->second;
}

void only_keys(const toml::table& table, std::initializer_list<std::string_view> known,
               std::string_view where) {
    for (const auto& [key, value] : table) {
        if (std::ranges::find(known, key.str()) == known.end())
            throw ScenarioMistake{std::string{where} + " has no key " + std::string{key.str()} + ", but " +
                                  known_keys(known)};
    }
}

std::string text_of(const toml::table& table, std::string_view key, std::string_view where) {
    const auto text = table[key].value<std::string>();
    if (!text) throw ScenarioMistake{std::string{where} + " needs a text for " + std::string{key}};
    return *text;
}

double number_of(const toml::table& table, std::string_view key, double otherwise) {
    if (!table.contains(key)) return otherwise;
    const auto number = table[key].value<double>();
    if (!number || !std::isfinite(*number) || *number < 0)
        throw ScenarioMistake{std::string{key} + " is no number that can be used"};
    return *number;
}

std::int64_t time_of_day(const std::string& text) {
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    const char* end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, hour);
    if (read.ec == std::errc{} && read.ptr != end && *read.ptr == ':')
        read = std::from_chars(read.ptr + 1, end, minute);
    if (read.ec != std::errc{} || read.ptr != end || hour < 0 || hour > 24 || minute < 0 || minute > 59)
        throw ScenarioMistake{text + " is no time of day: write 07:30"};
    return (hour * 60 + minute) * 60;
}

std::vector<bool> days_of(const toml::table& table) {
    const toml::array* named = table["days"].as_array();
    std::vector<bool> days(7, named == nullptr);
    for (std::size_t i = 0; named != nullptr && i < named->size(); ++i) {
        const std::string name = named->get(i)->value_or<std::string>("");
        const auto found = std::ranges::find(kDays, name);
        if (found == kDays.end()) throw ScenarioMistake{"days are mon, tue, wed, thu, fri, sat, sun"};
        days[static_cast<std::size_t>(found - kDays.begin())] = true;
    }
    return days;
}

std::vector<Contact> contacts_of(const toml::table& file, const ScenarioPlaces& places, Random& random,
                                 std::vector<PowerCut>& cuts) {
    Schedule schedule{places, random};
    const auto each = [&](std::string_view key, auto act) {
        const toml::array* tables = file[key].as_array();
        for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i) {
            const toml::table* table = tables->get(i)->as_table();
            if (table == nullptr) throw ScenarioMistake{std::string{key} + " is a list of tables"};
            act(*table);
        }
    };
    each("meet", [&](const toml::table& table) { schedule.meet(table); });
    each("always", [&](const toml::table& table) { schedule.always(table); });
    each("cut", [&](const toml::table& table) { schedule.cut(table); });
    each("power", [&](const toml::table& table) { schedule.power(table, cuts); });
    return schedule.take();
}

}  // namespace tram::sim
