#include "daemon/links/interfaces.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <random>
#include <sys/socket.h>

#include "daemon/links/interface_monitor.h"
#include "tests/unit/links/fixture.h"

using namespace tram;
using namespace tram::links;

namespace {

constexpr unsigned kRunning = IFF_UP | IFF_RUNNING | IFF_MULTICAST;

IpAddress ip(const std::string& text) {
    return boost::asio::ip::make_address(text);
}

template <typename T>
void add_struct(Buffer& out, const T& value) {
    Buffer bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    append(out, bytes);
}

void add_attribute(Buffer& out, unsigned short type, ByteView value) {
    rtattr head{};
    head.rta_len = static_cast<unsigned short>(sizeof head + value.size());
    head.rta_type = type;
    add_struct(out, head);
    append(out, value);
    out.resize((out.size() + 3) / 4 * 4);
}

Buffer message(std::uint16_t type, const Buffer& body) {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + body.size());
    head.nlmsg_type = type;
    Buffer out;
    add_struct(out, head);
    append(out, body);
    return out;
}

Buffer link(int index, const std::string& name, unsigned flags, std::uint16_t type = RTM_NEWLINK) {
    ifinfomsg info{};
    info.ifi_index = index;
    info.ifi_flags = flags;
    Buffer body;
    add_struct(body, info);
    add_attribute(body, IFLA_IFNAME, as_bytes(name + std::string(1, '\0')));
    return message(type, body);
}

Buffer address(unsigned index, const IpAddress& own, std::uint32_t flags = 0,
               std::uint16_t type = RTM_NEWADDR, std::uint8_t prefix = 24) {
    ifaddrmsg info{};
    info.ifa_family = own.is_v4() ? AF_INET : AF_INET6;
    info.ifa_index = index;
    info.ifa_prefixlen = prefix;
    Buffer body;
    add_struct(body, info);
    if (own.is_v4()) {
        add_attribute(body, IFA_LOCAL, own.to_v4().to_bytes());
    } else {
        add_attribute(body, IFA_ADDRESS, own.to_v6().to_bytes());
    }
    Buffer raw(sizeof flags);
    std::memcpy(raw.data(), &flags, sizeof flags);
    add_attribute(body, IFA_FLAGS, raw);
    return message(type, body);
}

/// eth0, number 2, up with 10.0.0.1/24.
InterfaceTable one_interface() {
    InterfaceTable table;
    table.take(link(2, "eth0", kRunning));
    table.take(address(2, ip("10.0.0.1")));
    (void)table.take_changes();
    return table;
}

}  // namespace

TEST_CASE("an interface is usable while it is up with a carrier", "[links][discovery]") {
    InterfaceTable table;
    table.take(link(2, "eth0", IFF_UP | IFF_MULTICAST));
    CHECK_FALSE(table.find(2)->usable);
    CHECK_FALSE(table.take_changes().any());
    table.take(link(2, "eth0", kRunning));
    CHECK(table.find(2)->usable);
    CHECK(table.find(2)->name == "eth0");
    CHECK(table.take_changes().refreshed == std::set<InterfaceIndex>{2});
}

TEST_CASE("addresses are refreshed when they are ready", "[links][discovery]") {
    auto table = one_interface();
    table.take(address(2, ip("fe80::1%2"), IFA_F_TENTATIVE, RTM_NEWADDR, 64));
    CHECK(table.find(2)->addresses.size() == 1);
    CHECK_FALSE(table.take_changes().any());
    table.take(address(2, ip("fe80::1%2"), 0, RTM_NEWADDR, 64));
    CHECK(table.find(2)->addresses.size() == 2);
    CHECK(table.find(2)->addresses[1].address.to_v6().scope_id() == 2);
    CHECK(table.take_changes().refreshed == std::set<InterfaceIndex>{2});

    SECTION("and are not news when the kernel only renews them") {
        table.take(address(2, ip("fe80::1%2"), 0, RTM_NEWADDR, 64));
        table.take(address(2, ip("10.0.0.1")));
        CHECK_FALSE(table.take_changes().any());
    }
}

TEST_CASE("what goes down is told with its addresses", "[links][discovery]") {
    auto table = one_interface();
    const auto how = GENERATE(0, 1, 2);
    if (how == 0) table.take(link(2, "eth0", IFF_MULTICAST));
    if (how == 1) table.take(link(2, "eth0", IFF_UP | IFF_MULTICAST));
    if (how == 2) table.take(link(2, "eth0", 0, RTM_DELLINK));
    const auto changes = table.take_changes();
    CHECK(changes.lost == std::set<InterfaceIndex>{2});
    CHECK(changes.gone == std::set<IpAddress>{ip("10.0.0.1")});
    CHECK(changes.refreshed.empty());
}

TEST_CASE("what went down and came back before anybody looked is told all the same", "[links][discovery]") {
    auto table = one_interface();
    Buffer both = link(2, "eth0", IFF_MULTICAST);
    append(both, link(2, "eth0", kRunning));
    table.take(both);
    const auto changes = table.take_changes();
    CHECK(changes.lost == std::set<InterfaceIndex>{2});
    CHECK(changes.gone == std::set<IpAddress>{ip("10.0.0.1")});
    CHECK(changes.refreshed == std::set<InterfaceIndex>{2});
    CHECK(table.find(2)->addresses.size() == 1);
}

TEST_CASE("an address that changes is gone, and its interface refreshed", "[links][discovery]") {
    auto table = one_interface();
    table.take(address(2, ip("10.0.0.1"), 0, RTM_DELADDR));
    table.take(address(2, ip("10.0.0.7")));
    const auto changes = table.take_changes();
    CHECK(changes.gone == std::set<IpAddress>{ip("10.0.0.1")});
    CHECK(changes.lost.empty());
    CHECK(changes.refreshed == std::set<InterfaceIndex>{2});
}

TEST_CASE("a table that is read anew tells what was missed", "[links][discovery]") {
    const auto old = one_interface();
    InterfaceTable now;
    SECTION("the interface is gone") {
        now.compare_with(old);
        const auto changes = now.take_changes();
        CHECK(changes.lost == std::set<InterfaceIndex>{2});
        CHECK(changes.gone == std::set<IpAddress>{ip("10.0.0.1")});
    }
    SECTION("the address is another one") {
        now.take(link(2, "eth0", kRunning));
        now.take(address(2, ip("10.0.0.2")));
        now.compare_with(old);
        const auto changes = now.take_changes();
        CHECK(changes.lost.empty());
        CHECK(changes.gone == std::set<IpAddress>{ip("10.0.0.1")});
    }
}

TEST_CASE("neighbours are in the networks of an interface", "[links][discovery]") {
    const auto interfaces = one_interface();
    const auto [peer, near] = GENERATE(table<const char*, bool>({{"10.0.0.200", true},
                                                                 {"10.0.1.1", false},
                                                                 {"8.8.8.8", false},
                                                                 {"fe80::2", true},
                                                                 {"2001:db8::1", false}}));
    CAPTURE(peer);
    CHECK(interfaces.find(2)->reaches(ip(peer)) == near);
}

TEST_CASE("netlink messages that are cut anywhere change nothing wrong", "[links][discovery]") {
    Buffer all = link(2, "eth0", kRunning);
    append(all, address(2, ip("10.0.0.1")));
    append(all, address(2, ip("fe80::1"), 0, RTM_NEWADDR, 64));
    for (std::size_t length = 0; length < all.size(); ++length) {
        InterfaceTable table;
        table.take(ByteView{all}.first(length));
        CHECK(table.all().size() <= 1);
    }
    std::mt19937_64 random{7};
    InterfaceTable table;
    for (int round = 0; round < 20'000; ++round) {
        Buffer wire = all;
        for (int i = 0; i < 3; ++i)
            wire[random() % wire.size()] = static_cast<std::uint8_t>(random());
        table.take(wire);
    }
    CHECK(table.all().size() <= 1'024);
}

TEST_CASE("the monitor finds the loopback interface of this machine", "[links][discovery]") {
    boost::asio::io_context io{1};
    const auto monitor = std::make_shared<InterfaceMonitor>(io.get_executor());
    std::size_t told = 0;
    REQUIRE(monitor->start([&](const InterfaceTable::Changes&) { ++told; }));
    REQUIRE(links::test::run_until(io, [&] { return told > 0; }));
    const auto lo =
        std::ranges::find_if(monitor->table().all(), [](const auto& each) { return each.second.loopback; });
    REQUIRE(lo != monitor->table().all().end());
    CHECK(lo->second.name == "lo");
    monitor->stop();
    links::test::run_until_quiet(io);
}
