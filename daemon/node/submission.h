// What local applications hand over, as bundles.
#pragma once

#include "daemon/node/own_bundle.h"

namespace tram::node {

/// The largest payload that fits into a bundle here.
std::size_t payload_bytes_max(const NodeOptions& options);

/// The longest lifetime that a bundle of ours may have.
inline constexpr std::uint64_t kLifetimeMax_ms = 100ULL * 366 * 24 * 3600 * 1000;

/// Whether an application here may send from `source` (nothing: the node id) to `destination`. Errors:
/// invalid_argument (destination null or LocalNode, source not of this node).
Result<void> check_endpoints(const bpv7::Eid& destination, const std::optional<bpv7::Eid>& source,
                             const NodeOptions& options);

/// Errors: invalid_argument (the endpoints, lifetime above a hundred years), too_large, no_certificate.
Result<OwnBundle> build_bundle(Custody& custody, const Submission& submission);

}  // namespace tram::node
