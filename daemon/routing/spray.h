// The router `spray`: binary spray and wait (Spyropoulos, Psounis and Raghavendra, 2005). A message may have
// a number of copies. Whoever holds more than one gives half of them with a copy; the last one waits for the
// destination. Nothing is learned and nothing is told.
//
//   note = version (1 byte), copies (2 bytes), those to whom a copy was given, newest first: 4 bytes each
//
// Who was given a copy is remembered because a transfer that was cut goes on at the next contact, and needs
// no further copies for that.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/routing/router.h"

namespace tram::routing {

std::unique_ptr<Router> make_spray(std::uint16_t copies);

}  // namespace tram::routing
