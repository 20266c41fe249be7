// Time: keepalives, and peers that are too slow, silent or idle.
#include <algorithm>
#include <utility>

#include "proto/tcpcl/session.h"

namespace tram::tcpcl {

/// Something came from the peer. While the session ends only progress counts: a peer could otherwise keep it
/// from ending with keepalives alone.
void Session::note_input(Instant now, bool progress) {
    now_ = std::max(now_, now);
    last_received_ = now_;
    if (!peer_owes()) {
        owing_since_.reset();
    } else if (progress || state_ != State::kEnding || !owing_since_) {
        owing_since_ = now_;
    }
}

/// True while the peer has to send something that nobody else can make it send.
bool Session::peer_owes() const {
    if (!running()) return false;
    return in_payload_ || !partial_.empty() || unanswered_ > 0 || (term_sent_ && !term_received_) ||
           front_sent_ < front_.size();
}

/// True when no transfer is under way in either direction.
bool Session::quiet() const {
    return outgoing_.empty() && !incoming_ && answers_.empty();
}

std::optional<Instant> Session::next_timeout() const {
    if (state_ == State::kClosed) {
        return output_empty() ? std::nullopt : std::optional{flush_deadline_};
    }
    if (in_handshake()) return handshake_deadline_;
    std::optional<Instant> next;
    const auto consider = [&next](Instant at) { next = next ? std::min(*next, at) : at; };
    if (keepalive_s_ > 0) {
        consider(last_sent_ + keepalive());
        consider(last_received_ + 2 * keepalive());
    }
    // Calls without a time may have made the peer owe something: then the time is asked for at once.
    if (peer_owes()) consider(owing_since_ ? *owing_since_ + options_.stall_timeout : now_);
    if (options_.idle_timeout > Duration::zero() && state_ == State::kEstablished && quiet()) {
        consider(last_transfer_ + options_.idle_timeout);
    }
    return next;
}

void Session::handle_timeout(Instant now) {
    now_ = std::max(now_, now);
    if (state_ == State::kClosed) {
        if (now_ < flush_deadline_) return;
        front_.clear();
        front_sent_ = 0;
        back_.clear();
        return;
    }
    if (in_handshake()) {
        if (now_ < handshake_deadline_) return;
        // RFC 9174 4.1: before SESS_INIT is due the connection is just closed. The reason is not Contact
        // Failure, which would say that the peer's node id or the like is refused.
        const bool tell = state_ == State::kInit;
        fail_session(tell ? std::optional{TermReason::kIdleTimeout} : std::nullopt,
                     Error{ErrorCode::kUnavailable, "the peer did not complete the session's start in time"});
        return;
    }
    if (check_silence(now_)) return;
    if (options_.idle_timeout > Duration::zero() && state_ == State::kEstablished && quiet() &&
        now_ >= last_transfer_ + options_.idle_timeout) {
        if (std::exchange(transfer_touched_, false)) {
            last_transfer_ = now_;
        } else {
            terminate(TermReason::kIdleTimeout, now_);
        }
    }
    if (keepalive_s_ > 0 && now_ >= last_sent_ + keepalive()) {
        // Bytes that wait to be written are a sign of life themselves once they get through.
        if (output_empty()) encode(back_, Keepalive{});
        last_sent_ = now_;
    }
}

/// Drops a peer that has been silent for too long; true when it did.
bool Session::check_silence(Instant now) {
    if (blocked_) {
        // Nothing was read from the peer, so nothing can be said about it until reading goes on.
        blocked_ = owner_is_behind();
        last_received_ = now;
        owing_since_ = now;
        return false;
    }
    if (keepalive_s_ > 0 && now >= last_received_ + 2 * keepalive()) {
        fail_session(
            TermReason::kIdleTimeout,
            Error{ErrorCode::kUnavailable, "nothing was heard from the peer for twice the keepalive"});
        return true;
    }
    if (!peer_owes()) {
        owing_since_.reset();
        return false;
    }
    if (!owing_since_) owing_since_ = now;
    if (now >= *owing_since_ + options_.stall_timeout) {
        fail_session(TermReason::kIdleTimeout,
                     Error{ErrorCode::kUnavailable, "the peer owes an answer and is stalled"});
        return true;
    }
    return false;
}

}  // namespace tram::tcpcl
