// `tram visit`: plans of visits, published and shown.
#pragma once

#include <CLI/App.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/commands.h"
#include "daemon/cli/context.h"
#include "proto/admin/visit_plan.h"

namespace tram::cli {

/// A visit of a plan as it is shown.
struct VisitRow {
    admin::PlannedVisit visit;
    std::uint32_t times = 0;          ///< within the plan
    std::optional<std::string> next;  ///< for people; nothing: there is no column for it
};

/// Prints visits as a table.
void print_visits(Context& context, const std::vector<VisitRow>& rows);
/// Days and times as texts, in Viet Nam; the probability from 0 to 1.
boost::json::object visit_json(const admin::PlannedVisit& visit);

/// plan and sample.
void add_visit_plan(CLI::App& visit, Context& context, Action& action);
void add_visit_show(CLI::App& visit, Context& context, Action& action);

}  // namespace tram::cli
