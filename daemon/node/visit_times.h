// A commune's visit plan as routers read it.
#pragma once

#include "daemon/routing/visit_plan.h"
#include "proto/admin/visit_plan.h"

namespace tram::node {

/// Appends the visits of `plan`, in its order, as far as there is room in `out`. What is before 2000 is left
/// out.
void add_visits(const admin::VisitPlan& plan, routing::VisitPlan& out);

}  // namespace tram::node
