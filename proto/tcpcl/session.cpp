// The states of a session: contact, negotiation, termination.
#include "proto/tcpcl/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proto/base/check.h"

namespace tram::tcpcl {

namespace {

/// How long a closed session waits for its last bytes to leave before it gives them up.
constexpr Duration kFlushTimeout{5'000};
/// RFC 9174 leaves 64 bits; some peers compute with fewer, so no more than this is announced.
constexpr std::uint64_t kTransferMruMax = std::uint64_t{1} << 48;
constexpr std::string_view kMagic = "dtn!";

}  // namespace

Session::Session(Role role, SessionOptions options, Instant now)
    : role_{role},
      options_{std::move(options)},
      now_{now},
      handshake_deadline_{now + options_.contact_timeout},
      last_received_{now},
      last_sent_{now},
      last_transfer_{now},
      flush_deadline_{now} {
    options_.transfer_mru = std::min(options_.transfer_mru, kTransferMruMax);
    options_.segment_bytes_max = std::max<std::uint64_t>(options_.segment_bytes_max, 1);
    options_.output_bytes_max = std::max<std::size_t>(options_.output_bytes_max, 1);
    // RFC 9174 4.1: the active entity speaks first, the passive one waits.
    if (role_ == Role::kActive) {
        encode_contact(back_, options_.can_tls ? kContactFlagCanTls : 0);
        contact_sent_ = true;
    }
}

std::optional<SessionEvent> Session::poll_event() {
    if (events_.empty()) return std::nullopt;
    SessionEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

/// Takes the contact header when it is complete (RFC 9174 4.2, 4.3). A wrong byte is noticed as soon as it is
/// there, and so is a version whose header may have another length.
std::size_t Session::take_contact(ByteView input) {
    const std::size_t magic_bytes = std::min(input.size(), kMagic.size());
    if (as_text(input.first(magic_bytes)) != kMagic.substr(0, magic_bytes)) {
        // 6.1: no SESS_TERM when the contact header itself cannot be read.
        close(Error{ErrorCode::kMalformed,
                    "the peer does not speak TCPCL: its contact header has no \"dtn!\""});
        return 0;
    }
    if (input.size() <= kMagic.size()) return 0;
    const std::uint8_t version = input[kMagic.size()];
    if (version != kVersion) {
        const Error error{
            ErrorCode::kUnsupportedVersion,
            "the peer speaks TCPCL version " + std::to_string(version) + ", this program version 4"};
        if (role_ == Role::kActive && version < kVersion) {
            close(error);  // 4.3: "the TCP connection SHALL be closed"
            return 0;
        }
        if (!contact_sent_) encode_contact(back_, options_.can_tls ? kContactFlagCanTls : 0);
        contact_sent_ = true;
        fail_session(TermReason::kVersionMismatch, error);
        return 0;
    }
    if (input.size() < kContactBytes) return 0;
    on_contact(input[kContactBytes - 1]);
    return kContactBytes;
}

void Session::on_contact(std::uint8_t flags) {
    if (!contact_sent_) {
        encode_contact(back_, options_.can_tls ? kContactFlagCanTls : 0);
        contact_sent_ = true;
    }
    peer_can_tls_ = (flags & kContactFlagCanTls) != 0;
    const bool tls = options_.can_tls && peer_can_tls_;
    if (options_.require_tls && !tls && options_.plain_node_ids.empty()) {
        fail_session(TermReason::kContactFailure,
                     Error{ErrorCode::kNoTls,
                           "TLS is required here and the peer does not offer it; it needs certificates, or "
                           "something on the way takes its offer out"});
        return;
    }
    if (tls) {
        state_ = State::kTls;
        events_.emplace_back(event::TlsRequired{});
        return;
    }
    state_ = State::kInit;
    if (role_ == Role::kActive) send_init();
}

void Session::tls_established(Instant now, std::optional<std::string> proved_node_id) {
    if (state_ != State::kTls) return;
    note_input(now, true);
    encrypted_ = true;
    proved_node_id_ = std::move(proved_node_id);
    state_ = State::kInit;
    if (role_ == Role::kActive) send_init();
}

void Session::send_init() {
    encode(back_, SessInit{.keepalive_s = options_.keepalive_s,
                           .segment_mru = options_.segment_mru,
                           .transfer_mru = options_.transfer_mru,
                           .node_id = options_.node_id,
                           .extensions = options_.extensions});
}

/// Why the peer's SESS_INIT is not acceptable; nothing when it is.
std::optional<Error> Session::objection_to(const SessInit& init) const {
    for (const ExtensionItem& item : init.extensions) {
        const bool known = std::ranges::any_of(
            options_.extensions, [&](const ExtensionItem& ours) { return ours.type == item.type; });
        if ((item.flags & kItemCritical) != 0 && !known) {
            return Error{ErrorCode::kForbidden, "the peer insists on session extension " +
                                                    std::to_string(item.type) + ", unknown here"};
        }
    }
    if (init.segment_mru == 0) {
        return Error{ErrorCode::kForbidden, "the peer announces a segment MRU of 0: nothing could be sent"};
    }
    const std::string announced = init.node_id.empty() ? "no node id" : "the node id " + init.node_id;
    if (proved_node_id_ && init.node_id != *proved_node_id_) {
        return Error{ErrorCode::kWrongNodeId,
                     "the peer announces " + announced + ", but its certificate names " + *proved_node_id_};
    }
    if (options_.require_tls && !encrypted_ &&
        std::ranges::find(options_.plain_node_ids, init.node_id) == options_.plain_node_ids.end()) {
        return Error{ErrorCode::kNoTls, "the peer announces " + announced +
                                            " and does not offer TLS, but is not configured as plain"};
    }
    return std::nullopt;
}

void Session::on_init(SessInit init) {
    if (auto objection = objection_to(init)) {
        fail_session(TermReason::kContactFailure, std::move(*objection));
        return;
    }
    if (role_ == Role::kPassive) send_init();
    keepalive_s_ = std::min(options_.keepalive_s, init.keepalive_s);
    peer_segment_mru_ = init.segment_mru;
    peer_transfer_mru_ = init.transfer_mru;
    state_ = State::kEstablished;
    last_sent_ = last_transfer_ = now_;
    events_.emplace_back(event::Established{.peer_node_id = std::move(init.node_id),
                                            .keepalive_s = keepalive_s_,
                                            .segment_mru = init.segment_mru,
                                            .transfer_mru = init.transfer_mru,
                                            .extensions = std::move(init.extensions)});
}

void Session::terminate(TermReason reason, Instant now) {
    now_ = std::max(now_, now);
    if (state_ == State::kClosed || state_ == State::kEnding) return;
    if (in_handshake()) {
        // Inside a TLS handshake nothing of ours may be written.
        if (contact_sent_ && state_ != State::kTls) {
            encode(back_, Term{0, static_cast<std::uint8_t>(reason)});
            term_sent_ = true;
        }
        close(std::nullopt);
        return;
    }
    encode(back_, Term{0, static_cast<std::uint8_t>(reason)});
    term_sent_ = true;
    begin_ending(reason, false);
}

void Session::abort(TermReason reason, Error why, Instant now) {
    now_ = std::max(now_, now);
    // Inside a TLS handshake nothing of ours may be written.
    fail_session(state_ == State::kTls ? std::nullopt : std::optional{reason}, std::move(why));
}

void Session::on_term(const Term& term) {
    const TermReason reason = term_reason(term.reason);
    if (term_received_) {
        reject(RejectReason::kUnexpected, MessageType::kSessTerm);
        return;
    }
    term_received_ = true;
    if (in_handshake()) {
        encode(back_, Term{kTermReply, term.reason});
        close(refused_by_peer(reason));
        return;
    }
    if (!term_sent_) {
        // The reply queues behind the acknowledgements of everything that came before: many peers close the
        // connection when they see it.
        begin_ending(reason, true);
        // Contact Failure after SESS_INIT: it is ours that the peer does not take.
        const bool about_tls = encrypted_ || (peer_can_tls_ && !options_.can_tls);
        if (reason == TermReason::kContactFailure && about_tls) end_failure_ = refused_by_peer(reason);
        push_answer({.kind = Answer::Kind::kTerm, .reason = term.reason});
    }
    finish_if_done();
}

/// What a peer means that ends the session at its start: SESS_TERM has only a code for it.
Error Session::refused_by_peer(TermReason reason) const {
    if (reason == TermReason::kContactFailure && encrypted_) {
        return Error{ErrorCode::kWrongNodeId,
                     "the peer does not take the node id that this node announces, " + options_.node_id +
                         ": it is not what this node's certificate names, or not the one expected there"};
    }
    if (reason == TermReason::kContactFailure && (options_.can_tls || peer_can_tls_)) {
        return Error{ErrorCode::kNoTls, options_.can_tls
                                            ? "the peer refused a session without TLS, and its offer of TLS "
                                              "did not come through: something on the way takes it out"
                                            : "the peer takes no session without TLS"};
    }
    return Error{ErrorCode::kUnavailable,
                 "the peer refused the session: " + std::string{reason_text(reason)}};
}

void Session::on_reject(const Reject& reject) {
    RejectReason reason = RejectReason::kUnexpected;
    if (reject.reason >= 1 && reject.reason <= 3) reason = static_cast<RejectReason>(reject.reason);
    events_.emplace_back(event::Rejected{reason, reject.message_header});
    switch (static_cast<MessageType>(reject.message_header)) {
        case MessageType::kXferSegment:
        case MessageType::kSessInit:
        case MessageType::kSessTerm:
            // The peer will never answer what it rejected, so waiting for the answer is pointless.
            fail_session(TermReason::kUnknown,
                         Error{ErrorCode::kUnavailable,
                               "the peer rejected a message: " + std::string{reason_text(reason)}});
            return;
        case MessageType::kXferAck:
        case MessageType::kXferRefuse:
        case MessageType::kKeepalive:
        case MessageType::kMsgReject: return;
    }
}

void Session::begin_ending(TermReason reason, bool by_peer) {
    state_ = State::kEnding;
    events_.emplace_back(event::Terminating{reason, by_peer});
    drop_unstarted();
}

void Session::finish_if_done() {
    if (state_ != State::kEnding || !term_sent_ || !term_received_) return;
    const bool receiving = incoming_ && !incoming_->refused;
    if (receiving || in_payload_ || unanswered_ > 0 || !answers_.empty()) return;
    close(end_failure_);
}

/// Ends at once, without waiting for transfers; `reason` is told to the peer when it may be told.
void Session::fail_session(std::optional<TermReason> reason, Error error) {
    if (state_ == State::kClosed) return;
    if (reason && contact_sent_ && !term_sent_) {
        const std::uint8_t flags = term_received_ ? kTermReply : 0;
        encode(back_, Term{flags, static_cast<std::uint8_t>(*reason)});
        term_sent_ = true;
    }
    close(std::move(error));
}

void Session::close(std::optional<Error> failure) {
    state_ = State::kClosed;
    flush_deadline_ = now_ + kFlushTimeout;
    outgoing_.clear();
    unsent_bytes_ = 0;
    unanswered_ = 0;
    answers_.clear();
    held_count_ = 0;
    held_bytes_ = 0;
    incoming_.reset();
    in_payload_ = false;
    partial_ = {};
    events_.emplace_back(event::Ended{std::move(failure)});
}

void Session::connection_lost(Instant now) {
    now_ = std::max(now_, now);
    front_.clear();
    front_sent_ = 0;
    back_.clear();
    if (state_ == State::kClosed) return;
    const bool cut = unanswered_ > 0 || incoming_ || !answers_.empty() || in_payload_;
    close(Error{ErrorCode::kUnavailable, in_handshake() ? "the connection was closed before the session began"
                                         : cut ? "the connection was closed in the middle of transfers"
                                               : "the connection was closed without a goodbye"});
}

bool Session::finished() const {
    return state_ == State::kClosed && output_empty();
}

}  // namespace tram::tcpcl
