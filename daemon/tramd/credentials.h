// Who this device is, from its identity directory, in the terms of the parts that want to know.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/enrol/identity_directory.h"
#include "daemon/links/beacon.h"
#include "daemon/node/types.h"
#include "proto/base/error.h"

namespace tram::tramd {

struct Credentials {
    std::optional<enrol::Identity> identity;  ///< nothing: an open node, or one without certificates
    std::string why_none;                     ///< without certificates: what to do; empty for an open node
};

/// Reads the identity unless the node is open. A device that was not enrolled yet is no error: it starts, and
/// says so. Sets `config.node.id` when it is empty. Errors: an identity that cannot be used, and
/// wrong_node_id when the configuration names another node.
Result<Credentials> load_credentials(config::Config& config);

/// What the node signs and opens with.
node::Security security_options(const config::Config& config, const Credentials& credentials);

/// What TLS shows: the own certificate, then those above it but the root.
std::vector<Bytes> tls_chain(const enrol::Identity& identity);

/// For beacons: the root above the own certificates first, then the others that are trusted.
std::vector<links::RootHint> root_hints(const enrol::Identity& identity);

}  // namespace tram::tramd
