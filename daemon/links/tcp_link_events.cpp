// What the session of a link tells, and what becomes of it.
#include "daemon/links/clock.h"
#include "daemon/links/tcp_link.h"

namespace tram::links {
namespace {

/// How long an ended session may take to bring its last bytes out and to see the peer close.
constexpr Duration kLinger{2'000};

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

void TcpLink::on(const tcpcl::event::TlsRequired& /*event*/) {
    tls_due_ = true;
}

void TcpLink::on(const tcpcl::event::Established& event) {
    peer_node_id_ = event.peer_node_id;
    if (auto objection = objection_to(event.peer_node_id)) {
        session_.terminate(setup_.busy ? tcpcl::TermReason::kBusy : tcpcl::TermReason::kContactFailure,
                           monotonic_now());
        tell_end(objection);
        return;
    }
    was_up_ = true;
    if (listener_ == nullptr) return;
    if (setup_.note_up) setup_.note_up();
    listener_->link_up({.link = setup_.id,
                        .peer_node_id = event.peer_node_id,
                        .address = remote_,
                        .transfer_mru = event.transfer_mru,
                        .configured_peer = setup_.configured_peer,
                        .authenticated = wire_.encrypted(),
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
        return Error{wire_.encrypted() ? ErrorCode::kWrongNodeId : ErrorCode::kForbidden,
                     "the node at " + remote_ + " is " +
                         (peer_node_id.empty() ? "without an id" : peer_node_id) +
                         ", but the configuration expects " + setup_.expected_node_id};
    }
    return setup_.objection(peer_node_id, wire_.encrypted());
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
    tell_end(event.failure.transform([this](const Error& failure) { return explained(failure); }));
}

/// Adds what the session cannot know.
Error TcpLink::explained(Error failure) const {
    if (ended_by_owner_) return failure;
    if (failure.code == ErrorCode::kNoTls && !setup_.session.can_tls) {
        // Only the peer's refusal gives this reason where TLS is not offered.
        if (setup_.tls) {
            failure.message += "; it is configured as plain here, take that out";
            return failure;
        }
        return {ErrorCode::kNoCertificate,
                failure.message + ", and this node has no certificate; request one"};
    }
    if (cut_ && was_up_) failure.message += "; TLS was cut off, not closed";
    return failure;
}

void TcpLink::tell_end(const std::optional<Error>& failure) {
    if (told_end_) return;
    told_end_ = true;
    if (listener_ == nullptr) return;
    if (was_up_) {
        if (setup_.note_end) setup_.note_end(true, failure);
        listener_->link_down(setup_.id, failure);
        return;
    }
    const std::string why = end_reason_.empty() ? "the connection ended before a session was established"
                                                : "the peer ended the session: " + end_reason_;
    const Error reason = failure.value_or(Error{ErrorCode::kUnavailable, why});
    if (setup_.note_end) setup_.note_end(false, reason);
    listener_->attempt_failed(setup_.attempt_address, setup_.configured_peer, reason);
}

}  // namespace tram::links
