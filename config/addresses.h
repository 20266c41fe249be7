// The shapes of addresses in tram.toml. Nothing is looked up.
#pragma once

#include <string_view>

#include "proto/base/error.h"

namespace tram::config {

/// "192.0.2.1:4556", "[2001:db8::1]:4556" or "[fe80::1%eth0]:4556"; port 0 means any free one.
/// Errors: invalid_argument.
Result<void> check_listen_address(std::string_view text);

/// Like a listen address, or with a host name; the port is 1..65535. Errors: invalid_argument.
Result<void> check_peer_address(std::string_view text);

/// A ZeroMQ endpoint that only this machine can reach: "ipc:///path" (at most 107 bytes of path) or
/// "tcp://127.0.0.1:port" or "tcp://[::1]:port". Errors: invalid_argument.
Result<void> check_api_endpoint(std::string_view text);

}  // namespace tram::config
