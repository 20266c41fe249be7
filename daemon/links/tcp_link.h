// One TCP connection with a TCPCL session on it: moves bytes between the two and keeps the session's timer.
//
//   reader    waits until the socket is readable, reads once, hands the bytes to the session
//   writer    writes what the session has to say; sleeps while that is nothing
//   timer     fires at the session's deadline, re-armed early only when the deadline moves forward
//
// Whatever changes the session asks for pump(), which runs once per turn of the event loop however often it
// was asked for: 128 accepted transfers leave as one write. Events are told to the owner from the pump only,
// so the owner may call anything from within its callbacks.
//
// TLS (wire.h) begins when the session asks for it and its contact header is written. The reader shakes
// hands; meanwhile the session has nothing to say and the writer sleeps.
//
// When the session has ended, its last bytes are written, the sending side is shut down, and what the peer
// still sends is read and dropped until it closes too (a close() with unread input would reset the
// connection and could destroy our SESS_TERM on its way); after kLinger the connection is cut.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/links/asio.h"
#include "daemon/links/link_manager.h"
#include "daemon/links/tls_context.h"
#include "daemon/links/wire.h"

namespace tram::links {

/// Size of the buffer that a read goes through. Reads are synchronous (after waiting for readiness), so one
/// buffer serves all links and an idle link costs none.
inline constexpr std::size_t kReadBytes = 256U << 10;

struct LinkSetup {
    LinkId id = 0;
    tcpcl::Role role = tcpcl::Role::kPassive;
    tcpcl::SessionOptions session;
    std::string attempt_address;  ///< for attempt_failed(): as configured, or where the caller comes from
    std::optional<std::size_t> configured_peer;
    std::string expected_node_id;  ///< empty: any
    bool busy = false;             ///< only there to tell the peer so
    /// Of a node that has certificates; `session` says whether this session uses them.
    std::shared_ptr<const TlsContext> tls;
    std::shared_ptr<Buffer> read_buffer;  ///< kReadBytes, shared by all links
    /// Told how much of an unfinished transfer the link holds, after each read and at the end.
    std::function<void(std::uint64_t bytes)> note_incoming;
    /// The session is established, and over (or did not come about, and why); before the listener hears it.
    std::function<void()> note_up;
    std::function<void(bool was_up, const std::optional<Error>& failure)> note_end;
    /// The owner's objection to a node that announces this id, with or without a certificate to prove it.
    std::function<std::optional<Error>(const std::string& node_id, bool authenticated)> objection;
};

class TcpLink : public std::enable_shared_from_this<TcpLink> {
  public:
    /// `listener` must live until detach() or until run() has ended.
    TcpLink(Socket socket, LinkSetup setup, LinkListener& listener);

    /// Runs the session and returns when the connection is closed. The caller keeps this object alive.
    Task run();

    Result<tcpcl::TransferId> send(Bytes bundle);
    [[nodiscard]] std::uint64_t unsent_bytes() const;
    void accept(tcpcl::TransferId transfer);
    void refuse(tcpcl::TransferId transfer, tcpcl::RefuseReason reason);
    /// Ends in good order; at once when there is no session yet.
    void terminate(tcpcl::TermReason reason);
    /// Ends the session at once, telling the peer that it ends and the owner `why`.
    void abort(const Error& why);
    /// Closes the connection now and tells the owner `failure`.
    void cut(const Error& failure);
    /// The same, and what the kernel holds for the peer is thrown away: nothing of it is sent any more.
    void drop(const Error& failure);
    /// Finds out within seconds whether the peer is still there.
    void probe();
    /// Closes the connection now and never calls the listener again.
    void detach();

    /// Between link_up() and link_down().
    [[nodiscard]] bool up() const { return was_up_ && !told_end_; }
    /// Our end of the connection: an IPv4 address as such, a link-local one with its interface.
    [[nodiscard]] const asio::ip::address& local_address() const { return local_; }
    /// When anything came from the peer.
    [[nodiscard]] Instant last_read() const { return last_read_; }
    /// Takes one of the places that LinkOptions::sessions_max counts.
    [[nodiscard]] bool counts() const { return !told_end_ && !setup_.busy; }
    /// A caller that has a place and no session so far.
    [[nodiscard]] bool only_connected() const {
        return counts() && !was_up_ && setup_.role == tcpcl::Role::kPassive;
    }
    /// The session was good: calling again soon makes sense.
    [[nodiscard]] bool succeeded() const { return was_up_ && !turned_away_; }
    /// What the peer announced, and whether its certificate proves it; empty before SESS_INIT.
    [[nodiscard]] const std::string& peer_node_id() const { return peer_node_id_; }
    [[nodiscard]] bool authenticated() const { return wire_.encrypted(); }

  private:
    Task write_loop();
    Task timer_loop();
    Task ready(std::optional<Socket::wait_type> wait);
    [[nodiscard]] bool reader_must_sleep();
    void read_once();
    void connection_ended(Wire::Status how);
    [[nodiscard]] std::optional<Error> early_end() const;
    void request_pump();
    void pump();
    bool tell_events();
    void on(const tcpcl::event::TlsRequired& event);
    void on(const tcpcl::event::Established& event);
    void on(tcpcl::event::Received& event);
    void on(const tcpcl::event::Acknowledged& event);
    void on(const tcpcl::event::Refused& event);
    void on(const tcpcl::event::Rejected& event);
    void on(const tcpcl::event::Terminating& event);
    void on(const tcpcl::event::Ended& event);
    [[nodiscard]] std::optional<Error> objection_to(const std::string& peer_node_id) const;
    [[nodiscard]] Error explained(Error failure) const;
    void tell_end(const std::optional<Error>& failure);
    [[nodiscard]] std::optional<Instant> deadline() const;
    void set_probing(bool on);
    void close();

    Socket socket_;
    Wire wire_;
    LinkSetup setup_;
    LinkListener* listener_;  // null once detached
    tcpcl::Session session_;
    std::string remote_;
    asio::ip::address local_;
    Instant last_read_;
    Timer timer_;
    Timer reader_wake_;  // these two never expire; cancelling one wakes its coroutine
    Timer writer_wake_;
    std::optional<Instant> armed_for_;
    std::optional<Instant> linger_until_;  // set when the session has ended
    std::string peer_node_id_;
    std::string end_reason_;                                          // what the peer said in SESS_TERM
    std::optional<Socket::wait_type> read_wait_ = Socket::wait_read;  // before the next read; nothing: none
    std::size_t in_flight_ = 0;                                       // bytes that are being written
    bool tls_due_ = false;  // begins once the output so far is written
    bool probing_ = false;  // the kernel asks the peer whether it is there
    bool cut_ = false;      // TLS ended without close_notify
    bool ended_by_owner_ = false;
    bool pump_requested_ = false;
    bool reader_asleep_ = false;
    bool writer_asleep_ = false;
    bool was_up_ = false;
    bool told_end_ = false;
    bool turned_away_ = false;  // the peer ended the session because it does not want us
    bool output_shut_ = false;
    bool write_broken_ = false;
    bool closed_ = false;
};

/// "1.2.3.4:4556" or "[::1]:4556"; an IPv4 address that came in through a dual-stack socket is shown as such.
std::string to_text(const asio::ip::tcp::endpoint& endpoint);

}  // namespace tram::links
