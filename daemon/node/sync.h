// What neighbours do in a contact before and while bundles go: each says what it is, both find out what the
// other lacks of what everybody should hold, and then each offers what its router names and sends what the
// other wants of it.
//
//   hello both ways --> reconciliation of flooded bundles --> offers, wants --> bundles
//
// Messages (proto/sync) are control bundles to dtn://<peer>/tram/sync with hop limit 1, sent under
// kSyncMessage and stored by nobody. A peer that does not answer to them gets what the router names, unasked.
//
// Against a peer that means harm: it is heard only as itself, over a link that proved who it is (or on an
// open node); what is kept for it is bounded by what it may say at a time (kOffersMax offers, kPromisedMax
// parcels, sync::Reconciler::kMessagesMax); each message costs at most time in proportion to itself and to
// what is here; and after kMistakesMax it is not heard any more.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/node/forwarding.h"
#include "daemon/node/made_receipts.h"
#include "daemon/node/offering.h"
#include "daemon/node/room.h"
#include "proto/sync/messages.h"
#include "proto/sync/reconciler.h"

namespace tram::node {

/// Our TCPCL session extension item (private range of RFC 9174 9.3): this peer syncs. Its value is one byte,
/// the highest version it speaks (sync::kVersion).
inline constexpr std::uint16_t kSyncExtension = 0x8002;

class Sync {
  public:
    static constexpr std::uint32_t kMistakesMax = 16;
    static constexpr std::uint32_t kGossipsMax = 8;  ///< heard from one link
    /// Without an answer to our hello for this long, the peer is taken for one that does not sync.
    static constexpr Duration kHelloPatience{30'000};
    /// Reconciliation that hangs does not hold up what else there is.
    static constexpr Duration kRangesPatience{20'000};

    Sync(Custody& custody, Copies& copies, Room& room, Forwarding& forwarding, MadeReceipts& made_receipts);
    ~Sync();

    /// A link with a peer that announced the sync is up.
    void link_up(const input::PeerUp& up);
    void link_down(LinkId link);

    /// Whether a bundle is a message of the sync for this node.
    [[nodiscard]] bool is_message(const bpv7::Bundle& bundle) const;
    /// Takes a message in. Errors: forbidden (not from a peer that takes part), wrong_node_id (not its own),
    /// busy (too many mistakes before), duplicate (a second hello), and what is wrong with it.
    Result<void> received(LinkId link, const bpv7::Bundle& bundle);
    /// The peer did not take a message of ours.
    void refused(LinkId link);

    /// The bundle is durable (or was released): offer it to whom the router names.
    void ready(const Entry& entry);
    /// As what the peer has offered a bundle that came over `link`: kind of copy, whether it may be given up
    /// again, worth.
    [[nodiscard]] Room::Claim claim(LinkId link, const bpv7::Bundle& bundle) const;
    /// It came over `link` and is stored.
    void stored(const Entry& entry, LinkId link);
    /// It came over `link` and was refused, or is here already.
    void not_stored(const bpv7::Bundle& bundle, std::uint64_t bytes, LinkId link);
    /// The peer will be said to have taken it: before Forwarding hears of it.
    void confirming(LinkId link, BundleKey key);
    /// The peer had no room for what it had wanted.
    void no_room(LinkId link, BundleKey key);

    /// Makes the offers that are due; called at the end of every burst, before Forwarding::pump().
    void pump();
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const;

  private:
    struct Session;
    void transmit(Session& session, const sync::Message& message);
    Result<void> take(Session& session, sync::Hello hello);
    Result<void> take(Session& session, const sync::Ranges& ranges);
    Result<void> take(Session& session, const sync::Offer& offer);
    Result<void> take(Session& session, const sync::Want& want);
    Result<void> take(Session& session, const sync::Gossip& gossip);
    Result<void> take(Session& session, const sync::RoomAgain& again);
    void hear(Session& session, ByteView said);
    void reconcile(Session& session);
    void send_lacking(Session& session);
    void begin_offering(Session& session);
    void review(Session& session);
    [[nodiscard]] bool is_common(const Session& session, const Parcel& parcel) const;
    void consider(Session& session, Parcel& parcel);
    void offer(Session& session);
    /// `spares`: found when they are needed, once for all items of an offer.
    sync::Answer answer(Session& session, const sync::Offered& item,
                        std::optional<std::vector<Room::Spare>>& spares);
    [[nodiscard]] Room::Claim claim_of(const Session& session, const sync::Offered& item) const;
    [[nodiscard]] std::uint64_t room_for(const Room::Claim& claim,
                                         std::optional<std::vector<Room::Spare>>& spares) const;
    [[nodiscard]] std::vector<bool> wanted_of(const Parcel& parcel, const sync::Offered& item,
                                              const std::vector<std::uint64_t>& indices) const;
    void note_common(const Session& session);
    std::optional<std::pair<sync::Offered, Offering::Asked>> item_for(Session& session, const Peer& peer,
                                                                      const Offering::Candidate& next);
    void answered(Session& session, Peer& peer, const Offering::Asked& asked, const sync::Answer& answer);
    Parcel* known(Session& session, sync::KeyedId id);
    void promise(Session& session, const sync::Offered& item, std::uint64_t bytes);
    void say_room_again();
    static std::optional<sync::KeyedId> promised_id(const Session& session, const bpv7::Bundle& bundle);
    void has_come(Session& session, sync::KeyedId id, std::uint64_t bytes);

    Custody& custody_;
    Copies& copies_;
    Room& room_;
    Forwarding& forwarding_;
    MadeReceipts& made_receipts_;
    std::map<LinkId, std::unique_ptr<Session>> sessions_;
    std::uint64_t promised_bytes_ = 0;  // to all peers
    std::uint64_t nonces_ = 0;
};

}  // namespace tram::node
