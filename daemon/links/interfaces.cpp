#include "daemon/links/interfaces.h"

#include <algorithm>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <optional>
#include <sys/socket.h>

namespace tram::links {
namespace {

namespace ip = boost::asio::ip;

// Of more interfaces and addresses than any machine of ours has, the rest is not looked at.
constexpr std::size_t kInterfacesMax = 1'024;
constexpr std::size_t kAddressesMax = 64;

/// The fixed part of a message or attribute; nothing when `from` is shorter.
template <typename T>
std::optional<T> read_struct(ByteView from) {
    if (from.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    return value;
}

constexpr std::size_t aligned(std::size_t length) {
    return (length + 3) & ~std::size_t{3};
}

/// Calls `use(type, value)` for each attribute that is whole.
template <typename Use>
void for_each_attribute(ByteView from, Use use) {
    while (const auto head = read_struct<rtattr>(from)) {
        if (head->rta_len < sizeof(rtattr) || head->rta_len > from.size()) return;
        use(head->rta_type, from.subspan(sizeof(rtattr), head->rta_len - sizeof(rtattr)));
        from = from.subspan(std::min(aligned(head->rta_len), from.size()));
    }
}

std::optional<IpAddress> address_of(std::uint8_t family, ByteView bytes, InterfaceIndex index) {
    if (family == AF_INET) {
        const auto raw = read_struct<ip::address_v4::bytes_type>(bytes);
        if (!raw || bytes.size() != raw->size()) return std::nullopt;
        return ip::address_v4{*raw};
    }
    const auto raw = read_struct<ip::address_v6::bytes_type>(bytes);
    if (family != AF_INET6 || !raw || bytes.size() != raw->size()) return std::nullopt;
    ip::address_v6 address{*raw};
    if (address.is_link_local()) address.scope_id(index);
    return address;
}

bool same_network(const IpAddress& a, const IpAddress& b, unsigned prefix_bits) {
    if (a.is_v4() != b.is_v4() || a.is_v6()) return false;
    if (prefix_bits > 32) return false;
    const std::uint32_t mask = prefix_bits == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_bits);
    return ((a.to_v4().to_uint() ^ b.to_v4().to_uint()) & mask) == 0;
}

}  // namespace

bool Interface::reaches(const IpAddress& peer) const {
    if (peer.is_v6()) return peer.to_v6().is_link_local();
    return std::ranges::any_of(addresses, [&](const InterfaceAddress& own) {
        return same_network(own.address, peer, own.prefix_bits);
    });
}

const Interface* InterfaceTable::find(InterfaceIndex index) const {
    const auto found = interfaces_.find(index);
    return found == interfaces_.end() ? nullptr : &found->second;
}

unsigned InterfaceTable::take(ByteView messages) {
    unsigned done = 0;
    while (const auto head = read_struct<nlmsghdr>(messages)) {
        if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > messages.size()) break;
        const ByteView body = messages.subspan(sizeof(nlmsghdr), head->nlmsg_len - sizeof(nlmsghdr));
        switch (head->nlmsg_type) {
            case NLMSG_DONE: ++done; break;
            case RTM_NEWLINK: take_link(body, false); break;
            case RTM_DELLINK: take_link(body, true); break;
            case RTM_NEWADDR: take_address(body, false); break;
            case RTM_DELADDR: take_address(body, true); break;
            default: break;
        }
        messages = messages.subspan(std::min(aligned(head->nlmsg_len), messages.size()));
    }
    return done;
}

void InterfaceTable::take_link(ByteView body, bool removed) {
    const auto info = read_struct<ifinfomsg>(body);
    // A bridge speaks of its ports with messages of its own family.
    if (!info || info->ifi_family == AF_BRIDGE || info->ifi_index <= 0) return;
    const auto index = static_cast<InterfaceIndex>(info->ifi_index);
    if (removed) {
        const auto found = interfaces_.find(index);
        if (found == interfaces_.end()) return;
        lose(index, found->second);
        interfaces_.erase(found);
        return;
    }
    if (interfaces_.size() >= kInterfacesMax && !interfaces_.contains(index)) return;
    Interface& interface = interfaces_[index];
    for_each_attribute(body.subspan(aligned(sizeof(ifinfomsg))), [&](unsigned short type, ByteView value) {
        if (type == IFLA_IFNAME)
            interface.name = as_text(value.first(std::min(value.size(), std::size_t{16})));
    });
    std::erase(interface.name, '\0');
    interface.multicast = (info->ifi_flags & IFF_MULTICAST) != 0;
    interface.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    const bool usable = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0;
    if (interface.usable && !usable) lose(index, interface);
    if (!interface.usable && usable) changes_.refreshed.insert(index);
    interface.usable = usable;
}

void InterfaceTable::lose(InterfaceIndex index, const Interface& interface) {
    changes_.refreshed.erase(index);
    changes_.lost.insert(index);
    for (const InterfaceAddress& own : interface.addresses)
        changes_.gone.insert(own.address);
}

void InterfaceTable::take_address(ByteView body, bool removed) {
    const auto info = read_struct<ifaddrmsg>(body);
    if (!info) return;
    const auto found = interfaces_.find(info->ifa_index);
    if (found == interfaces_.end()) return;
    std::uint32_t flags = info->ifa_flags;
    std::optional<IpAddress> address;
    for_each_attribute(body.subspan(aligned(sizeof(ifaddrmsg))), [&](unsigned short type, ByteView value) {
        if (type == IFA_FLAGS) flags = read_struct<std::uint32_t>(value).value_or(flags);
        // IFA_LOCAL is ours; on IPv6 there is only IFA_ADDRESS, which otherwise is the far end's.
        if (type == IFA_LOCAL || (type == IFA_ADDRESS && !address)) {
            address = address_of(info->ifa_family, value, info->ifa_index);
        }
    });
    if (!address) return;
    const bool waits = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
    const bool ready = !removed && !waits && (flags & IFA_F_DADFAILED) == 0;
    auto& addresses = found->second.addresses;
    const auto known = std::ranges::find(addresses, *address, &InterfaceAddress::address);
    if (ready && known == addresses.end() && addresses.size() < kAddressesMax) {
        addresses.push_back({*address, info->ifa_prefixlen});
        if (found->second.usable) changes_.refreshed.insert(info->ifa_index);
    } else if (!ready && known != addresses.end()) {
        addresses.erase(known);
        changes_.gone.insert(*address);
    }
}

void InterfaceTable::compare_with(const InterfaceTable& old) {
    for (const auto& [index, before] : old.interfaces_) {
        const Interface* now = find(index);
        const bool still = now != nullptr && now->usable;
        if (before.usable && !still) {
            lose(index, before);
            continue;
        }
        for (const InterfaceAddress& own : before.addresses) {
            if (now == nullptr || std::ranges::find(now->addresses, own) == now->addresses.end()) {
                changes_.gone.insert(own.address);
            }
        }
    }
}

}  // namespace tram::links
