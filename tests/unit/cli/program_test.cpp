// The program itself: what only a process shows.
#include <array>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tests/unit/cli/fake_daemon.h"

using namespace tram::cli::test;
using tram::api::pb::Request;

namespace {

struct Exit {
    int code = -1;  ///< -1: ended by a signal
    std::string out;
    std::string err;
};

std::string contents(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Runs `command` with sh, in which $TRAM is the program.
Exit shell(const std::string& command, std::vector<std::string> environment = {}) {
    const TemporaryDirectory directory;
    const std::string out = (directory.path() / "out").string();
    const std::string err = (directory.path() / "err").string();
    std::string script = "exec >'" + out + "' 2>'" + err + "'; " + command;
    environment.emplace_back(std::string{"TRAM="} + TRAM_PROGRAM);
    environment.emplace_back("PATH=/usr/bin:/bin");
    std::vector<char*> variables;
    for (std::string& variable : environment)
        variables.push_back(variable.data());
    variables.push_back(nullptr);
    std::array<std::string, 3> words = {"sh", "-c", script};
    std::array<char*, 4> arguments = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    pid_t child = 0;
    if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), variables.data()) != 0)
        return {};
    int state = 0;
    ::waitpid(child, &state, 0);
    return {.code = WIFEXITED(state) ? WEXITSTATUS(state) : -1, .out = contents(out), .err = contents(err)};
}

}  // namespace

TEST_CASE("program takes the endpoint from the environment", "[cli]") {
    const FakeDaemon daemon{[](const Request&, const std::string&) {
        FakeDaemon::Answer answer;
        answer.reply.mutable_status()->set_node_id("dtn://n/");
        return answer;
    }};
    const Exit ended = shell("$TRAM status -o name", {"TRAM_API=" + daemon.endpoint()});
    CHECK(ended.err.empty());
    CHECK(ended.out == "OK\n");
    CHECK(ended.code == 0);
}

TEST_CASE("program exits with 3 when the daemon is not there", "[cli]") {
    const Exit ended = shell("$TRAM --api ipc:///nonexistent/api status");
    CHECK(ended.code == 3);
    CHECK(ended.err == "error: unavailable: cannot reach tramd at ipc:///nonexistent/api: is it running?\n");
}

TEST_CASE("program speaks the language of the locale", "[cli]") {
    const auto [variables, vietnamese] =
        GENERATE(table<std::vector<std::string>, bool>({{{"LANG=vi_VN.UTF-8"}, true},
                                                        {{"LANG=vi_VN.UTF-8", "LC_ALL=C"}, false},
                                                        {{"LANG=en_US.UTF-8", "LC_MESSAGES=vi_VN"}, true},
                                                        {{"LANG="}, false}}));
    const Exit ended = shell("$TRAM --api ipc:///nonexistent/api status", variables);
    CHECK((ended.err.find("không kết nối được") != std::string::npos) == vietnamese);
}

TEST_CASE("program is quiet when its reader goes away", "[cli]") {
    const FakeDaemon daemon{[](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        auto& list = *answer.reply.mutable_list_bundles();
        for (int i = 0; i < 1'000; ++i)
            list.add_bundles()->set_short_id("7KQ4-M2PX-XXXX-XXXX");
        list.set_next_after_key(request.list_bundles().after_key() + 1'000);
        return answer;
    }};
    const Exit ended = shell("$TRAM bundle list -o name | head -n 1", {"TRAM_API=" + daemon.endpoint()});
    CHECK(ended.code == 0);
    CHECK(ended.err.empty());
    CHECK(ended.out == "7KQ4-M2PX-XXXX-XXXX\n");
}

TEST_CASE("program reports a full disk under its output", "[cli]") {
    const Exit ended = shell("$TRAM config show >/dev/full");
    CHECK(ended.code == 2);
    CHECK(ended.err.find("error: io: ") != std::string::npos);
}

TEST_CASE("program's completion is valid bash that completes", "[cli]") {
    const Exit ended = shell(
        "bash -c 'eval \"$($TRAM completion bash)\"; COMP_WORDS=(tram -o json bundle re); COMP_CWORD=4; "
        "_tram; "
        "echo ${COMPREPLY[@]}'");
    CHECK(ended.err.empty());
    CHECK(ended.out == "release receive\n");
}
