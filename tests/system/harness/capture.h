// Packets on the loopback interface, and what tshark makes of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tests/system/harness/wait.h"

namespace tram::harness {

/// Captures what goes through one port of 127.0.0.1, from construction until finish().
class Capture {
  public:
    Capture(std::filesystem::path file, std::uint16_t port);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    /// Why nothing can be captured here (no tshark, no permission); empty when it can.
    [[nodiscard]] const std::string& obstacle() const { return obstacle_; }
    /// Returns when everything that was sent before is in the file: false when that does not happen.
    [[nodiscard]] bool finish();

  private:
    /// Sends datagrams with `text` to the port until one is in the file. Packets are written in order.
    [[nodiscard]] bool mark(const std::string& text);
    void end();

    std::filesystem::path file_;
    std::uint16_t port_;
    std::string obstacle_;
    pid_t pid_ = -1;
};

/// The dissection of the TCP part of a capture, `port` being read as TCPCL.
///
/// tshark 4.0 must read twice: in a single pass it takes every segment for unacknowledged and the last one,
/// and in two passes it leaves out bundles when several end in one packet. Bundles and their faults therefore
/// come from one pass, faults of the order of messages from two.
class Dissection {
  public:
    Dissection(std::filesystem::path file, std::uint16_t port) : file_{std::move(file)}, port_{port} {}

    /// Every value of `field`, in order of appearance. Throws when tshark fails.
    [[nodiscard]] std::vector<std::string> values(const std::string& field) const;
    /// What tshark finds wrong: malformed items and expert infos of severity error, a line for each.
    [[nodiscard]] std::vector<std::string> faults() const;

  private:
    [[nodiscard]] std::vector<std::string> run(int passes, const std::vector<std::string>& fields) const;
    [[nodiscard]] std::vector<std::string> faults_of_pass(int passes) const;

    std::filesystem::path file_;
    std::uint16_t port_;
};

}  // namespace tram::harness
