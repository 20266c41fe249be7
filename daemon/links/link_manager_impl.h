// What LinkManager is made of; for its own .cpp files.
#pragma once

#include <map>
#include <random>
#include <set>

#include "daemon/links/address.h"
#include "daemon/links/asio.h"
#include "daemon/links/dialer.h"
#include "daemon/links/discovery.h"
#include "daemon/links/interface_monitor.h"
#include "daemon/links/link_manager.h"
#include "daemon/links/receive_budget.h"
#include "daemon/links/tcp_link.h"

namespace tram::links {

/// Shared with its coroutines, which may end after the LinkManager.
struct LinkManager::Impl : std::enable_shared_from_this<Impl> {
    /// One configured peer: its coroutine waits in the dialer, in the pause, or for the link.
    struct Caller {
        Caller(const Executor& executor, HostPort address)
            : target{std::move(address)}, dialer{std::make_shared<Dialer>(executor)}, pause{executor} {}
        HostPort target;
        std::shared_ptr<Dialer> dialer;
        Timer pause;
        enum class State : std::uint8_t {
            kDialling,
            kTalking,
            kPausing,
            kWaiting,  // for the end of another session with this peer
        };
        State state = State::kDialling;
        bool again = false;  // at once: the networks have changed
    };
    /// A call to a node that was discovered: first in the dialer, then as a link.
    struct Attempt {
        std::shared_ptr<Dialer> dialer;
        Sightings::Call call;
        LinkId link = 0;
    };

    Impl(asio::io_context& io, LinkOptions given, LinkListener& owner)
        : executor{io.get_executor()},
          options{std::move(given)},
          listener{&owner},
          receive_budget{options.receiving_bytes_max},
          grace_timer{executor} {}

    Result<void> start();
    Result<void> set_up_tls();
    Task accept_loop(std::size_t index);
    Task call_loop(std::size_t index);
    [[nodiscard]] bool must_wait_for(const StaticPeer& peer) const;
    Task run_link(std::shared_ptr<TcpLink> link, LinkId id);
    void admit(Socket socket);
    bool make_room();
    std::shared_ptr<TcpLink> make_link(Socket socket, LinkSetup setup, LinkId& id);
    [[nodiscard]] tcpcl::SessionOptions session_options(const LinkSetup& setup) const;
    std::shared_ptr<TcpLink> find(LinkId id) const;
    std::optional<Error> objection_to(const std::string& node_id, bool authenticated);
    void note_incoming(LinkId id, std::uint64_t bytes);

    // link_manager_networks.cpp: interfaces and discovery
    Result<void> watch_networks();
    void networks_changed(const InterfaceTable::Changes& changes);
    void call_again();
    void call_discovered(const Sightings::Call& call);
    Task run_call(Sightings::Call call, std::shared_ptr<Dialer> dialer);
    [[nodiscard]] Attempt* attempt_of(LinkId link);
    void session_began(LinkId id);
    void session_ended(LinkId id, bool was_up, const std::optional<Error>& failure);
    void end_call(const Sightings::Call& call, const std::optional<Error>& failure);
    void look_after_silent();
    [[nodiscard]] bool has_session(const std::string& node_id) const;
    [[nodiscard]] std::uint16_t port_at(const IpAddress& own) const;
    [[nodiscard]] DiscoveryState discovery_state() const;

    void report_failed_attempt(const std::string& address, std::optional<std::size_t> peer,
                               const Error& error);
    void stop_calling();
    void stop(Duration grace, std::function<void()> done);
    void cut_all();
    void finish_stop();
    void abandon();

    Executor executor;
    LinkOptions options;
    LinkListener* listener;  // null once the LinkManager is gone
    std::shared_ptr<const TlsContext> tls;
    std::set<std::string> plain_node_ids;   // of the plain peers
    std::set<std::string> proved_node_ids;  // those of them for which a certificate was shown
    std::vector<Acceptor> acceptors;
    std::vector<std::unique_ptr<Caller>> callers;
    std::map<LinkId, std::shared_ptr<TcpLink>> links;
    std::shared_ptr<Buffer> read_buffer = std::make_shared<Buffer>(kReadBytes);
    ReceiveBudget receive_budget;
    std::minstd_rand random{std::random_device{}()};
    LinkId last_id = 0;
    bool stopping = false;
    std::shared_ptr<InterfaceMonitor> monitor;
    std::shared_ptr<Discovery> discovery;
    bool networks_known = false;
    bool changing_networks = false;           // sessions end because of it
    std::map<std::string, Attempt> attempts;  // by node id
    Timer grace_timer;
    std::vector<std::function<void()>> stopped;
};

}  // namespace tram::links
