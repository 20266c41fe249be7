// The heart of the daemon: everything that decides, without sockets, threads, disk or clock.
//
//   restore(...)*, restore_trust() -> start(now) -> { step(input, now)* -> take_effects() }*
//
// step() is told that one thing happened; take_effects() hands out what the shell must do about everything
// since the last call, the changes to the store gathered in one batch. Several inputs may be worked through
// before effects are taken: that is what makes group commit large. next_timeout() names the next moment at
// which a Tick is due.
//
// Parts: Reception (from peers), Forwarding (to peers), Delivery and Messages (to applications), Outgoing
// (messages of applications), Receipts, Requests, Dossiers, Notices, Reassembly, Trust and its exchange with
// neighbours; all of them change stored bundles only through Custody.
//
// The wall time in `now` is what the machine shows. Whether it is believed is decided here (WallClock), and
// parts see it only then.
#pragma once

#include <optional>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/delivery.h"
#include "daemon/node/dossiers.h"
#include "daemon/node/forwarding.h"
#include "daemon/node/made_receipts.h"
#include "daemon/node/messages.h"
#include "daemon/node/notices.h"
#include "daemon/node/outgoing.h"
#include "daemon/node/reassembly.h"
#include "daemon/node/receipts.h"
#include "daemon/node/reception.h"
#include "daemon/node/requests.h"
#include "daemon/node/sync.h"
#include "daemon/node/trust.h"
#include "daemon/node/trust_exchange.h"
#include "daemon/node/types.h"
#include "daemon/node/visit_plans.h"
#include "daemon/node/wall_clock.h"

namespace tram::node {

class Node {
  public:
    explicit Node(NodeOptions options);

    /// What the store holds, before start(). Bundles in ascending key order.
    void restore(store::BundleRecord record) { custody_.restore(std::move(record)); }
    void restore(store::Tombstone tombstone) { custody_.restore(std::move(tombstone)); }
    void restore_state(const std::string& name, ByteView value);
    /// Whom to believe from the start: roots, authorities, devices, lists of the identity directory.
    void restore_trust(identity::TrustBundle trust) { trust_.restore(std::move(trust)); }
    /// Returns what was given or kept as trust or as requests and cannot be used, for the log.
    std::vector<Error> start(Now now);

    void step(const Input& input, Now now);
    [[nodiscard]] std::vector<Effect> take_effects();
    [[nodiscard]] std::optional<Instant> next_timeout();

    /// What a TLS peer has shown; its node id. New certificates of the chain are kept and passed on. Errors:
    /// those of identity::Keyring::accept_chain().
    Result<std::string> accept_chain(const std::vector<Bytes>& chain, Now now);

    // For those who look on: status, lists, metrics.
    [[nodiscard]] const Custody& custody() const { return custody_; }
    [[nodiscard]] const Room& room() const { return room_; }
    [[nodiscard]] const Forwarding& forwarding() const { return forwarding_; }
    [[nodiscard]] const NodeOptions& options() const { return custody_.options(); }
    [[nodiscard]] const Trust& trust() const { return trust_; }
    [[nodiscard]] const Receipts& receipts() const { return receipts_; }
    [[nodiscard]] const Requests& requests() const { return requests_; }
    [[nodiscard]] const Dossiers& dossiers() const { return dossiers_; }
    [[nodiscard]] const Notices& notices() const { return notices_; }
    [[nodiscard]] const VisitPlans& visit_plans() const { return visit_plans_; }
    [[nodiscard]] const Copies& copies() const { return copies_; }
    [[nodiscard]] const Messages& messages() const { return messages_; }
    [[nodiscard]] const WallClock& wall_clock() const { return wall_clock_; }
    /// "open", "none", "good", "expired" or "revoked".
    [[nodiscard]] std::string_view identity_state() const;

  private:
    /// What news about trust led to.
    struct Enforced {
        std::uint32_t sessions_ended = 0;
        std::uint32_t bundles_held = 0;
    };

    void handle(const input::PeerUp& up);
    void handle(const input::PeerEnding& ending) { forwarding_.peer_ending(ending.link); }
    void handle(const input::PeerDown& down);
    void handle(const input::Arrived& arrived) { reception_.arrived(arrived); }
    void handle(const input::Checked& checked) { reception_.checked(checked); }
    void handle(const input::Confirmed& confirmed);
    void handle(const input::Declined& declined);
    void handle(const input::Persisted& persisted);
    void handle(const input::Loaded& loaded) { custody_.loaded(loaded); }
    void handle(const input::FreeSpace& space) { room_.set_free_bytes(space.bytes); }
    void handle(const input::Submit& submit);
    void handle(const input::Fetch& fetch) { delivery_.fetch(fetch); }
    void handle(const input::Acknowledge& acknowledge) { delivery_.acknowledge(acknowledge); }
    void handle(const input::Return& given_back);
    void handle(const input::Cancel& cancel);
    void handle(const input::Hold& hold);
    void handle(const input::OpenMessage& open) { outgoing_.open(open); }
    void handle(const input::AppendMessage& append) { outgoing_.append(append); }
    void handle(const input::FinishMessage& finish) { outgoing_.finish(finish); }
    void handle(const input::DropMessage& drop) { outgoing_.drop(drop); }
    void handle(const input::FileRequest& file) { requests_.file(file); }
    void handle(const input::SendUpdate& send) { dossiers_.send_update(send); }
    void handle(const input::AcceptDossier& accept) { dossiers_.accept(accept); }
    void handle(const input::RevealRequest& reveal);
    void handle(const input::HandOverResult& hand_over) { requests_.hand_over(hand_over); }
    void handle(const input::PublishNotice& publish) { notices_.publish(publish); }
    void handle(const input::MarkNotice& mark) { notices_.mark(mark); }
    void handle(const input::PublishPlan& publish) { visit_plans_.publish(publish); }
    void handle(const input::JoinArea& join) { notices_.join(join); }
    void handle(const input::LeaveArea& leave) { notices_.leave(leave); }
    void handle(const input::FetchMessage& fetch) { messages_.fetch(fetch); }
    void handle(const input::ReadMessage& read) { messages_.read(read); }
    void handle(const input::AcknowledgeMessage& acknowledge) { messages_.acknowledge(acknowledge); }
    void handle(const input::Trust& trust);
    void handle(const input::SetPlan& set) { copies_.set_plan(set.plan); }
    void handle(const input::Tick& tick);

    void set_now(Now raw);
    void set_held(Entry& entry, bool held);
    /// Enforces and passes on what has been learned since the last call.
    Enforced settle_trust();
    std::uint32_t hold_bundles_of(const std::vector<std::string>& nodes);
    std::uint32_t end_sessions_of_revoked();
    void disconnect(LinkId link, const std::string& node);
    void ready(const Entry& entry);
    void withdraw(const Entry& entry);
    void expire();

    Custody custody_;
    WallClock wall_clock_;
    Trust trust_;
    Copies copies_;
    Room room_;
    Forwarding forwarding_;
    Delivery delivery_;
    Reassembly reassembly_;
    TrustExchange exchange_;
    Receipts receipts_;
    MadeReceipts made_receipts_;
    Sync sync_;
    Reception reception_;
    Messages messages_;
    Outgoing outgoing_;
    Requests requests_;
    Dossiers dossiers_;
    Notices notices_;
    VisitPlans visit_plans_;
};

}  // namespace tram::node
