// The exchange of trust between neighbours: what one has and the other lacks, ahead of everything else.
//
//   link up --> our hello --> the peer's hello --> what it lacked --> open: bundles may go
//                                                                     later news as it comes
//
// Messages are control bundles to dtn://<peer>/tram/trust with hop limit 1 (trust_messages.h), sent under
// kUnstored and stored by nobody. Transfers of a link arrive in order, so a peer knows every signer before it
// gets the first bundle, and hears of a revocation before anything that was signed since.
//
// Against a peer that means harm: it is heard only as itself, over a link on which a certificate proved who
// it is; it gets one answer for each link; at most kInFlightMax messages wait for it; and what is wrong with
// its items is counted, until it is not heard any more.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "daemon/node/custody.h"
#include "daemon/node/forwarding.h"
#include "daemon/node/trust.h"
#include "daemon/node/trust_messages.h"

namespace tram::node {

class TrustExchange {
  public:
    /// Wrong items from one link before nothing more is heard from it.
    static constexpr std::uint32_t kMistakesMax = 16;
    /// Items that are of no use here, before the same happens: more than an honest peer can have.
    static constexpr std::size_t kRefusedMax =
        identity::KeyringLimits{}.certificates_max + identity::kTrustListsMax;
    static constexpr std::uint32_t kInFlightMax = 4;
    /// A peer that does not say hello gets its bundles after this long all the same.
    static constexpr Duration kHelloPatience{60'000};

    TrustExchange(Custody& custody, Trust& trust, Forwarding& forwarding)
        : custody_{custody}, trust_{trust}, forwarding_{forwarding} {}

    /// A link with an authenticated peer that speaks the exchange is up; its gate is closed.
    void link_up(const input::PeerUp& up);
    void link_down(LinkId link) { sessions_.erase(link); }
    /// A message of ours was taken or declined.
    void answered(LinkId link);

    /// Whether a bundle is a message of the exchange for this node.
    [[nodiscard]] bool is_message(const bpv7::Bundle& bundle) const;
    /// Takes a message in. Errors: forbidden (not from a peer that takes part), wrong_node_id (not its own),
    /// duplicate (a second hello), busy (too many mistakes before), too_large, and what is wrong with it.
    Result<void> received(LinkId link, const bpv7::Bundle& bundle);
    /// Passes news on to everybody else who takes part.
    void spread(const Trust::Changes& changes);

    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const;

  private:
    struct Session {
        LinkId link = 0;
        bpv7::Eid peer;
        std::uint64_t transfer_mru = 0;
        bool greeted = false;                             ///< the peer's hello is complete
        std::optional<Instant> patience;                  ///< while the gate is closed
        TrustHello hello;                                 ///< what came of it so far
        std::deque<identity::CertificateId> authorities;  ///< to be sent, in this order
        std::deque<std::string> lists;
        std::deque<identity::CertificateId> devices;
        std::uint32_t in_flight = 0;
        std::uint32_t mistakes = 0;
        std::size_t refused = 0;  ///< items that were not taken, for whatever reason
        [[nodiscard]] bool has_news() const {
            return !authorities.empty() || !lists.empty() || !devices.empty();
        }
    };
    void say_hello(Session& session);
    Result<void> take(Session& session, TrustHello part);
    Result<void> take(Session& session, const TrustItems& items);
    void queue_what_lacks(Session& session);
    void queue(Session& session, const identity::Certificate& certificate);
    void pump(Session& session);
    TrustItems next_items(Session& session);
    void transmit(Session& session, Bytes payload);
    void open_gate(Session& session);

    Custody& custody_;
    Trust& trust_;
    Forwarding& forwarding_;
    std::unordered_map<LinkId, Session> sessions_;
};

}  // namespace tram::node
