// One fuzz input drives one session: as the peer's bytes, as how they are cut, and as what the owner does.
#pragma once

#include "proto/base/bytes.h"

namespace tram::tcpcl::fuzz {

/// Aborts when an invariant breaks: at most one Ended, no event after it, output that parses, no session that
/// stays open after its connection was lost.
void run_session(ByteView input);

}  // namespace tram::tcpcl::fuzz
