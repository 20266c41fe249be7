#include "daemon/links/beacon_socket.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace tram::links {
namespace {

namespace ip = asio::ip;

// The largest beacon, and one byte that shows that there was more.
constexpr std::size_t kDatagramBytesMax = 513;
/// Datagrams that are read before others have their turn.
constexpr int kReadsInARow = 32;
constexpr std::array<std::uint8_t, 4> kGroup4 = {239, 255, 84, 82};
constexpr std::array<std::uint8_t, 16> kGroup6 = {0xff, 0x12, 0, 0, 0,    0,    0,    0,
                                                  0,    0,    0, 0, 0x74, 0x72, 0x61, 0x6d};

in_addr group4() {
    in_addr group{};
    std::memcpy(&group, kGroup4.data(), sizeof group);
    return group;
}

in6_addr group6() {
    in6_addr group{};
    std::memcpy(&group, kGroup6.data(), sizeof group);
    return group;
}

bool set(int handle, int level, int name, int value) {
    return ::setsockopt(handle, level, name, &value, sizeof value) == 0;
}

/// The socket with its port, hearing only what is sent to the group. Below zero: errno says why not.
int open_socket(IpVersion version, std::uint16_t port) {
    const bool v4 = version == IpVersion::k4;
    const int handle = ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0) return -1;
    bool good = set(handle, SOL_SOCKET, SO_REUSEADDR, 1);
    if (v4) {
        // Bound to the group itself nothing else is heard. No router passes on what has one hop left.
        good = good && set(handle, IPPROTO_IP, IP_PKTINFO, 1) &&
               set(handle, IPPROTO_IP, IP_MULTICAST_TTL, 1) &&
               set(handle, IPPROTO_IP, IP_MULTICAST_LOOP, 1) && set(handle, IPPROTO_IP, IP_MULTICAST_ALL, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr = group4();
        good = good && ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    } else {
        good = good && set(handle, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
               set(handle, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
               set(handle, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) &&
               set(handle, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        good = good && ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    if (good) return handle;
    const int why = errno;
    ::close(handle);
    errno = why;
    return -1;
}

/// Where a datagram came in, when it was sent to our group.
std::optional<InterfaceIndex> group_interface(msghdr& message) {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
            in_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(each), sizeof info);
            if (std::memcmp(&info.ipi_addr, kGroup4.data(), kGroup4.size()) != 0) return std::nullopt;
            return static_cast<InterfaceIndex>(info.ipi_ifindex);
        }
        if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(each), sizeof info);
            if (std::memcmp(&info.ipi6_addr, kGroup6.data(), kGroup6.size()) != 0) return std::nullopt;
            return info.ipi6_ifindex;
        }
    }
    return std::nullopt;
}

IpAddress address_of(const sockaddr_storage& from) {
    if (from.ss_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &from, sizeof address);
        return ip::address_v4{ntohl(address.sin_addr.s_addr)};
    }
    sockaddr_in6 address{};
    std::memcpy(&address, &from, sizeof address);
    ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    return ip::address_v6{bytes, address.sin6_scope_id};
}

template <typename Info>
void add_control(msghdr& message, int level, int type, const Info& info) {
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = level;
    head->cmsg_type = type;
    head->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(head), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
}

}  // namespace

Result<void> BeaconSocket::start(std::uint16_t port, std::function<void(const Datagram&)> heard) {
    const int handle = open_socket(version_, port);
    if (handle < 0) {
        const bool none = errno == EAFNOSUPPORT;
        return fail(none ? ErrorCode::kUnavailable : ErrorCode::kIo,
                    "cannot listen for beacons on UDP port " + std::to_string(port) + ": " +
                        std::strerror(errno) + "; see discovery.port");
    }
    descriptor_.assign(handle);
    port_ = port;
    heard_ = std::move(heard);
    start_task(descriptor_.get_executor(), [self = shared_from_this()] { return self->read_loop(); });
    return {};
}

void BeaconSocket::stop() {
    heard_ = nullptr;
    error_code ignored;
    descriptor_.close(ignored);
}

bool BeaconSocket::change_membership(InterfaceIndex interface, bool join) {
    if (version_ == IpVersion::k4) {
        ip_mreqn request{};
        request.imr_multiaddr = group4();
        request.imr_ifindex = static_cast<int>(interface);
        return ::setsockopt(descriptor_.native_handle(), IPPROTO_IP,
                            join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof request) == 0;
    }
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = group6();
    request.ipv6mr_interface = interface;
    return ::setsockopt(descriptor_.native_handle(), IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP,
                        &request, sizeof request) == 0;
}

void BeaconSocket::join(const std::set<InterfaceIndex>& interfaces) {
    if (!heard_) return;
    for (const InterfaceIndex interface : joined_) {
        if (!interfaces.contains(interface)) (void)change_membership(interface, false);
    }
    std::erase_if(joined_, [&](InterfaceIndex each) { return !interfaces.contains(each); });
    for (const InterfaceIndex interface : interfaces) {
        if (joined_.contains(interface)) continue;
        if (change_membership(interface, true)) joined_.insert(interface);
    }
}

void BeaconSocket::forget(InterfaceIndex interface) {
    // The socket's membership outlives the interface, and one that comes back under the same number is not
    // joined by it.
    if (heard_ && joined_.erase(interface) != 0) (void)change_membership(interface, false);
}

void BeaconSocket::send(InterfaceIndex interface, const IpAddress& own, ByteView bytes) {
    if (!heard_) return;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control{};
    iovec data{.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    sockaddr_in to4{};
    sockaddr_in6 to6{};
    if (version_ == IpVersion::k4) {
        to4.sin_family = AF_INET;
        to4.sin_port = htons(port_);
        to4.sin_addr = group4();
        message.msg_name = &to4;
        message.msg_namelen = sizeof to4;
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(interface);
        info.ipi_spec_dst.s_addr = htonl(own.to_v4().to_uint());
        add_control(message, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        to6.sin6_family = AF_INET6;
        to6.sin6_port = htons(port_);
        to6.sin6_addr = group6();
        to6.sin6_scope_id = interface;
        message.msg_name = &to6;
        message.msg_namelen = sizeof to6;
        in6_pktinfo info{};
        info.ipi6_ifindex = interface;
        const auto raw = own.to_v6().to_bytes();
        std::memcpy(&info.ipi6_addr, raw.data(), raw.size());
        add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
    (void)::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL);
}

Task BeaconSocket::read_loop() {
    while (heard_) {
        co_await descriptor_.async_wait(Descriptor::wait_read, kAwait);
        for (int i = 0; heard_ && read_once(); ++i) {
            // A flood of datagrams must not keep the links from their turn.
            if (i % kReadsInARow == kReadsInARow - 1) co_await asio::post(descriptor_.get_executor(), kAwait);
        }
    }
}

/// False when nothing was there to be read.
bool BeaconSocket::read_once() {
    std::array<std::uint8_t, kDatagramBytesMax> buffer;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
    sockaddr_storage from{};
    iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(descriptor_.native_handle(), &message, 0);
    if (count < 0) return errno == EINTR;
    const auto interface = group_interface(message);
    if (interface) {
        heard_({ByteView{buffer.data(), static_cast<std::size_t>(count)}, address_of(from), *interface});
    }
    return true;
}

}  // namespace tram::links
