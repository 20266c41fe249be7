// Output: what to write next, segments of our transfers, and what the peer answers to them.
#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "proto/tcpcl/session.h"

namespace tram::tcpcl {

ByteView Session::bytes_to_send() {
    if (front_sent_ == front_.size()) {
        front_.clear();
        front_sent_ = 0;
        std::swap(front_, back_);
        while (front_.size() < options_.output_bytes_max && segment_is_next())
            append_segment();
    }
    return ByteView{front_}.subspan(front_sent_);
}

void Session::mark_sent(std::size_t count) {
    TRAM_CHECK(count <= front_.size() - front_sent_);
    front_sent_ += count;
    last_sent_ = now_;
    if (!peer_owes()) owing_since_.reset();
}

bool Session::output_empty() const {
    return front_sent_ == front_.size() && back_.empty();
}

bool Session::can_send() const {
    return state_ == State::kEstablished;
}

Result<TransferId> Session::send_transfer(Bytes bundle) {
    if (!can_send()) return fail(ErrorCode::kUnavailable, "the session takes no new transfers");
    if (bundle.size() > peer_transfer_mru_) {
        return fail(ErrorCode::kTooLarge, "the bundle of " + std::to_string(bundle.size()) +
                                              " bytes is larger than the peer takes (" +
                                              std::to_string(peer_transfer_mru_) + ")");
    }
    // RFC 9174 5.2.1: the first id is 0 and each next one is one more.
    const TransferId transfer = first_outgoing_ + outgoing_.size();
    unsent_bytes_ += bundle.size();
    const std::uint64_t total = bundle.size();
    outgoing_.push_back({.bundle = std::move(bundle), .total_bytes = total});
    transfer_touched_ = true;
    return transfer;
}

std::uint64_t Session::unsent_bytes() const {
    return unsent_bytes_;
}

/// In kEnding a transfer that has begun is finished, but none begins (RFC 9174 6.1).
bool Session::segment_is_next() const {
    if (!running() || next_to_send_ - first_outgoing_ >= outgoing_.size()) return false;
    return state_ == State::kEstablished || outgoing_[next_to_send_ - first_outgoing_].started;
}

void Session::append_segment() {
    Outgoing& transfer = outgoing_[next_to_send_ - first_outgoing_];
    const std::uint64_t left = transfer.total_bytes - transfer.sent_bytes;
    const std::uint64_t bytes = std::min({left, peer_segment_mru_, options_.segment_bytes_max});
    const bool start = !transfer.started;
    const bool end = bytes == left;
    // 5.2.5.1: the length is announced unless the transfer is one segment.
    const auto announced = start && !end ? std::optional{transfer.total_bytes} : std::nullopt;
    const int flags = (start ? kSegmentStart : 0) | (end ? kSegmentEnd : 0);
    encode_segment_head(front_, static_cast<std::uint8_t>(flags), next_to_send_, announced, bytes);
    append(front_, transfer.bundle.view().subspan(static_cast<std::size_t>(transfer.sent_bytes),
                                                  static_cast<std::size_t>(bytes)));
    transfer.sent_bytes += bytes;
    unsent_bytes_ -= bytes;
    if (start) {
        transfer.started = true;
        ++unanswered_;
    }
    if (end) {
        transfer.ended = true;
        transfer.bundle = {};
        ++next_to_send_;
    }
}

/// The transfer with this id when it has begun and was not answered yet.
Session::Outgoing* Session::sent_transfer(TransferId transfer) {
    const TransferId index = transfer - first_outgoing_;
    if (transfer < first_outgoing_ || index >= outgoing_.size()) return nullptr;
    Outgoing& found = outgoing_[index];
    return found.started && !found.answered ? &found : nullptr;
}

void Session::on_ack(const Ack& ack) {
    Outgoing* transfer = sent_transfer(ack.transfer);
    const bool end = (ack.flags & kSegmentEnd) != 0;
    const bool plausible = transfer != nullptr && ack.acknowledged_bytes >= transfer->acked_bytes &&
                           ack.acknowledged_bytes <= transfer->sent_bytes &&
                           (!end || (transfer->ended && ack.acknowledged_bytes == transfer->total_bytes));
    if (!plausible) {
        reject(RejectReason::kUnexpected, MessageType::kXferAck);
        return;
    }
    last_transfer_ = now_;
    transfer->acked_bytes = ack.acknowledged_bytes;
    if (!end) return;
    events_.emplace_back(event::Acknowledged{ack.transfer});
    forget_answered(*transfer);
}

void Session::on_refusal(const Refusal& refusal) {
    Outgoing* transfer = sent_transfer(refusal.transfer);
    if (transfer == nullptr) {
        // A refusal is repeated for every segment that was on its way (RFC 9174 5.2.4): only one that names a
        // transfer which never began is wrong.
        const bool begun = refusal.transfer < next_to_send_;
        if (!begun) reject(RejectReason::kUnexpected, MessageType::kXferRefuse);
        return;
    }
    last_transfer_ = now_;
    events_.emplace_back(event::Refused{refusal.transfer, refuse_reason(refusal.reason)});
    unsent_bytes_ -= transfer->total_bytes - transfer->sent_bytes;
    transfer->bundle = {};
    if (!transfer->ended) ++next_to_send_;
    forget_answered(*transfer);
}

void Session::forget_answered(Outgoing& transfer) {
    transfer.answered = true;
    --unanswered_;
    while (!outgoing_.empty() && outgoing_.front().answered) {
        outgoing_.pop_front();
        ++first_outgoing_;
    }
    finish_if_done();
}

void Session::drop_unstarted() {
    while (!outgoing_.empty() && !outgoing_.back().started) {
        unsent_bytes_ -= outgoing_.back().total_bytes;
        outgoing_.pop_back();
    }
}

}  // namespace tram::tcpcl
