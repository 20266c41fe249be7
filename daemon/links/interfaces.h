// The network interfaces of this machine and their addresses, put together from what the kernel says over
// netlink (rtnetlink(7)).
//
// An interface is usable while it is up and has a carrier. Whatever was usable and is not any more is told
// once, also when it is back before anybody looked: connections over it are of no more use.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"

namespace tram::links {

using InterfaceIndex = unsigned;
using IpAddress = boost::asio::ip::address;

struct InterfaceAddress {
    IpAddress address;  ///< link-local IPv6 ones with the interface as scope
    unsigned prefix_bits = 0;
    friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct Interface {
    std::string name;
    bool usable = false;  ///< up, with a carrier
    bool multicast = false;
    bool loopback = false;
    std::vector<InterfaceAddress> addresses;  ///< those that are ready to be used

    /// Whether `peer` is a neighbour: in one of the networks of this interface, or a link-local IPv6 address.
    [[nodiscard]] bool reaches(const IpAddress& peer) const;
};

class InterfaceTable {
  public:
    /// What changed since the last call of take_changes().
    struct Changes {
        std::set<IpAddress> gone;       ///< addresses that cannot be used any more, or could not meanwhile
        std::set<InterfaceIndex> lost;  ///< interfaces that are not usable any more, or were not meanwhile
        std::set<InterfaceIndex> refreshed;  ///< usable ones that came up or have got another address
        [[nodiscard]] bool any() const { return !gone.empty() || !lost.empty() || !refreshed.empty(); }
    };

    /// Takes a datagram of netlink messages; what is malformed ends it. The number of dumps that ended in it
    /// (NLMSG_DONE).
    unsigned take(ByteView messages);
    [[nodiscard]] Changes take_changes() { return std::exchange(changes_, {}); }
    /// The changes that lead from `old` to this table, for the one that takes its place.
    void compare_with(const InterfaceTable& old);

    [[nodiscard]] const std::map<InterfaceIndex, Interface>& all() const { return interfaces_; }
    [[nodiscard]] const Interface* find(InterfaceIndex index) const;

  private:
    void take_link(ByteView body, bool removed);
    void take_address(ByteView body, bool removed);
    void lose(InterfaceIndex index, const Interface& interface);

    std::map<InterfaceIndex, Interface> interfaces_;
    Changes changes_;
};

}  // namespace tram::links
