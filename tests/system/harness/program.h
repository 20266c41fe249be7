// Programs that a test executes.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tram::harness {

/// Starts a program. Its standard output and error go to these descriptors, below zero: to ours. It is killed
/// when the calling thread ends, so that no program outlives its test.
pid_t spawn_program(const std::vector<std::string>& arguments, int out, int error);

/// Waits for the end of a child: its exit status, 128 and the number of the signal that ended it.
int wait_for_end(pid_t pid);

/// The largest resident memory of a living process so far, in KiB (VmHWM); 0 when unknown.
std::uint64_t peak_memory_kib(pid_t pid);

struct ProgramOutput {
    int status = 0;
    std::string text;                   ///< what it wrote to standard output
    std::uint64_t peak_memory_kib = 0;  ///< while it wrote
};

/// Executes a program and waits for its end. Its standard error is ours.
ProgramOutput run_program(const std::vector<std::string>& arguments);

}  // namespace tram::harness
