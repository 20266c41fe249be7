#include "tests/sim/scenario.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "tests/sim/scenario_schedule.h"

namespace tram::sim {

namespace {

constexpr double kDay_us = 86'400e6;
constexpr std::int64_t kDay_s = 86'400;
constexpr std::uint64_t kBuffer = 2'000'000'000;
constexpr double kTtlDays = 120;

const std::map<std::string, routing::Kind> kRouters{
    {"direct", routing::Kind::kDirect},     {"static", routing::Kind::kStatic},
    {"epidemic", routing::Kind::kEpidemic}, {"spray", routing::Kind::kSpray},
    {"prophet", routing::Kind::kProphet},   {"eta", routing::Kind::kEta}};

ScenarioPlaces places_of(const toml::table& file) {
    ScenarioPlaces places;
    places.days = static_cast<std::int64_t>(number_of(file, "days", 0));
    if (places.days < 1 || places.days > 340) throw ScenarioMistake{"days is 1 to 340"};
    const toml::table* nodes = file["nodes"].as_table();
    const toml::table* links = file["links"].as_table();
    if (nodes == nullptr || links == nullptr) throw ScenarioMistake{"[nodes] and [links] are needed"};
    for (const auto& [name, value] : *nodes) {
        const auto count = value.value<std::int64_t>();
        if (!count || *count < 1 || *count > 1'000) throw ScenarioMistake{"[nodes] are names with counts"};
        places.groups[std::string{name.str()}] = {places.node_count, static_cast<NodeIndex>(*count)};
        places.node_count += static_cast<NodeIndex>(*count);
    }
    for (const auto& [name, value] : *links) {
        const toml::table* table = value.as_table();
        if (table == nullptr) throw ScenarioMistake{"[links] are tables"};
        only_keys(*table, {"mbit", "kbit", "loss", "up_fraction", "window_min"}, "a link");
        const double kbit = number_of(*table, "mbit", 0) * 1'000 + number_of(*table, "kbit", 0);
        ScenarioLink link;
        link.rate = static_cast<std::uint64_t>(kbit * 125 * (1 - number_of(*table, "loss", 0)));
        if (link.rate < 100) throw ScenarioMistake{"a link needs mbit or kbit"};
        link.up_fraction = number_of(*table, "up_fraction", 1);
        if (const toml::array* window = (*table)["window_min"].as_array();
            window != nullptr && window->size() == 2) {
            link.window_min_s = window->get(0)->value_or(1.0) * 60;
            link.window_max_s = window->get(1)->value_or(1.0) * 60;
        }
        if (link.up_fraction <= 0 || (link.up_fraction < 1 && link.window_max_s <= 0))
            throw ScenarioMistake{"a link that comes and goes needs window_min"};
        places.links[std::string{name.str()}] = link;
    }
    return places;
}

/// Messages with the names of their loads.
class Loads {
  public:
    Loads(const ScenarioPlaces& places, Random& random) : places_{places}, random_{random} {}

    void add(const toml::table& table) {
        only_keys(table,
                  {"name", "from", "to", "bytes", "per_day", "days", "hours", "first_day", "last_day",
                   "urgency", "ttl_days"},
                  "load");
        const std::string name = text_of(table, "name", "load");
        const auto from = places_.nodes(text_of(table, "from", "load"));
        const std::string to = text_of(table, "to", "load");
        const std::vector<bool> days = days_of(table);
        const double per_day = number_of(table, "per_day", 1);
        const auto first_day = static_cast<std::int64_t>(number_of(table, "first_day", 0));
        const auto last_day =
            static_cast<std::int64_t>(number_of(table, "last_day", static_cast<double>(places_.days - 1)));
        double due = 0;
        for (std::int64_t day = first_day; day <= last_day && day < places_.days; ++day) {
            if (!days[static_cast<std::size_t>(day % 7)]) continue;
            for (due += per_day; due >= 1; due -= 1) {
                const std::size_t index = random_.below(from.size());
                messages_.emplace_back(draw(table, day, from[index], index, to), name);
            }
        }
    }

    void finish(Scenario& scenario) {
        std::ranges::stable_sort(messages_, {}, [](const auto& each) { return each.first.created_us; });
        for (auto& [message, name] : messages_) {
            scenario.load.messages.push_back(message);
            scenario.load_of.push_back(std::move(name));
        }
    }

  private:
    Message draw(const toml::table& table, std::int64_t day, NodeIndex from, std::size_t index,
                 const std::string& to) {
        std::pair<double, double> hours{0, kDay_s - 1};
        if (const toml::array* range = table["hours"].as_array(); range != nullptr && range->size() == 2) {
            hours = {static_cast<double>(time_of_day(range->get(0)->value_or<std::string>(""))),
                     static_cast<double>(time_of_day(range->get(1)->value_or<std::string>("")))};
        }
        const toml::array* bytes = table["bytes"].as_array();
        if (bytes == nullptr || bytes->size() != 2) throw ScenarioMistake{"bytes = [least, most]"};
        Message message;
        message.from = from;
        message.to = to_of(from, index, to);
        message.created_us = static_cast<std::int64_t>(
            (static_cast<double>(day * kDay_s) + random_.uniform(hours.first, hours.second)) * 1e6);
        message.bytes = static_cast<std::uint64_t>(
            random_.log_uniform(bytes->get(0)->value_or(1.0), bytes->get(1)->value_or(1.0)));
        message.urgency = static_cast<bpv7::Urgency>(std::min(4.0, number_of(table, "urgency", 0)));
        message.ttl_s = static_cast<std::int64_t>(number_of(table, "ttl_days", kTtlDays) * kDay_s);
        return message;
    }

    NodeIndex to_of(NodeIndex from, std::size_t index, const std::string& to) {
        if (to == "everyone") return kGroup;
        if (to.starts_with("own:")) {
            const auto own = places_.nodes(to.substr(4));
            return own[index % own.size()];
        }
        const auto some = places_.nodes(to);
        const NodeIndex chosen = some[random_.below(some.size())];
        if (chosen == from) throw ScenarioMistake{"a load goes from a node to itself"};
        return chosen;
    }

    const ScenarioPlaces& places_;
    Random& random_;
    std::vector<std::pair<Message, std::string>> messages_;
};

void read_works(const toml::table& file, Scenario& scenario) {
    const toml::array* works = file["works"].as_array();
    for (std::size_t i = 0; works != nullptr && i < works->size(); ++i) {
        const toml::table* table = works->get(i)->as_table();
        if (table == nullptr) throw ScenarioMistake{"works is a list of tables"};
        only_keys(*table, {"load", "delivered", "days"}, "works");
        const Criterion criterion{.load = text_of(*table, "load", "works"),
                                  .delivered = number_of(*table, "delivered", 1),
                                  .days = number_of(*table, "days", 0)};
        if (std::ranges::find(scenario.load_of, criterion.load) == scenario.load_of.end())
            throw ScenarioMistake{"there is no load " + criterion.load};
        scenario.works.push_back(criterion);
    }
    if (scenario.works.empty()) throw ScenarioMistake{"[[works]] is needed: what must be reached"};
}

Scenario scenario_of(const toml::table& file) {
    only_keys(file,
              {"name", "days", "seed", "router", "members", "nodes", "links", "buffers", "meet", "always",
               "cut", "power", "load", "works"},
              "a scenario");
    const ScenarioPlaces places = places_of(file);
    Scenario scenario;
    scenario.name = text_of(file, "name", "a scenario");
    const auto router = kRouters.find(file["router"].value_or<std::string>("eta"));
    if (router == kRouters.end()) throw ScenarioMistake{"there is no such router"};
    scenario.world.router = router->second;
    scenario.world.seed = static_cast<std::uint64_t>(number_of(file, "seed", 1));
    Random random{scenario.world.seed};
    scenario.contacts.contacts = contacts_of(file, places, random, scenario.world.faults.power_cuts);
    scenario.contacts.node_count = places.node_count;
    scenario.contacts.end_s = places.days * kDay_s;
    scenario.load.ttl_s = static_cast<std::int64_t>(kTtlDays) * kDay_s;
    scenario.load.buffers.assign(places.node_count, kBuffer);
    if (file.contains("members"))
        scenario.load.members = places.nodes(text_of(file, "members", "a scenario"));
    if (const toml::table* buffers = file["buffers"].as_table()) {
        for (const auto& [nodes, megabytes] : *buffers) {
            for (const NodeIndex node : places.nodes(std::string{nodes.str()}))
                scenario.load.buffers[node] = static_cast<std::uint64_t>(megabytes.value_or(1.0) * 1e6);
        }
    }
    Loads loads{places, random};
    const toml::array* tables = file["load"].as_array();
    for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i) {
        if (tables->get(i)->as_table() == nullptr) throw ScenarioMistake{"load is a list of tables"};
        loads.add(*tables->get(i)->as_table());
    }
    loads.finish(scenario);
    read_works(file, scenario);
    return scenario;
}

}  // namespace

Result<Scenario> read_scenario(const std::string& path) {
    try {
        return scenario_of(toml::parse_file(path));
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::kInvalidArgument, path + ":" + std::to_string(error.source().begin.line) +
                                                     ": " + std::string{error.description()});
    } catch (const ScenarioMistake& mistake) {
        return fail(ErrorCode::kInvalidArgument, path + ": " + mistake.what);
    }
}

std::vector<Criterion> judge(const Scenario& scenario, const Outcome& outcome) {
    std::vector<Criterion> works = scenario.works;
    for (Criterion& criterion : works) {
        std::uint64_t arrived = 0;
        const auto within_us = static_cast<std::int64_t>(criterion.days * kDay_us);
        for (std::size_t i = 0; i < scenario.load.messages.size(); ++i) {
            const Message& message = scenario.load.messages[i];
            const std::int64_t until_us = message.created_us + within_us;
            if (scenario.load_of[i] != criterion.load || until_us > scenario.contacts.end_s * 1'000'000)
                continue;
            criterion.asked += message.to == kGroup ? scenario.load.members.size() : 1;
            arrived += static_cast<std::uint64_t>(std::ranges::count_if(
                outcome.arrivals[i], [&](std::int64_t at_us) { return at_us <= until_us; }));
        }
        criterion.reached =
            criterion.asked == 0 ? 0 : static_cast<double>(arrived) / static_cast<double>(criterion.asked);
    }
    return works;
}

}  // namespace tram::sim
