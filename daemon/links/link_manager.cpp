#include "daemon/links/link_manager.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <openssl/crypto.h>

#include "daemon/links/backoff.h"
#include "daemon/links/link_manager_impl.h"

namespace tram::links {
namespace {

using asio::ip::tcp;

/// Connections above sessions_max that are open at one time only to be told "busy"; more are just closed.
constexpr std::size_t kBusyLinksMax = 32;
/// Pause after accept() failed, which happens when file descriptors or memory run out.
constexpr Duration kAcceptRetry{1'000};

Result<tcp::endpoint> listen_endpoint(const std::string& text) {
    const auto parsed = parse_host_port(text);
    if (!parsed) return std::unexpected{parsed.error()};
    error_code not_numeric;
    const auto address = asio::ip::make_address(parsed->host, not_numeric);
    if (not_numeric) {
        return fail(ErrorCode::kInvalidArgument,
                    "cannot listen on \"" + text + "\": " + parsed->host + " is not a numeric address");
    }
    return tcp::endpoint{address, parsed->port};
}

Result<Acceptor> open_acceptor(const Executor& executor, const std::string& text) {
    auto endpoint = listen_endpoint(text);
    if (!endpoint) return std::unexpected{endpoint.error()};
    Acceptor acceptor{executor};
    error_code error;
    acceptor.open(endpoint->protocol(), error);
    if (error == asio::error::address_family_not_supported &&
        endpoint->address() == asio::ip::address_v6::any()) {
        // "[::]" means every address; on a kernel without IPv6 those are the IPv4 ones.
        *endpoint = tcp::endpoint{asio::ip::address_v4::any(), endpoint->port()};
        acceptor.open(endpoint->protocol(), error);
    }
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error && endpoint->address().is_v6()) acceptor.set_option(asio::ip::v6_only{false}, error);
    if (!error) acceptor.bind(*endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
        const bool taken = error == asio::error::address_in_use;
        return fail(ErrorCode::kIo,
                    "cannot listen on " + text + ": " + error.message() +
                        (taken ? "; end the other program, or choose another port in links.listen"
                               : "; see links.listen"));
    }
    return acceptor;
}

}  // namespace

Result<void> LinkManager::Impl::set_up_tls() {
    if (!options.tls) return {};
    auto made = TlsContext::make(*options.tls);
    OPENSSL_cleanse(options.tls->seed.data(), options.tls->seed.size());
    if (!made) return std::unexpected{made.error()};
    tls = std::move(*made);
    for (const auto& peer : options.peers) {
        if (!peer.plain) continue;
        if (peer.node_id.empty()) {
            return fail(ErrorCode::kInvalidArgument, "the plain peer at " + peer.address +
                                                         " needs its node id: without TLS nothing else "
                                                         "tells who it is");
        }
        plain_node_ids.insert(peer.node_id);
    }
    return {};
}

Result<void> LinkManager::Impl::start() {
    if (auto ready = set_up_tls(); !ready) return ready;
    std::vector<Acceptor> opened;
    std::vector<std::unique_ptr<Caller>> known;
    for (const auto& address : options.listen) {
        auto acceptor = open_acceptor(executor, address);
        if (!acceptor) return std::unexpected{acceptor.error()};
        opened.push_back(std::move(*acceptor));
    }
    for (const auto& peer : options.peers) {
        auto target = parse_host_port(peer.address);
        if (!target) return std::unexpected{target.error()};
        if (target->port == 0) {
            return fail(ErrorCode::kInvalidArgument,
                        "peer address \"" + peer.address + "\" needs a port above 0");
        }
        known.push_back(std::make_unique<Caller>(executor, std::move(*target)));
    }
    acceptors = std::move(opened);
    callers = std::move(known);
    for (std::size_t i = 0; i < acceptors.size(); ++i) {
        start_task(executor, [self = shared_from_this(), i] { return self->accept_loop(i); });
    }
    if (auto watched = watch_networks(); !watched) return watched;
    for (std::size_t i = 0; i < callers.size(); ++i) {
        start_task(executor, [self = shared_from_this(), i] { return self->call_loop(i); });
    }
    return {};
}

Task LinkManager::Impl::accept_loop(std::size_t index) {
    Timer pause{executor};
    while (!stopping) {
        auto [error, socket] = co_await acceptors[index].async_accept(kAwait);
        if (stopping) co_return;
        if (!error) {
            admit(std::move(socket));
            continue;
        }
        report_failed_attempt(options.listen[index], std::nullopt,
                              Error{ErrorCode::kIo, "cannot take a connection: " + error.message()});
        pause.expires_after(kAcceptRetry);
        co_await pause.async_wait(kAwait);
    }
}

void LinkManager::Impl::admit(Socket socket) {
    const auto used = static_cast<std::size_t>(
        std::count_if(links.begin(), links.end(), [](const auto& entry) { return entry.second->counts(); }));
    LinkSetup setup;
    setup.busy = used >= options.sessions_max && !make_room();
    error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    setup.attempt_address = gone ? "unknown" : to_text(remote);
    if (setup.busy && links.size() >= options.sessions_max + kBusyLinksMax) {
        report_failed_attempt(setup.attempt_address, std::nullopt,
                              Error{ErrorCode::kBusy, "closed at once: too many connections"});
        return;
    }
    LinkId id = 0;
    const auto link = make_link(std::move(socket), std::move(setup), id);
    start_task(executor, [self = shared_from_this(), link, id] { return self->run_link(link, id); });
}

/// Takes the place of the caller that has been without a session for longest; false when all have one.
/// Connecting costs a stranger nothing, so it must not keep those out who can prove who they are.
bool LinkManager::Impl::make_room() {
    const auto oldest =
        std::ranges::find_if(links, [](const auto& entry) { return entry.second->only_connected(); });
    if (oldest == links.end()) return false;
    const auto link = oldest->second;
    link->cut(
        Error{ErrorCode::kBusy,
              "cut off: it had not begun a session, and another caller needs its place (sessions_max)"});
    return true;
}

Task LinkManager::Impl::call_loop(std::size_t index) {
    Caller& caller = *callers[index];
    const StaticPeer& peer = options.peers[index];
    Backoff backoff{options.reconnect_min, options.reconnect_max};
    while (!stopping) {
        if (must_wait_for(peer)) {
            caller.state = Caller::State::kWaiting;
            caller.pause.expires_at(Timer::time_point::max());
            co_await caller.pause.async_wait(kAwait);
            continue;
        }
        caller.state = Caller::State::kDialling;
        auto socket = co_await caller.dialer->dial(caller.target, options.session.contact_timeout);
        if (stopping) co_return;
        caller.state = Caller::State::kTalking;
        if (socket) {
            LinkSetup setup;
            setup.role = tcpcl::Role::kActive;
            setup.attempt_address = peer.address;
            setup.configured_peer = index;
            setup.expected_node_id = peer.node_id;
            LinkId id = 0;
            const auto link = make_link(std::move(*socket), std::move(setup), id);
            co_await run_link(link, id);
            if (link->succeeded()) backoff.reset();
        } else {
            if (!caller.again) report_failed_attempt(peer.address, index, socket.error());
        }
        if (stopping) co_return;
        if (std::exchange(caller.again, false)) {
            backoff.reset();
            continue;
        }
        caller.state = Caller::State::kPausing;
        caller.pause.expires_after(backoff.next(static_cast<std::uint32_t>(random())));
        co_await caller.pause.async_wait(kAwait);
        if (std::exchange(caller.again, false)) backoff.reset();
    }
}

/// With discovery a peer may have been found before its turn came: one session is enough.
bool LinkManager::Impl::must_wait_for(const StaticPeer& peer) const {
    return discovery && !peer.node_id.empty() && has_session(peer.node_id);
}

std::shared_ptr<TcpLink> LinkManager::Impl::make_link(Socket socket, LinkSetup setup, LinkId& id) {
    id = ++last_id;
    setup.id = id;
    setup.session = session_options(setup);
    setup.tls = tls;
    setup.objection = [this](const std::string& node_id, bool authenticated) {
        return objection_to(node_id, authenticated);
    };
    setup.read_buffer = read_buffer;
    setup.note_incoming = [this, noted = id](std::uint64_t bytes) { note_incoming(noted, bytes); };
    setup.note_up = [this, noted = id] { session_began(noted); };
    setup.note_end = [this, noted = id](bool was_up, const std::optional<Error>& failure) {
        session_ended(noted, was_up, failure);
    };
    auto link = std::make_shared<TcpLink>(std::move(socket), std::move(setup), *listener);
    links.emplace(id, link);
    return link;
}

tcpcl::SessionOptions LinkManager::Impl::session_options(const LinkSetup& setup) const {
    tcpcl::SessionOptions session = options.session;
    const bool plain = setup.configured_peer && options.peers[*setup.configured_peer].plain;
    session.can_tls = session.require_tls = tls && !plain;
    if (setup.role == tcpcl::Role::kPassive) {
        session.plain_node_ids.assign(plain_node_ids.begin(), plain_node_ids.end());
    }
    return session;
}

/// The rule that a plain link never stands beside a proof of the same node id (LinkOptions::tls).
std::optional<Error> LinkManager::Impl::objection_to(const std::string& node_id, bool authenticated) {
    if (!plain_node_ids.contains(node_id)) return std::nullopt;
    const Error proved{ErrorCode::kNoTls, node_id +
                                              " has shown a certificate: it is not believed without TLS "
                                              "any longer; take 'plain' out of its configuration"};
    if (!authenticated) return proved_node_ids.contains(node_id) ? std::optional{proved} : std::nullopt;
    proved_node_ids.insert(node_id);
    for (const auto& [id, link] : links) {
        if (link->up() && !link->authenticated() && link->peer_node_id() == node_id) link->abort(proved);
    }
    return std::nullopt;
}

Task LinkManager::Impl::run_link(std::shared_ptr<TcpLink> link, LinkId id) {
    co_await link->run();
    receive_budget.hold(id, 0);
    links.erase(id);
    if (stopping) finish_stop();
}

std::shared_ptr<TcpLink> LinkManager::Impl::find(LinkId id) const {
    const auto found = links.find(id);
    return found != links.end() && found->second->up() ? found->second : nullptr;
}

void LinkManager::Impl::note_incoming(LinkId id, std::uint64_t bytes) {
    const auto over = receive_budget.hold(id, bytes);
    if (!over) return;
    const auto largest = links.find(*over);
    receive_budget.hold(*over, 0);
    if (largest == links.end()) return;
    largest->second->cut(Error{ErrorCode::kFull,
                               "cut off: the unfinished transfers of all sessions took too much "
                               "memory, and this one's was the largest"});
}

void LinkManager::Impl::report_failed_attempt(const std::string& address, std::optional<std::size_t> peer,
                                              const Error& error) {
    if (listener == nullptr) return;
    listener->attempt_failed(address, peer, error);
    if (listener != nullptr) listener->burst_done();
}

void LinkManager::Impl::stop_calling() {
    stopping = true;
    error_code ignored;
    for (auto& acceptor : acceptors)
        acceptor.close(ignored);
    for (const auto& caller : callers) {
        caller->dialer->cancel();
        caller->pause.cancel();
    }
    for (const auto& [node_id, attempt] : attempts)
        attempt.dialer->cancel();
    if (discovery) discovery->stop();
    if (monitor) monitor->stop();
}

void LinkManager::Impl::stop(Duration grace, std::function<void()> done) {
    stopped.push_back(std::move(done));
    stop_calling();
    const auto running = links;
    for (const auto& [id, link] : running)
        link->terminate(tcpcl::TermReason::kUnknown);
    grace_timer.expires_after(grace);
    grace_timer.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) self->cut_all();
    });
    asio::post(executor, [self = shared_from_this()] { self->finish_stop(); });
}

void LinkManager::Impl::cut_all() {
    const auto running = links;
    for (const auto& [id, link] : running) {
        link->cut(Error{ErrorCode::kUnavailable, "cut off: the session did not end in time"});
    }
}

void LinkManager::Impl::finish_stop() {
    if (!links.empty()) return;
    grace_timer.cancel();
    for (const auto& done : std::exchange(stopped, {}))
        done();
}

void LinkManager::Impl::abandon() {
    listener = nullptr;
    stopped.clear();
    stop_calling();
    grace_timer.cancel();
    for (const auto& [id, link] : links)
        link->detach();
}

LinkManager::LinkManager(asio::io_context& io, LinkOptions options, LinkListener& listener)
    : impl_{std::make_shared<Impl>(io, std::move(options), listener)} {}

LinkManager::~LinkManager() {
    impl_->abandon();
}

DiscoveryState LinkManager::discovery() const {
    return impl_->discovery_state();
}

Result<void> LinkManager::start() {
    return impl_->start();
}

std::vector<std::uint16_t> LinkManager::listening_ports() const {
    std::vector<std::uint16_t> ports;
    for (const auto& acceptor : impl_->acceptors) {
        error_code closed;
        ports.push_back(acceptor.local_endpoint(closed).port());
    }
    return ports;
}

Result<tcpcl::TransferId> LinkManager::send(LinkId link, Bytes bundle) {
    const auto found = impl_->find(link);
    if (!found) return fail(ErrorCode::kNotFound, "link " + std::to_string(link) + " is gone");
    return found->send(std::move(bundle));
}

std::uint64_t LinkManager::unsent_bytes(LinkId link) const {
    const auto found = impl_->find(link);
    return found ? found->unsent_bytes() : 0;
}

void LinkManager::accept(LinkId link, tcpcl::TransferId transfer) {
    if (const auto found = impl_->find(link)) found->accept(transfer);
}

void LinkManager::refuse(LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) {
    if (const auto found = impl_->find(link)) found->refuse(transfer, reason);
}

void LinkManager::close(LinkId link, tcpcl::TermReason reason) {
    if (const auto found = impl_->find(link)) found->terminate(reason);
}

void LinkManager::close(LinkId link, const Error& why) {
    if (const auto found = impl_->find(link)) found->abort(why);
}

void LinkManager::stop(Duration grace, std::function<void()> done) {
    impl_->stop(grace, std::move(done));
}

}  // namespace tram::links
