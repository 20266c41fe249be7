// UDP sockets that beacons go out of and come in at: one for IPv4, one for IPv6, each joined to its group on
// every interface that takes part. Several nodes on one machine share the port, and hear each other.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "daemon/links/asio.h"
#include "daemon/links/interfaces.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::links {

enum class IpVersion : std::uint8_t { k4, k6 };

struct Datagram {
    ByteView bytes;
    IpAddress from;  ///< link-local IPv6 ones with their scope
    InterfaceIndex interface = 0;
};

class BeaconSocket : public std::enable_shared_from_this<BeaconSocket> {
  public:
    BeaconSocket(const Executor& executor, IpVersion version) : descriptor_{executor}, version_{version} {}

    /// Hands every datagram that was sent to our group to `heard`, until stop(). Errors: unavailable (no such
    /// addresses on this system), io.
    Result<void> start(std::uint16_t port, std::function<void(const Datagram&)> heard);
    void stop();

    /// Takes part on exactly these interfaces; one that the kernel refuses is tried again with the next call.
    void join(const std::set<InterfaceIndex>& interfaces);
    /// An interface has gone: when it is there again, it must be joined anew.
    void forget(InterfaceIndex interface);
    /// Sends to the group out of one interface, from `own`. What cannot be sent now is lost.
    void send(InterfaceIndex interface, const IpAddress& own, ByteView bytes);

  private:
    using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

    Task read_loop();
    bool read_once();
    [[nodiscard]] bool change_membership(InterfaceIndex interface, bool join);

    Descriptor descriptor_;
    IpVersion version_;
    std::uint16_t port_ = 0;
    std::function<void(const Datagram&)> heard_;
    std::set<InterfaceIndex> joined_;
};

}  // namespace tram::links
