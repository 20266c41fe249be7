// Building the bundles of local applications.
#pragma once

#include "daemon/node/custody.h"

namespace tram::node {

/// A bundle of ours as design and RFC 9171 want it: CRC-32C on primary and payload, must not be fragmented,
/// bundle age, hop count, class. Errors: invalid_argument (destination null, source not of this node,
/// lifetime above a hundred years), too_large.
Result<bpv7::Bundle> build_bundle(Custody& custody, const Submission& submission);

}  // namespace tram::node
