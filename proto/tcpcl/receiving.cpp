// Input: messages out of bytes, transfers out of segments, and the answers to them in order.
#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "proto/tcpcl/session.h"

namespace tram::tcpcl {

namespace {

/// Room that is made on the peer's word alone; beyond it a transfer grows with what has really come.
constexpr std::uint64_t kReserveAheadMax = 1U << 20;
/// RFC 8446 5.1; no message of TCPCL begins with it.
constexpr std::uint8_t kTlsHandshakeRecord = 0x16;
/// Answers that the peer does not read; above this much nothing more is read from it.
constexpr std::size_t kUnreadAnswersMax = 4U << 20;

}  // namespace

void Session::receive(ByteView input, Instant now) {
    if (state_ == State::kClosed || input.empty()) return;
    now_ = std::max(now_, now);
    made_progress_ = false;
    if (partial_.empty()) {
        const ByteView rest = input.subspan(consume(input));
        if (state_ != State::kClosed) partial_.assign(rest.begin(), rest.end());
    } else {
        append(partial_, input);
        const Buffer pending = std::exchange(partial_, {});
        const ByteView rest = ByteView{pending}.subspan(consume(pending));
        if (state_ != State::kClosed) partial_.assign(rest.begin(), rest.end());
    }
    note_input(now, made_progress_);
    if (owner_is_behind()) blocked_ = true;
}

/// Takes as many whole messages, and as much data of segments, as there are; how many bytes that was.
std::size_t Session::consume(ByteView input) {
    std::size_t consumed = 0;
    while (state_ != State::kClosed && consumed < input.size()) {
        const ByteView rest = input.subspan(consumed);
        const std::size_t taken = in_payload_                 ? take_payload(rest)
                                  : state_ == State::kContact ? take_contact(rest)
                                                              : take_message(rest);
        if (taken == 0) break;
        consumed += taken;
    }
    return consumed;
}

std::size_t Session::take_payload(ByteView input) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    if (keep_payload_) {
        Buffer& data = incoming_->data;
        if (data.capacity() - data.size() < bytes) {
            // Doubling keeps copying linear; the end, where it is known, bounds it.
            const std::uint64_t doubled = 2 * std::max<std::uint64_t>(data.size(), bytes);
            const bool last = (segment_flags_ & kSegmentEnd) != 0;
            const std::uint64_t whole =
                incoming_->announced_bytes.value_or(last ? incoming_->received_bytes : doubled);
            data.reserve(std::max(static_cast<std::size_t>(std::min(whole, doubled)), data.size() + bytes));
        }
        append(data, input.first(bytes));
    }
    made_progress_ = true;
    payload_left_ -= bytes;
    if (payload_left_ == 0) end_segment();
    return bytes;
}

std::size_t Session::take_message(ByteView input) {
    if (state_ == State::kTls) {
        // Bytes that came before the handshake must not be taken for bytes it protects.
        close(input[0] == static_cast<std::uint8_t>(MessageType::kSessTerm)
                  ? tls_offer_lost()
                  : Error{ErrorCode::kForbidden, "the peer sent messages before the TLS handshake"});
        return 0;
    }
    if (state_ == State::kInit && !encrypted_ && options_.can_tls && input[0] == kTlsHandshakeRecord) {
        fail_session(TermReason::kContactFailure, tls_offer_lost());
        return 0;
    }
    const auto parsed = parse_message(input, options_.extension_bytes_max);
    if (!parsed) {
        const bool too_large = parsed.error().code == ErrorCode::kTooLarge && !in_handshake();
        fail_session(too_large ? TermReason::kResourceExhaustion : TermReason::kContactFailure,
                     parsed.error());
        return 0;
    }
    if (!*parsed) return 0;
    dispatch((*parsed)->message);
    return (*parsed)->bytes;
}

namespace {

template <typename... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};

MessageType type_of(const Message& message) {
    return std::visit(Overloaded{[](const SegmentHead&) { return MessageType::kXferSegment; },
                                 [](const Ack&) { return MessageType::kXferAck; },
                                 [](const Refusal&) { return MessageType::kXferRefuse; },
                                 [](const Keepalive&) { return MessageType::kKeepalive; },
                                 [](const Term&) { return MessageType::kSessTerm; },
                                 [](const Reject&) { return MessageType::kMsgReject; },
                                 [](const SessInit&) { return MessageType::kSessInit; },
                                 [](const UnknownMessage& m) { return static_cast<MessageType>(m.type); }},
                      message);
}

}  // namespace

void Session::dispatch(const Message& message) {
    const MessageType type = type_of(message);
    if (type != MessageType::kKeepalive) made_progress_ = true;
    if (std::holds_alternative<UnknownMessage>(message)) {
        // RFC 9174 5.1.2: reject and close; where the next message begins is anybody's guess.
        reject(RejectReason::kUnknownType, type);
        close(Error{ErrorCode::kMalformed,
                    "the peer sent an unknown message type " + std::to_string(static_cast<unsigned>(type))});
        return;
    }
    const bool transfer_message = type == MessageType::kXferSegment || type == MessageType::kXferAck ||
                                  type == MessageType::kXferRefuse;
    if (in_handshake() && transfer_message) {
        reject(RejectReason::kUnexpected, type);
        fail_session(TermReason::kContactFailure,
                     Error{ErrorCode::kForbidden, "the peer began transfers before SESS_INIT"});
        return;
    }
    std::visit(Overloaded{[this](const SegmentHead& m) { on_segment(m); },
                          [this](const Ack& m) { on_ack(m); }, [this](const Refusal& m) { on_refusal(m); },
                          [this](const Keepalive&) {
                              // 5.1.2: known, but inappropriate for the negotiated parameters.
                              if (running() && keepalive_s_ == 0) {
                                  reject(RejectReason::kUnsupported, MessageType::kKeepalive);
                              }
                          },
                          [this](const Term& m) { on_term(m); }, [this](const Reject& m) { on_reject(m); },
                          [this](const SessInit& m) {
                              if (in_handshake()) {
                                  on_init(m);
                              } else {
                                  reject(RejectReason::kUnexpected, MessageType::kSessInit);
                              }
                          },
                          [](const UnknownMessage&) {}},
               message);
}

void Session::reject(RejectReason reason, MessageType type) {
    encode(back_, Reject{static_cast<std::uint8_t>(reason), static_cast<std::uint8_t>(type)});
}

/// Decides about a segment from its head alone; its data is then kept or skipped (RFC 9174 5.2.2, 5.2.4).
void Session::on_segment(const SegmentHead& head) {
    last_transfer_ = now_;
    in_payload_ = true;
    keep_payload_ = false;
    payload_left_ = head.data_bytes;
    segment_flags_ = head.flags;
    const bool start = (head.flags & kSegmentStart) != 0;
    const bool expected = start ? begin_transfer(head) : incoming_ && incoming_->transfer == head.transfer;
    if (!expected) {
        reject(RejectReason::kUnexpected, MessageType::kXferSegment);
    } else if (incoming_->refused) {
        refuse_incoming(*incoming_->refused);
    } else if (const auto reason = check_size(head)) {
        refuse_incoming(*reason);
    } else {
        incoming_->received_bytes += head.data_bytes;
        keep_payload_ = true;
        if (start) {
            const std::uint64_t whole = incoming_->announced_bytes.value_or(head.data_bytes);
            incoming_->data.reserve(static_cast<std::size_t>(std::min(whole, kReserveAheadMax)));
        }
    }
    if (payload_left_ == 0) end_segment();
}

/// False when the peer may not begin a transfer with this id now.
bool Session::begin_transfer(const SegmentHead& head) {
    // Another transfer is unfinished: 5.2.2 forbids interleaving. After a refusal its end never comes.
    if (incoming_ && (!incoming_->refused || incoming_->transfer == head.transfer)) return false;
    if (transfer_id_in_use(head.transfer)) return false;
    highest_incoming_ = std::max(highest_incoming_.value_or(0), head.transfer);
    Incoming next;
    next.transfer = head.transfer;
    incoming_ = std::move(next);
    if (state_ == State::kEnding) {
        incoming_->refused = RefuseReason::kSessionTerminating;
    } else {
        incoming_->refused = check_extensions(head);
    }
    return true;
}

/// 5.2.1 demands unique ids, not rising ones; an id is free again once its transfer was answered.
bool Session::transfer_id_in_use(TransferId transfer) const {
    if (!highest_incoming_ || transfer > *highest_incoming_) return false;
    return std::ranges::any_of(answers_, [&](const Answer& answer) {
        return answer.kind == Answer::Kind::kHeld && answer.transfer == transfer;
    });
}

std::optional<RefuseReason> Session::check_extensions(const SegmentHead& head) {
    ItemReader items{head.extensions};
    while (const auto item = items.next()) {
        if (item->type == kTransferLengthItem) {
            // 5.2.5.1: eight bytes, and at most one of them.
            if (item->value.size() != 8 || incoming_->announced_bytes) return RefuseReason::kExtensionFailure;
            std::uint64_t total = 0;
            for (const std::uint8_t byte : item->value)
                total = total << 8 | byte;
            incoming_->announced_bytes = total;
        } else if ((item->flags & kItemCritical) != 0) {
            return RefuseReason::kExtensionFailure;
        }
    }
    if (items.malformed()) return RefuseReason::kExtensionFailure;
    return std::nullopt;
}

std::optional<RefuseReason> Session::check_size(const SegmentHead& head) const {
    const std::uint64_t before = incoming_->received_bytes;
    if (head.data_bytes > options_.segment_mru) return RefuseReason::kNotAcceptable;
    if (head.data_bytes > options_.transfer_mru - before) return RefuseReason::kNotAcceptable;
    if (const auto announced = incoming_->announced_bytes) {
        if (*announced > options_.transfer_mru) return RefuseReason::kNotAcceptable;
        // 5.2.5.1: the announced length is authoritative.
        const bool end = (head.flags & kSegmentEnd) != 0;
        const std::uint64_t after = before + head.data_bytes;
        if (after > *announced || (end && after != *announced)) return RefuseReason::kNotAcceptable;
    }
    return std::nullopt;
}

/// Refuses the transfer that is arriving. Segments of it that are already on their way are skipped and
/// refused as well, as 5.2.4 demands.
void Session::refuse_incoming(RefuseReason reason) {
    incoming_->refused = reason;
    incoming_->data = {};
    push_answer({.kind = Answer::Kind::kRefusal,
                 .reason = static_cast<std::uint8_t>(reason),
                 .transfer = incoming_->transfer});
    if ((segment_flags_ & kSegmentEnd) != 0) incoming_.reset();
}

void Session::end_segment() {
    in_payload_ = false;
    if (!keep_payload_) {
        finish_if_done();
        return;
    }
    const bool end = (segment_flags_ & kSegmentEnd) != 0;
    // 5.2.3: all flags come back, also those that mean nothing here.
    const Answer answer{.kind = end ? Answer::Kind::kHeld : Answer::Kind::kAck,
                        .flags = segment_flags_,
                        .transfer = incoming_->transfer,
                        .bytes = incoming_->received_bytes};
    if (end) {
        ++held_count_;
        held_bytes_ += incoming_->received_bytes;
        events_.emplace_back(event::Received{incoming_->transfer, Bytes{std::move(incoming_->data)}});
        incoming_.reset();
    }
    push_answer(answer);
}

void Session::push_answer(const Answer& answer) {
    answers_.push_back(answer);
    flush_answers();
}

void Session::flush_answers() {
    while (!answers_.empty() && answers_.front().kind != Answer::Kind::kHeld) {
        const Answer& answer = answers_.front();
        switch (answer.kind) {
            case Answer::Kind::kAck: encode(back_, Ack{answer.flags, answer.transfer, answer.bytes}); break;
            case Answer::Kind::kRefusal: encode(back_, Refusal{answer.reason, answer.transfer}); break;
            case Answer::Kind::kTerm:
                encode(back_, Term{kTermReply, answer.reason});
                term_sent_ = true;
                break;
            case Answer::Kind::kHeld: break;
        }
        answers_.pop_front();
    }
    finish_if_done();
}

Session::Answer* Session::held_answer(TransferId transfer) {
    const auto found = std::ranges::find_if(answers_, [&](const Answer& answer) {
        return answer.kind == Answer::Kind::kHeld && answer.transfer == transfer;
    });
    return found == answers_.end() ? nullptr : &*found;
}

void Session::accept_transfer(TransferId transfer) {
    Answer* answer = held_answer(transfer);
    if (answer == nullptr) return;
    answer->kind = Answer::Kind::kAck;
    release_held(answer->bytes);
}

void Session::refuse_transfer(TransferId transfer, RefuseReason reason) {
    Answer* answer = held_answer(transfer);
    if (answer == nullptr) return;
    answer->kind = Answer::Kind::kRefusal;
    answer->reason = static_cast<std::uint8_t>(reason);
    release_held(answer->bytes);
}

void Session::release_held(std::uint64_t bytes) {
    --held_count_;
    held_bytes_ -= bytes;
    transfer_touched_ = true;
    flush_answers();
}

bool Session::owner_is_behind() const {
    return held_count_ >= options_.unacknowledged_max || held_bytes_ >= options_.unacknowledged_bytes_max ||
           answers_.size() >= 2 * options_.unacknowledged_max;
}

bool Session::wants_input() const {
    return !owner_is_behind() && back_.size() < kUnreadAnswersMax;
}

}  // namespace tram::tcpcl
