// The arithmetic that a node asks its shell to do.
#pragma once

#include "daemon/node/types.h"

namespace tram::node {

/// Whether the signature of the bundle, and that of the receipt in it, are by the keys named. About 0.1 ms
/// each; on any thread.
[[nodiscard]] bool is_good(const effect::Check& check);

}  // namespace tram::node
