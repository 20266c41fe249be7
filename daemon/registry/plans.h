// Visit plans at a node: the newest of a commune, as a row "visits/18904" keeps it.
#pragma once

#include <string>
#include <string_view>

#include "proto/admin/receipt.h"
#include "proto/admin/visit_plan.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"

namespace tram::registry {

inline constexpr std::string_view kPlanRow = "visits/";

struct KnownPlan {
    admin::VisitPlan plan;
    std::string issuer;  ///< node id
    // The message that it came as, or set out as.
    std::string source;
    std::string destination;
    admin::MessageId message_id{};
    cose::Digest digest{};  ///< of its content
};

/// The row of a plan. Errors: those of admin::plan_message().
Result<Bytes> encode_plan_row(const KnownPlan& known);
/// Errors: corrupt, unsupported_version.
Result<KnownPlan> decode_plan_row(const std::string& name, ByteView row);

}  // namespace tram::registry
