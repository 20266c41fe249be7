// A place with its nodes, links, schedules and loads, and what it means that Tram works there: a TOML file.
//
//   name, days, seed, router, area_notice...
//   [nodes]     ks = 28                    node names; "ks" means all, "ks3" the third, "ks1-5" five of them
//   [links]     L2 = {mbit = 5}            or kbit; loss (of packets: so much less gets through); up_fraction
//                                          with window_min = [1, 5]: it comes and goes
//   [[meet]]    a, b, link, from, to       each day of `days` (all), in a week of every `every_weeks`;
//   between
//                                          each of a and of b as `pick` says: "all"; "own" (the first of a
//                                          with the first of b and so on, around); "next" (`count` of b a
//                                          time, in order); `minutes` long somewhere between from and to, or
//                                          all of it; `probability`
//   [[always]]  a, b, link, pick           from beginning to end
//   [[cut]]     nodes, from_h, hours       no contact of these; only over `link`, when one is named
//   [[power]]   nodes, from, to, cuts      only then is there power; so many cuts a day besides, and after
//                                          each the clock shows 1970 for up to a day
//   [[load]]    name, from, to, bytes, per_day    drawn between bytes = [low, high]; to = "own:GROUP": its
//   own
//                                          of these; to = "everyone": all `members`; days, hours = [from,
//                                          to], first_day, last_day, urgency, ttl_days
//   [[works]]   load, delivered, days      this part of them at least arrives within so many days; of what is
//                                          sent later than that before the end nothing is said
//
// A scenario begins on a Monday at midnight. Times of day are "HH:MM".
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace tram::sim {

/// What must be reached, and what was.
struct Criterion {
    std::string load;
    double delivered = 1;  ///< part, at least
    double days = 0;
    double reached = 0;
    std::uint64_t asked = 0;  ///< of how many
    [[nodiscard]] bool holds() const { return asked != 0 && reached >= delivered; }
};

struct Scenario {
    std::string name;
    ContactPlan contacts{};
    Load load{};
    std::vector<std::string> load_of{};  ///< of each message, the name of its load
    WorldOptions world{};
    std::vector<Criterion> works{};
};

/// Errors: not_found, invalid_argument with what is wrong.
Result<Scenario> read_scenario(const std::string& path);

/// The same criteria with what was reached.
std::vector<Criterion> judge(const Scenario& scenario, const Outcome& outcome);

}  // namespace tram::sim
