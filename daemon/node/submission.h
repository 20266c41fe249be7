// Building the bundles of local applications.
#pragma once

#include "daemon/node/custody.h"

namespace tram::node {

/// The largest payload that fits into a bundle here.
std::size_t payload_bytes_max(const NodeOptions& options);

/// A bundle of ours as design and RFC 9171 want it: CRC-32C on primary and payload, must not be fragmented,
/// bundle age, hop count, class. Errors: invalid_argument (destination null, source not of this node,
/// lifetime above a hundred years), too_large.
Result<bpv7::Bundle> build_bundle(Custody& custody, const Submission& submission);

}  // namespace tram::node
