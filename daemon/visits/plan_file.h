// Visit plans as people write them, in TOML:
//
//   valid_from = 2026-11-23
//   valid_until = 2027-02-28
//   [[visit]]
//   who = "18904-lt01"
//   whom = ["18904-ks07", "18904-ks08"]
//   weekdays = ["thứ hai", "thu"]
//   from = "09:00"
//   to = "15:00"
//
// sample_plan() shows every key. A visit of several nodes, on several days, becomes one of each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "proto/admin/visit_plan.h"

namespace tram::visits {

/// What is assumed of a visit of which the file does not say how probable it is, in thousandths.
inline constexpr std::uint32_t kProbability = 800;

struct PlanFile {
    admin::VisitPlan plan;  ///< meaningful only when `problems` is empty
    std::vector<config::Problem> problems;
};

/// Reads `text` as the contents of `file` (used in messages only). All problems are reported, each with its
/// line and what was expected; none of them quotes a note or a title.
PlanFile parse_plan(std::string_view text, const std::string& file);

/// A plan file that can be read, with every key explained.
std::string_view sample_plan();

}  // namespace tram::visits
