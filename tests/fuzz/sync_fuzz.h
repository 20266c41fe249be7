// One fuzz input is a message of the sync, and what a peer says during a reconciliation.
#pragma once

#include "proto/base/bytes.h"

namespace tram::sync::fuzz {

/// Aborts when an invariant breaks: what is taken is within its bounds and is written as it was read; a
/// reconciliation ends, names only items that there are, each once, and answers with what can be read.
void run_message(ByteView input);
void run_reconciliation(ByteView input);

}  // namespace tram::sync::fuzz
