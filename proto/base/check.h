// TRAM_CHECK: an assertion that stays on in every build. For our own bugs only; what a peer, a disk or a
// user sends is answered with an Error.
#pragma once

namespace tram {

/// Prints the failed condition and its place on standard error and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace tram

#define TRAM_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::tram::check_failed(#condition, __FILE__, __LINE__))
