// Contacts from schedules; see scenario.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <vector>

#include "tests/sim/contacts.h"
#include "tests/sim/faults.h"

namespace tram::sim {

/// What is wrong with a scenario file; caught where it is read.
struct ScenarioMistake {
    std::string what;
};

struct ScenarioLink {
    std::uint64_t rate = 0;  ///< bytes a second
    double up_fraction = 1;
    double window_min_s = 0;
    double window_max_s = 0;
};

/// The names of a scenario.
struct ScenarioPlaces {
    std::map<std::string, std::pair<NodeIndex, NodeIndex>> groups{};  ///< first and count
    std::map<std::string, ScenarioLink> links{};
    NodeIndex node_count = 0;
    std::int64_t days = 0;

    [[nodiscard]] std::vector<NodeIndex> nodes(const std::string& text) const;
    [[nodiscard]] const ScenarioLink& link(const std::string& name) const;
};

/// Refuses keys that mean nothing.
void only_keys(const toml::table& table, std::initializer_list<std::string_view> known,
               std::string_view where);
std::string text_of(const toml::table& table, std::string_view key, std::string_view where);
double number_of(const toml::table& table, std::string_view key, double otherwise);
/// "HH:MM" as seconds of the day.
std::int64_t time_of_day(const std::string& text);
/// Of the week, Monday is 0; nothing said: all.
std::vector<bool> days_of(const toml::table& table);

std::vector<Contact> contacts_of(const toml::table& file, const ScenarioPlaces& places, Random& random,
                                 std::vector<PowerCut>& cuts);

}  // namespace tram::sim
