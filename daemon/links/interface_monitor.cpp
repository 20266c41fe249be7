#include "daemon/links/interface_monitor.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tram::links {
namespace {

// Dumps come in datagrams of up to 32 KiB.
constexpr std::size_t kDatagramBytesMax = 32U << 10;

}  // namespace

Result<void> InterfaceMonitor::start(std::function<void(const InterfaceTable::Changes&)> changed) {
    const auto failed = [] {
        return fail(ErrorCode::kIo,
                    std::string{"cannot follow the network interfaces: "} + std::strerror(errno));
    };
    const int handle = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (handle < 0) return failed();
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        auto failure = failed();
        ::close(handle);
        return failure;
    }
    descriptor_.assign(handle);
    changed_ = std::move(changed);
    load();
    start_task(descriptor_.get_executor(), [self = shared_from_this()] { return self->read_loop(); });
    return {};
}

void InterfaceMonitor::stop() {
    changed_ = nullptr;
    error_code ignored;
    descriptor_.close(ignored);
}

void InterfaceMonitor::load() {
    loading_.emplace();
    dumps_left_ = 2;
    ask_for(RTM_GETLINK);
}

/// One dump at a time: the kernel refuses a second one beside it.
bool InterfaceMonitor::ask_for(std::uint16_t what) {
    struct {
        nlmsghdr head{};
        rtgenmsg body{};
    } request;
    request.head.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
    request.head.nlmsg_type = what;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.rtgen_family = AF_UNSPEC;
    return ::send(descriptor_.native_handle(), &request, request.head.nlmsg_len, 0) > 0;
}

void InterfaceMonitor::loaded_part() {
    if (!loading_) return;
    if (--dumps_left_ > 0) {
        ask_for(RTM_GETADDR);
        return;
    }
    loading_->compare_with(table_);
    table_ = std::move(*loading_);
    loading_.reset();
}

Task InterfaceMonitor::read_loop() {
    while (changed_) {
        co_await descriptor_.async_wait(Descriptor::wait_read, kAwait);
        // All that is there is one change: a link that goes down takes its addresses with it.
        while (changed_ && read_once()) {
        }
        if (!changed_ || loading_) continue;
        if (const auto changes = table_.take_changes(); changes.any()) changed_(changes);
    }
}

/// False when nothing was there to be read.
bool InterfaceMonitor::read_once() {
    alignas(nlmsghdr) static std::array<std::uint8_t, kDatagramBytesMax> buffer;
    sockaddr_nl from{};
    socklen_t from_size = sizeof from;
    const ssize_t count = ::recvfrom(descriptor_.native_handle(), buffer.data(), buffer.size(), MSG_TRUNC,
                                     reinterpret_cast<sockaddr*>(&from), &from_size);
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno != ENOBUFS) return false;
    if (count < 0 || static_cast<std::size_t>(count) > buffer.size()) {
        load();
        return true;
    }
    if (from.nl_pid != 0) return true;  // only the kernel knows
    InterfaceTable& table = loading_ ? *loading_ : table_;
    const unsigned done = table.take(ByteView{buffer.data(), static_cast<std::size_t>(count)});
    for (unsigned i = 0; i < done; ++i)
        loaded_part();
    return true;
}

}  // namespace tram::links
