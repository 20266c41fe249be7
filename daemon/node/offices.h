// Where offices are, and with it which node may speak for one.
#pragma once

#include <string>
#include <string_view>

#include "daemon/node/types.h"
#include "proto/admin/places.h"

namespace tram::node {

/// The kind of the office that every commune has.
inline constexpr std::string_view kCommuneOffice = "xa";

/// The endpoint that NodeOptions::offices names; a commune's own office (xa:18904) is by default at
/// dtn://18904-srv/requests. Errors: not_found (nothing says where another one is).
Result<bpv7::Eid> endpoint_of(const NodeOptions& options, const admin::Office& office);
/// The node of that endpoint: what it signs in the name of the office is the office's word, and nobody else's
/// is. Errors: those of endpoint_of().
Result<std::string> speaker_for(const NodeOptions& options, const admin::Office& office);

}  // namespace tram::node
