// Visit plans: api.proto, PublishPlan and ListPlans.
#pragma once

#include <vector>

#include "daemon/node/node.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// Errors: malformed (frames).
Result<node::Input> plan_input(std::vector<Bytes>& frames, node::RequestId id);
void fill(pb::PublishPlanReply& out, const node::effect::Reply::Planned& planned);
pb::ListPlansReply list_plans(const node::Node& node);

}  // namespace tram::api
