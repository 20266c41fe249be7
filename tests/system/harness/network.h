// Networks of their own for daemons, with interfaces that a test switches on and off: Linux network
// namespaces joined by virtual wires. Needs root and `ip` (iproute2).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tram::harness {

/// Why there can be no namespaces here; nothing when there can.
std::optional<std::string> why_no_namespaces();

/// Runs `ip ARGUMENTS...`; throws when it fails.
void ip(const std::vector<std::string>& arguments);

/// What a machine sees of the network: at first only its loopback interface, which is up.
class Namespace {
  public:
    Namespace();
    ~Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    /// Runs `ip -n NAME ARGUMENTS...`; throws when it fails.
    void ip(const std::vector<std::string>& arguments) const;
    /// Sets a value below /proc/sys/net there, as "ipv6/conf/all/disable_ipv6".
    void set(const std::string& key, const std::string& value) const;
    /// Calls `work` on a thread that is in this namespace; sockets that it opens stay there.
    void inside(const std::function<void()>& work) const;
    /// Bytes that an interface has sent so far.
    [[nodiscard]] std::uint64_t sent_bytes(const std::string& interface) const;

  private:
    std::string name_;
};

/// A wire between two machines: an interface of the same name in each, down at first.
struct Wire {
    Wire(const Namespace& a, const Namespace& b, std::string interface);
    /// Both ends come up; neither has an IPv4 address of its own accord.
    void plug_in() const;
    /// As if the cable were pulled: the end of `a` goes down, that of `b` loses its carrier.
    void pull_out() const;

    const Namespace* a;
    const Namespace* b;
    std::string interface;
};

}  // namespace tram::harness
