#include "tests/system/harness/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace tram::harness {

namespace {

constexpr int kNotExecuted = 127;

}  // namespace

pid_t spawn_program(const std::vector<std::string>& arguments, int out, int error) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error{errno, std::generic_category(), "fork"};
    if (pid > 0) return pid;
    // From here on nothing may be called that another thread could have locked.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out >= 0) ::dup2(out, STDOUT_FILENO);
    if (error >= 0) ::dup2(error, STDERR_FILENO);
    ::execvp(argv.front(), argv.data());
    ::_exit(kNotExecuted);
}

int wait_for_end(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::uint64_t peak_memory_kib(pid_t pid) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
    std::string word;
    while (in >> word) {
        std::uint64_t kib = 0;
        if (word == "VmHWM:" && in >> kib) return kib;
    }
    return 0;
}

ProgramOutput run_program(const std::vector<std::string>& arguments) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error{"pipe2 failed"};
    const pid_t pid = spawn_program(arguments, pipe[1], -1);
    ::close(pipe[1]);
    ProgramOutput output;
    std::array<char, 65'536> chunk{};
    ssize_t got = 0;
    while ((got = ::read(pipe[0], chunk.data(), chunk.size())) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0) output.text.append(chunk.data(), static_cast<std::size_t>(got));
        output.peak_memory_kib = std::max(output.peak_memory_kib, peak_memory_kib(pid));
    }
    ::close(pipe[0]);
    output.status = wait_for_end(pid);
    return output;
}

}  // namespace tram::harness
