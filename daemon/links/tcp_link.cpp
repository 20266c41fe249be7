#include "daemon/links/tcp_link.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "daemon/links/clock.h"

namespace tram::links {
namespace {

/// How long an ended session may take to bring its last bytes out and to see the peer close.
constexpr Duration kLinger{2'000};

std::string remote_text(const Socket& socket) {
    error_code gone;
    const auto endpoint = socket.remote_endpoint(gone);
    return gone ? std::string{"unknown"} : to_text(endpoint);
}

bool means_unwanted(tcpcl::TermReason reason) {
    using enum tcpcl::TermReason;
    switch (reason) {
        case kVersionMismatch:
        case kBusy:
        case kContactFailure:
        case kResourceExhaustion: return true;
        case kUnknown:
        case kIdleTimeout: return false;
    }
    return false;
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
      setup_{std::move(setup)},
      listener_{&listener},
      session_{setup_.role, setup_.session, monotonic_now()},
      remote_{remote_text(socket_)},
      timer_{socket_.get_executor()},
      reader_wake_{socket_.get_executor(), Timer::time_point::max()},
      writer_wake_{socket_.get_executor(), Timer::time_point::max()} {}

Task TcpLink::run() {
    error_code ignored;  // a connection that died already shows in the first read
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    start_task(socket_.get_executor(), [self = shared_from_this()] { return self->write_loop(); });
    start_task(socket_.get_executor(), [self = shared_from_this()] { return self->timer_loop(); });
    request_pump();
    while (!closed_) {
        if (!linger_until_ && !session_.wants_input()) {
            reader_asleep_ = true;
            co_await reader_wake_.async_wait(kAwait);
            reader_asleep_ = false;
            continue;
        }
        co_await socket_.async_wait(Socket::wait_read, kAwait);
        if (!closed_) read_once();
    }
}

void TcpLink::read_once() {
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(*setup_.read_buffer), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) return;
    if (error) {
        if (!linger_until_) session_.connection_lost(monotonic_now());
        pump();
        close();
        return;
    }
    if (linger_until_) return;
    session_.receive(ByteView{setup_.read_buffer->data(), count}, monotonic_now());
    pump();
    setup_.note_incoming(session_.incoming_bytes());
}

Task TcpLink::write_loop() {
    while (!closed_ && !write_broken_) {
        const ByteView output = session_.bytes_to_send();
        if (output.empty()) {
            if (linger_until_ && !output_shut_) {
                output_shut_ = true;
                error_code ignored;
                socket_.shutdown(Socket::shutdown_send, ignored);
            }
            writer_asleep_ = true;
            co_await writer_wake_.async_wait(kAwait);
            writer_asleep_ = false;
            continue;
        }
        in_flight_ = output.size();
        const asio::const_buffer piece{output.data(), output.size()};
        auto [error, count] = co_await socket_.async_write_some(piece, kAwait);
        in_flight_ = 0;
        if (closed_) co_return;
        if (error) {
            // The peer's last acknowledgements may still wait to be read: the reader finds the end.
            write_broken_ = true;
        } else {
            session_.mark_sent(count);
        }
        pump();
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
    if (reader_asleep_ && (linger_until_ || session_.wants_input())) {
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

void TcpLink::on(const tcpcl::event::TlsRequired& /*event*/) {
    // LinkOptions has no certificates to shake hands with.
    session_.terminate(tcpcl::TermReason::kContactFailure, monotonic_now());
}

void TcpLink::on(const tcpcl::event::Established& event) {
    if (auto objection = objection_to(event.peer_node_id)) {
        session_.terminate(setup_.busy ? tcpcl::TermReason::kBusy : tcpcl::TermReason::kContactFailure,
                           monotonic_now());
        tell_end(objection);
        return;
    }
    was_up_ = true;
    if (listener_ == nullptr) return;
    listener_->link_up({.link = setup_.id,
                        .peer_node_id = event.peer_node_id,
                        .address = remote_,
                        .transfer_mru = event.transfer_mru,
                        .configured_peer = setup_.configured_peer,
                        .extensions = event.extensions});
}

std::optional<Error> TcpLink::objection_to(const std::string& peer_node_id) const {
    if (setup_.busy) return Error{ErrorCode::kBusy, "turned away: all sessions are taken (sessions_max)"};
    if (!peer_node_id.empty() && peer_node_id == setup_.session.node_id) {
        return Error{ErrorCode::kForbidden, "the node at " + remote_ + " announces our own id " +
                                                peer_node_id +
                                                ": the address is our own, or two nodes share one id"};
    }
    if (!setup_.expected_node_id.empty() && peer_node_id != setup_.expected_node_id) {
        return Error{ErrorCode::kForbidden, "the node at " + remote_ + " is " +
                                                (peer_node_id.empty() ? "without an id" : peer_node_id) +
                                                ", but the configuration expects " + setup_.expected_node_id};
    }
    return std::nullopt;
}

void TcpLink::on(tcpcl::event::Received& event) {
    if (!up() || listener_ == nullptr) {
        session_.refuse_transfer(event.transfer, tcpcl::RefuseReason::kSessionTerminating);
        return;
    }
    listener_->received(setup_.id, event.transfer, std::move(event.bundle));
}

void TcpLink::on(const tcpcl::event::Acknowledged& event) {
    if (up() && listener_ != nullptr) listener_->acknowledged(setup_.id, event.transfer);
}

void TcpLink::on(const tcpcl::event::Refused& event) {
    if (up() && listener_ != nullptr) listener_->refused(setup_.id, event.transfer, event.reason);
}

void TcpLink::on(const tcpcl::event::Rejected& /*event*/) {
    // The session knows what follows from it; transfers concerned stay unconfirmed.
}

void TcpLink::on(const tcpcl::event::Terminating& event) {
    if (event.by_peer) {
        end_reason_ = tcpcl::reason_text(event.reason);
        turned_away_ = means_unwanted(event.reason);
    }
    if (up() && listener_ != nullptr) listener_->link_ending(setup_.id);
}

void TcpLink::on(const tcpcl::event::Ended& event) {
    linger_until_ = monotonic_now() + kLinger;
    tell_end(event.failure);
}

void TcpLink::tell_end(const std::optional<Error>& failure) {
    if (told_end_) return;
    told_end_ = true;
    if (listener_ == nullptr) return;
    if (was_up_) {
        listener_->link_down(setup_.id, failure);
        return;
    }
    const std::string why = end_reason_.empty() ? "the connection ended before a session was established"
                                                : "the peer ended the session: " + end_reason_;
    listener_->attempt_failed(setup_.attempt_address, setup_.configured_peer,
                              failure.value_or(Error{ErrorCode::kUnavailable, why}));
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

void TcpLink::cut(const Error& failure) {
    const bool news = !told_end_;
    tell_end(failure);
    if (news && listener_ != nullptr) listener_->burst_done();
    close();
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
