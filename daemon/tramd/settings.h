// From tram.toml to what each part of the daemon wants to know.
#pragma once

#include "config/config.h"
#include "daemon/api/socket.h"
#include "daemon/links/link_manager.h"
#include "daemon/node/types.h"
#include "proto/base/error.h"
#include "store/rocks_store.h"

namespace tram::tramd {

/// Errors: invalid_argument for an endpoint id that does not parse (validation finds those first).
Result<node::NodeOptions> node_options(const config::Config& config, node::Security security);
links::LinkOptions link_options(const config::Config& config);
store::RocksStoreOptions store_options(const config::Config& config);
api::SocketOptions api_options(const config::Config& config);

}  // namespace tram::tramd
