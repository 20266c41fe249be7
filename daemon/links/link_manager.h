// All TCP convergence-layer links of this node: listeners, static peers with reconnection, and the sessions
// on them (RFC 9174). Runs on one io_context and one thread, the node's; every call and callback happens
// there.
//
// The pure session machine (proto/tcpcl) decides; this folder only moves bytes and keeps timers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/links/discovery_options.h"
#include "daemon/links/tls.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/time.h"
#include "proto/tcpcl/session.h"

namespace boost::asio {
class io_context;
}

namespace tram::links {

/// Names one session while the process lives; never reused.
using LinkId = std::uint64_t;

/// What an established session brought.
struct LinkUp {
    LinkId link = 0;
    std::string peer_node_id;                    ///< as announced; may be empty (RFC 9174 4.6)
    std::string address;                         ///< "[::1]:4556"
    std::uint64_t transfer_mru = 0;              ///< the peer's
    std::optional<std::size_t> configured_peer;  ///< index into LinkOptions::peers for sessions we opened
    /// The peer's node id was proved by its certificate; false on plain links.
    bool authenticated = false;
    std::vector<tcpcl::ExtensionItem> extensions;  ///< of the peer's SESS_INIT
};

/// The owner of the links hears everything here, in order for each link.
class LinkListener {
  public:
    virtual ~LinkListener() = default;
    virtual void link_up(const LinkUp& up) = 0;
    /// A whole bundle; answer later with accept() or refuse().
    virtual void received(LinkId link, tcpcl::TransferId transfer, Bytes bundle) = 0;
    virtual void acknowledged(LinkId link, tcpcl::TransferId transfer) = 0;
    virtual void refused(LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) = 0;
    /// No new transfers on this link (the session is ending); followed by link_down().
    virtual void link_ending(LinkId link) = 0;
    /// Only after link_up(). Transfers that were neither acknowledged nor refused stay unconfirmed.
    virtual void link_down(LinkId link, const std::optional<Error>& failure) = 0;
    /// An attempt to reach or to talk to somebody failed before link_up(); for logs and `tram peer list`.
    virtual void attempt_failed(const std::string& address, std::optional<std::size_t> configured_peer,
                                const Error& failure) = 0;
    /// Called once after each burst of the above (all events of one read): a place to act on the whole.
    virtual void burst_done() = 0;
};

struct StaticPeer {
    std::string node_id;  ///< must match what the peer announces; empty: any
    std::string address;  ///< host:port
    bool plain = false;   ///< talks without TLS, although this node has certificates
};

struct LinkOptions {
    tcpcl::SessionOptions session;
    std::vector<std::string> listen;  ///< "address:port", "[v6]:port"; port 0: any free one
    std::vector<StaticPeer> peers;
    /// Our certificates. With them every session is TLS 1.3 and the peer's node id is what its certificate
    /// names, except with peers that are `plain`: they are called without TLS, and a caller without TLS must
    /// announce the node id of one of them, which is therefore required. A plain link proves nothing, so it
    /// never stands beside a proof: once a node has shown a certificate for a plain peer's id, plain links
    /// with that id are ended, and refused while this manager lives. Nothing: every session is plain.
    std::optional<TlsOptions> tls;
    Duration reconnect_min{500};  ///< pause before the second attempt; doubles, with jitter
    Duration reconnect_max{60'000};
    /// Memory for unfinished incoming transfers of all links together; above it the link that holds most is
    /// cut. At least as much as two of the largest bundles.
    std::uint64_t receiving_bytes_max = 256U << 20;
    /// More inbound connections take the place of callers that have no session yet, oldest first; when all
    /// have one, they get SESS_TERM "busy".
    std::uint32_t sessions_max = 256;
    /// Follows the network interfaces: when one goes down, sessions over its addresses are cut at once, and
    /// when one comes up, peers that were not reached are called at once.
    bool follow_interfaces = false;
    /// Finding other nodes on the local networks; needs `follow_interfaces`. The session has the node id that
    /// we go by.
    std::optional<DiscoveryOptions> discovery;
};

class LinkManager {
  public:
    LinkManager(boost::asio::io_context& io, LinkOptions options, LinkListener& listener);
    ~LinkManager();
    LinkManager(const LinkManager&) = delete;
    LinkManager& operator=(const LinkManager&) = delete;

    /// Opens the listeners and begins to call the static peers. Errors: invalid_argument (an address that
    /// does not parse, a plain peer without a node id, certificates or a key that TLS cannot use),
    /// no_certificate, io (a port that cannot be opened, and why).
    Result<void> start();
    /// The ports that are listened on, in the order of LinkOptions::listen.
    [[nodiscard]] std::vector<std::uint16_t> listening_ports() const;
    [[nodiscard]] DiscoveryState discovery() const;

    /// Queues a bundle on a link. Errors: not_found (link is gone), unavailable (ending), too_large.
    Result<tcpcl::TransferId> send(LinkId link, Bytes bundle);
    /// Bytes queued on a link and not yet handed to the kernel.
    [[nodiscard]] std::uint64_t unsent_bytes(LinkId link) const;
    /// The received bundle is durable: releases its final acknowledgement. Unknown links are ignored.
    void accept(LinkId link, tcpcl::TransferId transfer);
    void refuse(LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason);
    /// Ends one session in good order; a static peer is called again later.
    void close(LinkId link, tcpcl::TermReason reason);
    /// Ends one session at once, without waiting for its transfers, because the peer may not take part any
    /// longer: it gets SESS_TERM, the owner link_down() with `why`.
    void close(LinkId link, const Error& why);

    /// Ends all sessions in good order and stops listening and calling; `done` is called when the last one
    /// has ended, after `grace` at the latest (what is left then is cut).
    void stop(Duration grace, std::function<void()> done);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tram::links
