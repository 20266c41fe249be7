#include "daemon/links/tcp_link.h"

#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "daemon/links/clock.h"

namespace tram::links {
namespace {

/// What the kernel may hold that it has not sent yet. More would only be in the way of what is more urgent.
constexpr int kUnsentInKernelMax = 64 << 10;
// A peer that probes find no trace of is given up after this.
constexpr int kProbePause_s = 1;
constexpr int kProbes = 4;
constexpr int kProbeLimit_ms = 5'000;

void set_option(Socket& socket, int level, int name, int value) {
    // A connection that died already shows in the first read.
    (void)::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

asio::ip::address local_of(const Socket& socket) {
    error_code gone;
    const auto address = socket.local_endpoint(gone).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

std::string remote_text(const Socket& socket) {
    error_code gone;
    const auto endpoint = socket.remote_endpoint(gone);
    return gone ? std::string{"unknown"} : to_text(endpoint);
}

}  // namespace

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
    const auto port = std::to_string(endpoint.port());
    const auto address = endpoint.address();
    if (address.is_v4()) return address.to_string() + ":" + port;
    if (address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() + ":" + port;
    }
    return "[" + address.to_string() + "]:" + port;
}

TcpLink::TcpLink(Socket socket, LinkSetup setup, LinkListener& listener)
    : socket_{std::move(socket)},
      wire_{socket_},
      setup_{std::move(setup)},
      listener_{&listener},
      session_{setup_.role, setup_.session, monotonic_now()},
      remote_{remote_text(socket_)},
      local_{local_of(socket_)},
      last_read_{monotonic_now()},
      timer_{socket_.get_executor()},
      reader_wake_{socket_.get_executor(), Timer::time_point::max()},
      writer_wake_{socket_.get_executor(), Timer::time_point::max()} {}

Task TcpLink::run() {
    error_code ignored;  // a connection that died already shows in the first read
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    set_option(socket_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentInKernelMax);
    start_task(socket_.get_executor(), [self = shared_from_this()] { return self->write_loop(); });
    start_task(socket_.get_executor(), [self = shared_from_this()] { return self->timer_loop(); });
    request_pump();
    while (!closed_) {
        if (reader_must_sleep()) {
            reader_asleep_ = true;
            co_await reader_wake_.async_wait(kAwait);
            reader_asleep_ = false;
            continue;
        }
        if (std::exchange(tls_due_, false) && !linger_until_) {
            wire_.start_tls(*setup_.tls, setup_.role);
            read_wait_.reset();
        }
        co_await ready(read_wait_);
        if (!closed_) read_once();
    }
}

/// Waits for the socket; for nothing: lets the other links have their turn.
Task TcpLink::ready(std::optional<Socket::wait_type> wait) {
    if (wait) {
        co_await socket_.async_wait(*wait, kAwait);
    } else {
        co_await asio::post(socket_.get_executor(), kAwait);
    }
}

bool TcpLink::reader_must_sleep() {
    if (linger_until_) return false;
    // What comes after the contact headers is for TLS, which must not begin before ours is written.
    if (tls_due_) return !session_.bytes_to_send().empty();
    return !session_.wants_input();
}

void TcpLink::read_once() {
    Buffer& buffer = *setup_.read_buffer;
    const bool shaking = !linger_until_ && wire_.shaking_hands();
    const Wire::Step step = linger_until_ ? wire_.discard(buffer)
                            : shaking     ? wire_.shake_hands()
                                          : wire_.read(buffer);
    if (closed_) return;  // the owner's check of the certificate may have let go of us
    read_wait_ = step.wait;
    switch (step.status) {
        case Wire::Status::kBlocked: return;
        case Wire::Status::kClosed:
        case Wire::Status::kBroken: connection_ended(step.status); return;
        case Wire::Status::kDone: break;
    }
    if (linger_until_) return;
    last_read_ = monotonic_now();
    if (probing_) set_probing(false);
    if (shaking) {
        session_.tls_established(monotonic_now(), wire_.proved_node_id());
        pump();
        return;
    }
    session_.receive(ByteView{buffer.data(), step.bytes}, monotonic_now());
    pump();
    setup_.note_incoming(session_.incoming_bytes());
}

void TcpLink::connection_ended(Wire::Status how) {
    if (linger_until_) {
        pump();
        close();
        return;
    }
    cut_ = wire_.encrypted() && how == Wire::Status::kBroken;
    const auto& failure = wire_.failure();
    if (const auto& known = failure ? failure : early_end()) tell_end(known);
    session_.connection_lost(monotonic_now());
    pump();
    // With a failure our alert may still be on its way: what remains is the same as after a session's end.
    if (!failure) close();
}

/// What it means that the peer closes the connection in or right after the TLS handshake, without an alert.
std::optional<Error> TcpLink::early_end() const {
    if (wire_.shaking_hands()) {
        return Error{
            ErrorCode::kUnavailable,
            "the connection was closed in the middle of the TLS handshake; the peer's log may say why"};
    }
    if (wire_.encrypted() && !was_up_) {
        return Error{ErrorCode::kUnavailable,
                     "the peer closed the connection right after the TLS handshake; it may have refused this "
                     "node's certificate, see its log"};
    }
    return std::nullopt;
}

Task TcpLink::write_loop() {
    while (!closed_ && !write_broken_) {
        const ByteView output = session_.bytes_to_send();
        in_flight_ = 0;
        if (output.empty()) {
            if (linger_until_ && !output_shut_) {
                if (!wire_.say_goodbye()) {
                    co_await ready(Socket::wait_write);
                    continue;
                }
                output_shut_ = true;
                error_code ignored;
                socket_.shutdown(Socket::shutdown_send, ignored);
            }
            writer_asleep_ = true;
            co_await writer_wake_.async_wait(kAwait);
            writer_asleep_ = false;
            continue;
        }
        const Wire::Step step = wire_.write(output);
        in_flight_ = output.size() - step.bytes;
        if (step.status == Wire::Status::kBlocked) {
            co_await ready(step.wait);
            continue;
        }
        if (step.status == Wire::Status::kDone) {
            session_.mark_sent(step.bytes);
        } else {
            // The peer's last acknowledgements may still wait to be read: the reader finds the end.
            write_broken_ = true;
        }
        pump();
        co_await ready(std::nullopt);
    }
}

Task TcpLink::timer_loop() {
    while (!closed_) {
        armed_for_ = deadline();
        timer_.expires_at(armed_for_ ? to_steady(*armed_for_) : Timer::time_point::max());
        co_await timer_.async_wait(kAwait);
        if (closed_) co_return;
        const Instant now = monotonic_now();
        const auto due = deadline();
        if (!due || *due > now) continue;
        if (linger_until_) {
            close();
            co_return;
        }
        session_.handle_timeout(now);
        pump();
    }
}

std::optional<Instant> TcpLink::deadline() const {
    return linger_until_ ? linger_until_ : session_.next_timeout();
}

void TcpLink::request_pump() {
    if (pump_requested_ || closed_) return;
    pump_requested_ = true;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->pump_requested_ = false;
        self->pump();
    });
}

void TcpLink::pump() {
    if (tell_events() && listener_ != nullptr) listener_->burst_done();
    if (closed_) return;
    if (linger_until_ && write_broken_) {
        close();
        return;
    }
    if (writer_asleep_ && (!session_.bytes_to_send().empty() || (linger_until_ && !output_shut_))) {
        writer_asleep_ = false;
        writer_wake_.cancel();
    }
    if (reader_asleep_ && !reader_must_sleep()) {
        reader_asleep_ = false;
        reader_wake_.cancel();
    }
    const auto due = deadline();
    if (due && (!armed_for_ || *due < *armed_for_)) {
        armed_for_ = due;
        timer_.cancel();
    }
}

bool TcpLink::tell_events() {
    bool any = false;
    while (auto event = session_.poll_event()) {
        any = true;
        std::visit([this](auto& what) { on(what); }, *event);
    }
    return any;
}

Result<tcpcl::TransferId> TcpLink::send(Bytes bundle) {
    auto transfer = session_.send_transfer(std::move(bundle));
    if (transfer) request_pump();
    return transfer;
}

std::uint64_t TcpLink::unsent_bytes() const {
    return session_.unsent_bytes() + in_flight_;
}

void TcpLink::accept(tcpcl::TransferId transfer) {
    session_.accept_transfer(transfer);
    request_pump();
}

void TcpLink::refuse(tcpcl::TransferId transfer, tcpcl::RefuseReason reason) {
    session_.refuse_transfer(transfer, reason);
    request_pump();
}

void TcpLink::terminate(tcpcl::TermReason reason) {
    if (!was_up_ && !told_end_) {
        told_end_ = true;
        close();
        return;
    }
    session_.terminate(reason, monotonic_now());
    request_pump();
}

void TcpLink::abort(const Error& why) {
    ended_by_owner_ = true;
    session_.abort(tcpcl::TermReason::kUnknown, why, monotonic_now());
    request_pump();
}

void TcpLink::cut(const Error& failure) {
    const bool news = !told_end_;
    tell_end(failure);
    if (news && listener_ != nullptr) listener_->burst_done();
    close();
}

void TcpLink::drop(const Error& failure) {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    cut(failure);
}

void TcpLink::probe() {
    if (!closed_ && !probing_) set_probing(true);
}

/// An idle connection is asked by keepalives, one with bytes on their way gives up on them sooner. Not
/// always: a peer whose disk is slow may take nothing for longer than this, and is there all the same.
void TcpLink::set_probing(bool on) {
    probing_ = on;
    if (on) {
        set_option(socket_, IPPROTO_TCP, TCP_KEEPIDLE, kProbePause_s);
        set_option(socket_, IPPROTO_TCP, TCP_KEEPINTVL, kProbePause_s);
        set_option(socket_, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
    }
    set_option(socket_, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
    set_option(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, on ? kProbeLimit_ms : 0);
}

void TcpLink::detach() {
    listener_ = nullptr;
    close();
}

void TcpLink::close() {
    if (closed_) return;
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    reader_wake_.cancel();
    writer_wake_.cancel();
}

}  // namespace tram::links
