// What `tram status` says about identity, clock and refusals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/cli/context.h"
#include "proto/tram/api.pb.h"

namespace tram::cli {

struct SecurityVerdict {
    int exit_code = kExitFine;
    std::string identity;  ///< a line about this node's certificate; empty: the daemon says nothing
    std::vector<std::string> warnings;  ///< beyond those of the daemon; each ends with the next command
};

/// `now`: Unix s, of this machine's clock, which is the daemon's.
SecurityVerdict judge_security(const Context& context, const api::pb::StatusReply& status, std::int64_t now);

}  // namespace tram::cli
