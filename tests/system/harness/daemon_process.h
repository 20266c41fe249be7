// A real tramd: its own process, configuration, store and API socket under one directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "config/config.h"
#include "tests/system/harness/api_client.h"
#include "tests/system/harness/wait.h"

namespace tram::harness {

/// A directory of this test run under the system's temporary directory, removed at the end. It stays when
/// TRAM_KEEP is set in the environment. Its path is short enough for Unix sockets.
class TestDirectory {
  public:
    TestDirectory();
    ~TestDirectory();
    TestDirectory(const TestDirectory&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A TCP port on 127.0.0.1 that nobody uses. It lies below the ports that the kernel gives to outgoing
/// connections, so that it can be taken again after a restart.
std::uint16_t free_port();

/// Settings in which two daemons on one machine reach each other at once, without certificates and without
/// discovery.
config::Config fast_config(const std::string& node_id);

class DaemonProcess {
  public:
    /// `directory` must outlive this. `config.store`, `config.api` and `config.links.listen` are set here.
    DaemonProcess(const TestDirectory& directory, std::string name, config::Config config);
    ~DaemonProcess();
    DaemonProcess(const DaemonProcess&) = delete;
    DaemonProcess& operator=(const DaemonProcess&) = delete;

    /// From the next start on it runs in this network namespace, and listens on all its addresses. Its API is
    /// reached from everywhere.
    void enter(const std::string& network_namespace);
    /// Takes effect with the next start.
    [[nodiscard]] config::Config& config() { return config_; }
    /// Executes tramd. The calling thread must live as long as the daemon: it dies with it.
    void start();
    /// Starts and polls until the API answers: false when it does not.
    [[nodiscard]] bool start_and_wait(milliseconds deadline = kPatience);
    /// Polls until the API answers.
    [[nodiscard]] bool wait_ready(milliseconds deadline = kPatience);
    /// SIGKILL, and waits for the end. Nothing happens when it does not run.
    void kill();
    /// SIGTERM, and waits. The exit status, or nothing when it did not end by itself within `deadline`.
    std::optional<int> stop(milliseconds deadline = kPatience);
    [[nodiscard]] bool running();

    [[nodiscard]] const std::string& node_id() const { return config_.node.id; }
    [[nodiscard]] const std::string& api() const { return config_.api.endpoint; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Where peers find it.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Bundles stored there now; throws when the API does not answer.
    [[nodiscard]] std::uint64_t stored();
    [[nodiscard]] pb::StatusReply status();
    /// Everything it has logged, over all its starts.
    [[nodiscard]] std::string log() const;

  private:
    void write_config() const;
    [[nodiscard]] bool reap(int flags);

    std::filesystem::path directory_;
    config::Config config_;
    std::string namespace_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    int exit_status_ = 0;
};

}  // namespace tram::harness
