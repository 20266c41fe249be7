// "host:port" in text, for listeners and peers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/error.h"

namespace tram::links {

struct HostPort {
    std::string host;  ///< name or number, without brackets
    std::uint16_t port = 0;
};

/// Reads "host:port", "1.2.3.4:port" or "[v6]:port". Errors: invalid_argument, naming what was expected.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace tram::links
