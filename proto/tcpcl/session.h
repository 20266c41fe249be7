// One TCPCLv4 session (RFC 9174) without a socket, a thread or a clock: bytes and times go in, bytes and
// events come out.
//
//   kContact --contact header--> [kTls] --> kInit --SESS_INIT--> kEstablished --SESS_TERM--> kEnding -->
//   kClosed
//
// Any failure leads to kClosed; the reason is in the kEnded event. In kEnding running transfers finish and
// no new one begins (RFC 9174 6.1). Transfers run in both directions at once and are pipelined: a next one
// begins before the last one is acknowledged. Only one is being received at a time, as 5.2.2 demands.
//
// The final XFER_ACK of a received transfer is held back until accept_transfer(): the caller promises
// durability with it. Acknowledgements leave in the order in which segments came.
//
// kTls is RFC 9174 4.4: after both contact headers carry CAN_TLS the session reports TlsRequired and waits
// for tls_established(). From then on its bytes go through TLS, which it does not see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/time.h"
#include "proto/tcpcl/codec.h"
#include "proto/tcpcl/messages.h"

namespace tram::tcpcl {

/// Numbers the transfers of one direction of one session (RFC 9174 5.2.1).
using TransferId = std::uint64_t;

enum class Role : std::uint8_t { kActive, kPassive };  ///< who opened the TCP connection: RFC 9174 3

struct SessionOptions {
    std::string node_id;                         ///< ours, as text
    std::uint16_t keepalive_s = 30;              ///< proposal; 0 disables (RFC 9174 5.1.1)
    std::uint64_t segment_mru = 1U << 20;        ///< largest segment payload we take
    std::uint64_t transfer_mru = 128U << 20;     ///< largest bundle we take; at most 2^48
    std::uint64_t segment_bytes_max = 1U << 18;  ///< largest segment we send, also bounded by the peer's MRU
    std::size_t unacknowledged_max = 4'096;  ///< received transfers waiting for accept_transfer(); above it
                                             ///< wants_input() is false
    std::size_t unacknowledged_bytes_max = 64U << 20;  ///< the same in bytes
    std::size_t output_bytes_max = 1U << 18;           ///< bytes_to_send() is filled up to about this size
    std::size_t extension_bytes_max = 64U << 10;       ///< all extension items of one SESS_INIT or transfer
    Duration contact_timeout{10'000};                  ///< contact header and SESS_INIT must be there by then
    Duration idle_timeout{0};        ///< no transfers for this long ends the session; 0: never
    Duration stall_timeout{60'000};  ///< a peer that owes bytes (half a message, an acknowledgement
                                     ///< of what was sent, SESS_TERM reply) and sends nothing at all
                                     ///< for this long is dropped, even without keepalives
    bool can_tls = false;
    bool require_tls = false;  ///< a session without TLS is refused
    /// Except with these: where TLS is required, a peer without it must announce one of these node ids, and
    /// is refused before it learns anything from our SESS_INIT (unless it was us who called).
    std::vector<std::string> plain_node_ids;
    std::vector<ExtensionItem> extensions;  ///< our session extension items
};

/// What the session tells its owner, in the order in which it happened.
namespace event {
/// Both sides may encrypt: shake hands now and call tls_established().
struct TlsRequired {};
/// SESS_INIT was exchanged and negotiated (RFC 9174 4.7): transfers may begin.
struct Established {
    std::string peer_node_id;
    std::uint16_t keepalive_s = 0;          ///< negotiated: the smaller of both
    std::uint64_t segment_mru = 0;          ///< the peer's
    std::uint64_t transfer_mru = 0;         ///< the peer's
    std::vector<ExtensionItem> extensions;  ///< the peer's, critical ones included only if known to us
};
/// A whole bundle arrived. Answer with accept_transfer() or refuse_transfer().
struct Received {
    TransferId transfer = 0;
    Bytes bundle;
};
/// The peer acknowledged the last segment of a transfer of ours.
struct Acknowledged {
    TransferId transfer = 0;
};
/// The peer refused a transfer of ours; nothing more of it is sent (RFC 9174 5.2.4).
struct Refused {
    TransferId transfer = 0;
    RefuseReason reason = RefuseReason::kUnknown;
};
/// The peer rejected a message of ours (RFC 9174 5.1.2).
struct Rejected {
    RejectReason reason = RejectReason::kUnknownType;
    std::uint8_t message_header = 0;
};
/// The session began to end: no new transfers. `by_peer` tells who began.
struct Terminating {
    TermReason reason = TermReason::kUnknown;
    bool by_peer = false;
};
/// The session is over. Transfers without an Acknowledged or Refused were not confirmed.
/// `failure` is empty after an orderly end, unless the peer ended it because it does not take what we
/// announced.
struct Ended {
    std::optional<Error> failure;
};
}  // namespace event

using SessionEvent =
    std::variant<event::TlsRequired, event::Established, event::Received, event::Acknowledged, event::Refused,
                 event::Rejected, event::Terminating, event::Ended>;

class Session {
  public:
    /// Starts at once: an active session has its contact header in bytes_to_send().
    Session(Role role, SessionOptions options, Instant now);

    /// Takes bytes from the connection. Never fails outwardly: trouble becomes output and events.
    void receive(ByteView input, Instant now);
    /// The connection was closed or broke (RFC 9174: ordinary, also in the middle of transfers).
    void connection_lost(Instant now);
    /// The TLS handshake is done. `proved_node_id` is what the peer's certificate names: the peer must
    /// announce the same (RFC 9174 4.4.4); nothing: any.
    void tls_established(Instant now, std::optional<std::string> proved_node_id = std::nullopt);

    /// The oldest event not yet fetched.
    std::optional<SessionEvent> poll_event();

    /// Bytes to write next; stable until mark_sent(). Empty when there is nothing to write now.
    ByteView bytes_to_send();
    /// The first `count` of bytes_to_send() were handed to the connection.
    void mark_sent(std::size_t count);

    /// True when a new transfer may begin: established and not ending.
    [[nodiscard]] bool can_send() const;
    /// Queues a bundle; the id under which Acknowledged or Refused will name it. Errors: unavailable (not
    /// established or ending), too_large (above the peer's transfer MRU).
    Result<TransferId> send_transfer(Bytes bundle);
    /// Bytes of queued transfers that have not been turned into segments yet.
    [[nodiscard]] std::uint64_t unsent_bytes() const;

    /// The bundle is durable: releases its final XFER_ACK.
    void accept_transfer(TransferId transfer);
    /// Refuses a received transfer; an XFER_REFUSE takes the place of its final XFER_ACK.
    void refuse_transfer(TransferId transfer, RefuseReason reason);

    /// Bytes held of the transfer that is being received.
    [[nodiscard]] std::uint64_t incoming_bytes() const { return incoming_ ? incoming_->data.size() : 0; }

    /// False while the limits on unacknowledged transfers are reached: do not read from the connection.
    [[nodiscard]] bool wants_input() const;

    /// Begins to end the session (RFC 9174 6.1). Running transfers finish first.
    void terminate(TermReason reason, Instant now);
    /// Ends it at once, with SESS_TERM but without waiting for transfers; `why` comes back in Ended.
    void abort(TermReason reason, Error why, Instant now);
    /// True when both sides are done and everything was sent: close the connection.
    [[nodiscard]] bool finished() const;

    /// When handle_timeout() must be called at the latest.
    [[nodiscard]] std::optional<Instant> next_timeout() const;
    void handle_timeout(Instant now);

  private:
    enum class State : std::uint8_t { kContact, kTls, kInit, kEstablished, kEnding, kClosed };

    /// A transfer of ours. Its bytes are released as soon as the last segment was made.
    struct Outgoing {
        Bytes bundle;
        std::uint64_t total_bytes = 0;
        std::uint64_t sent_bytes = 0;  ///< turned into segments
        std::uint64_t acked_bytes = 0;
        bool started = false;
        bool ended = false;     ///< the END segment was made
        bool answered = false;  ///< acknowledged or refused
    };
    /// A transfer of the peer's between its START and its END segment.
    struct Incoming {
        TransferId transfer = 0;
        Buffer data;
        std::uint64_t received_bytes = 0;  ///< including the segment that is arriving
        std::optional<std::uint64_t> announced_bytes;
        std::optional<RefuseReason> refused;
    };
    /// What leaves in the order in which the peer's messages came. kHeld waits for the owner.
    struct Answer {
        enum class Kind : std::uint8_t { kAck, kHeld, kRefusal, kTerm };
        Kind kind = Kind::kAck;
        std::uint8_t flags = 0;
        std::uint8_t reason = 0;
        TransferId transfer = 0;
        std::uint64_t bytes = 0;
    };

    // session.cpp: states, and the messages about the session itself
    [[nodiscard]] bool in_handshake() const { return state_ < State::kEstablished; }
    [[nodiscard]] bool running() const { return state_ == State::kEstablished || state_ == State::kEnding; }
    std::size_t take_contact(ByteView input);
    void on_contact(std::uint8_t flags);
    void send_init();
    void on_init(SessInit init);
    [[nodiscard]] std::optional<Error> objection_to(const SessInit& init) const;
    void on_term(const Term& term);
    [[nodiscard]] Error refused_by_peer(TermReason reason) const;
    void on_reject(const Reject& reject);
    void begin_ending(TermReason reason, bool by_peer);
    void finish_if_done();
    void fail_session(std::optional<TermReason> reason, Error error);
    void close(std::optional<Error> failure);

    // receiving.cpp: input, segments, answers
    std::size_t consume(ByteView input);
    std::size_t take_payload(ByteView input);
    std::size_t take_message(ByteView input);
    void dispatch(const Message& message);
    void on_segment(const SegmentHead& head);
    bool begin_transfer(const SegmentHead& head);
    std::optional<RefuseReason> check_extensions(const SegmentHead& head);
    [[nodiscard]] std::optional<RefuseReason> check_size(const SegmentHead& head) const;
    void refuse_incoming(RefuseReason reason);
    void end_segment();
    [[nodiscard]] bool transfer_id_in_use(TransferId transfer) const;
    void reject(RejectReason reason, MessageType type);
    void push_answer(const Answer& answer);
    void flush_answers();
    Answer* held_answer(TransferId transfer);
    void release_held(std::uint64_t bytes);

    // sending.cpp: segments, what the peer says about them
    void append_segment();
    [[nodiscard]] bool segment_is_next() const;
    Outgoing* sent_transfer(TransferId transfer);
    void on_ack(const Ack& ack);
    void on_refusal(const Refusal& refusal);
    void forget_answered(Outgoing& transfer);
    void drop_unstarted();
    [[nodiscard]] bool output_empty() const;

    // liveness.cpp
    void note_input(Instant now, bool progress);
    [[nodiscard]] bool peer_owes() const;
    [[nodiscard]] bool quiet() const;
    [[nodiscard]] Duration keepalive() const { return std::chrono::seconds{keepalive_s_}; }
    bool check_silence(Instant now);
    [[nodiscard]] bool owner_is_behind() const;

    Role role_;
    SessionOptions options_;
    State state_ = State::kContact;
    std::deque<SessionEvent> events_;

    // Contact and TLS (RFC 9174 4.3, 4.4).
    bool peer_can_tls_ = false;
    bool encrypted_ = false;
    std::optional<std::string> proved_node_id_;

    // Negotiated (RFC 9174 4.7).
    std::uint16_t keepalive_s_ = 0;
    std::uint64_t peer_segment_mru_ = 0;
    std::uint64_t peer_transfer_mru_ = 0;

    // Input: what is left of an incomplete message, and the segment whose data is arriving.
    Buffer partial_;
    bool in_payload_ = false;
    bool keep_payload_ = false;
    bool made_progress_ = false;
    std::uint8_t segment_flags_ = 0;
    std::uint64_t payload_left_ = 0;
    std::optional<Incoming> incoming_;
    std::optional<TransferId> highest_incoming_;

    // Answers in order; those behind a held one wait.
    std::deque<Answer> answers_;
    std::size_t held_count_ = 0;
    std::uint64_t held_bytes_ = 0;

    // Output: `front_` is what bytes_to_send() shows and only changes when all of it was sent; everything
    // else gathers in `back_`. Both hold whole messages.
    Buffer front_;
    std::size_t front_sent_ = 0;
    Buffer back_;
    bool contact_sent_ = false;
    bool term_sent_ = false;
    bool term_received_ = false;
    std::optional<Error> end_failure_;  ///< although the session ends in good order

    // Transfers of ours: ids first_outgoing_, +1, ...; next_to_send_ is the one to make a segment of.
    std::deque<Outgoing> outgoing_;
    TransferId first_outgoing_ = 0;
    TransferId next_to_send_ = 0;
    std::uint64_t unsent_bytes_ = 0;
    std::size_t unanswered_ = 0;  ///< started, neither acknowledged nor refused

    // Times. `now_` is the latest time anybody told; it lags behind in calls without a time.
    Instant now_;
    Instant handshake_deadline_;
    Instant last_received_;
    Instant last_sent_;
    Instant last_transfer_;
    Instant flush_deadline_;
    std::optional<Instant> owing_since_;
    bool blocked_ = false;           ///< owner_is_behind() stopped reading: silence proves nothing
    bool transfer_touched_ = false;  ///< the owner did something with transfers since last_transfer_
};

}  // namespace tram::tcpcl
