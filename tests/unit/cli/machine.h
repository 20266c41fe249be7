// Machines in directories of their own, and what `tram device` leaves there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proto/identity/trust_bundle.h"
#include "tests/unit/cli/run.h"

namespace tram::cli::test {

/// A machine: its configuration, its state, and no daemon unless one is given.
class Machine {
  public:
    Machine();

    /// `tram device ARGUMENTS` on this machine.
    Ran device(std::vector<std::string> arguments, const Setting& setting = {}) const;
    [[nodiscard]] std::string path(const std::string& name) const {
        return (directory_.path() / name).string();
    }
    /// The acts in a log below this machine's directory, oldest first.
    [[nodiscard]] std::vector<std::string> acts(const std::string& log = "audit.log") const;

    const FakeDaemon* daemon = nullptr;

  private:
    TemporaryDirectory directory_;
};

std::string contents(const std::filesystem::path& file);
void write(const std::filesystem::path& file, const std::string& text);
/// The six groups behind "check groups" in what was printed.
std::string groups_in(const std::string& printed);
identity::TrustBundle bundle_in(const std::filesystem::path& file);
bool contains(const std::string& text, const std::string& part);

/// A machine with root, authority and identity of 18904-srv.
struct Server : Machine {
    Server();
    /// A request of a new device, approved there; the grant's file.
    std::string approve(const Machine& machine) const;
};
/// Makes the keys of a device on `machine`.
void init(const Machine& machine, const std::string& node, bool sealing = false);

}  // namespace tram::cli::test
