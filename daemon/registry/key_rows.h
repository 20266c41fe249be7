// How digests of clients' keys stand in rows: both, or neither.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/registry/filing.h"
#include "proto/admin/rows.h"

namespace tram::registry {

/// False: damaged.
inline bool read_keys(std::string_view key, std::string_view request, std::optional<KeyDigests>& to) {
    to.reset();
    if (key.empty() && request.empty()) return true;
    to.emplace();
    return admin::rows::read_bytes(key, to->key) && admin::rows::read_bytes(request, to->request);
}

}  // namespace tram::registry
