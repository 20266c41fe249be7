// One TCPCLv4 session (RFC 9174) without a socket, a thread or a clock: bytes and times go in, bytes and
// events come out.
//
//   kContact --contact header--> [kTls] --> kInit --SESS_INIT--> kEstablished --SESS_TERM--> kEnding --> kClosed
//
// Any failure leads to kClosed; the reason is in the kEnded event. In kEnding running transfers finish and
// no new one begins (RFC 9174 6.1). Transfers run in both directions at once and are pipelined: a next one
// begins before the last one is acknowledged. Only one is being received at a time, as 5.2.2 demands.
//
// The final XFER_ACK of a received transfer is held back until accept_transfer(): the caller promises
// durability with it. Acknowledgements leave in the order in which segments came.
//
// kTls is the seam for RFC 9174 4.4: after both contact headers carry CAN_TLS the session reports
// kTlsRequired and waits for tls_established(); today's callers leave `can_tls` false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/time.h"
#include "proto/tcpcl/messages.h"

namespace tram::tcpcl {

/// Numbers the transfers of one direction of one session (RFC 9174 5.2.1).
using TransferId = std::uint64_t;

enum class Role : std::uint8_t { kActive, kPassive };  ///< who opened the TCP connection: RFC 9174 3

struct SessionOptions {
    std::string node_id;                       ///< ours, as text
    std::uint16_t keepalive_s = 30;            ///< proposal; 0 disables (RFC 9174 5.1.1)
    std::uint64_t segment_mru = 1U << 20;      ///< largest segment payload we take
    std::uint64_t transfer_mru = 128U << 20;   ///< largest bundle we take; at most 2^48
    std::uint64_t segment_bytes_max = 1U << 18;///< largest segment we send, also bounded by the peer's MRU
    std::size_t unacknowledged_max = 4'096;    ///< received transfers waiting for accept_transfer(); above it
                                               ///< wants_input() is false
    std::size_t unacknowledged_bytes_max = 64U << 20;  ///< the same in bytes
    std::size_t output_bytes_max = 1U << 18;   ///< bytes_to_send() is filled up to about this size
    std::size_t extension_bytes_max = 64U << 10; ///< all extension items of one SESS_INIT or transfer
    Duration contact_timeout{10'000};          ///< contact header and SESS_INIT must be there by then
    Duration idle_timeout{0};                  ///< no transfers for this long ends the session; 0: never
    Duration stall_timeout{60'000};            ///< a peer that owes bytes (half a message, an acknowledgement
                                               ///< of what was sent, SESS_TERM reply) and sends nothing at all
                                               ///< for this long is dropped, even without keepalives
    bool can_tls = false;
    bool require_tls = false;
    std::vector<ExtensionItem> extensions;     ///< our session extension items
};

/// What the session tells its owner, in the order in which it happened.
namespace event {
/// Both sides may encrypt: shake hands now and call tls_established().
struct TlsRequired {};
/// SESS_INIT was exchanged and negotiated (RFC 9174 4.7): transfers may begin.
struct Established {
    std::string peer_node_id;
    std::uint16_t keepalive_s = 0;     ///< negotiated: the smaller of both
    std::uint64_t segment_mru = 0;     ///< the peer's
    std::uint64_t transfer_mru = 0;    ///< the peer's
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
/// `failure` is empty after an orderly end.
struct Ended {
    std::optional<Error> failure;
};
}  // namespace event

using SessionEvent = std::variant<event::TlsRequired, event::Established, event::Received, event::Acknowledged,
                                  event::Refused, event::Rejected, event::Terminating, event::Ended>;

class Session {
  public:
    /// Starts at once: an active session has its contact header in bytes_to_send().
    Session(Role role, SessionOptions options, Instant now);

    /// Takes bytes from the connection. Never fails outwardly: trouble becomes output and events.
    void receive(ByteView input, Instant now);
    /// The connection was closed or broke (RFC 9174: ordinary, also in the middle of transfers).
    void connection_lost(Instant now);
    void tls_established(Instant now);

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

    /// False while the limits on unacknowledged transfers are reached: do not read from the connection.
    [[nodiscard]] bool wants_input() const;

    /// Begins to end the session (RFC 9174 6.1). Running transfers finish first.
    void terminate(TermReason reason, Instant now);
    /// True when both sides are done and everything was sent: close the connection.
    [[nodiscard]] bool finished() const;

    /// When handle_timeout() must be called at the latest.
    [[nodiscard]] std::optional<Instant> next_timeout() const;
    void handle_timeout(Instant now);
};

}  // namespace tram::tcpcl
