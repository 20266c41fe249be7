// What the exit status of `tram` means, fit for Nagios.
#pragma once

namespace tram::cli {

inline constexpr int kExitFine = 0;
inline constexpr int kExitWarning = 1;   ///< something needs attention, or what was asked for is not so
inline constexpr int kExitCritical = 2;  ///< messages cannot flow, or data may be damaged
inline constexpr int kExitUnknown = 3;   ///< cannot tell: the daemon was not reached or not understood
inline constexpr int kExitUsage = 64;    ///< the command line was wrong

}  // namespace tram::cli
