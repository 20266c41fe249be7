// Room: who may take up how much of the store, and what goes when it is needed for something better.
//
// Bundles from peers may take relay_percent_max of the quota, spare_percent_max when they may be given up
// again, and of that no source, no peer and no bulk more than its part. When there is no room for something
// better, copies of others' parcels are given up: first those that were surplus, then those that the router
// finds least worth keeping. What is for here, was made here, or is a receipt, is better than all of them;
// what its neighbour holds to be a better place here, than what is clearly worth less. What was made here, is
// for here, or may be the only copy stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/node/copies.h"

namespace tram::node {

class Room {
  public:
    /// For what there should be room.
    struct Claim {
        std::uint64_t bytes = 0;
        bool preferred = false;  ///< made here, for here, or a receipt
        bool spare = false;      ///< it may be given up again
        routing::Verdict::Copy copy = routing::Verdict::Copy::kUtility;
        double worth = 0;      ///< of utility copies: the router's
        std::string source{};  ///< node id; empty: not known
        std::string peer{};    ///< node id; empty: made here
        bool bulk = false;
    };
    /// A copy that may be given up.
    struct Spare {
        bool utility = false;  ///< not surplus
        bool bulk = false;
        double worth = 0;
        ParcelNumber parcel = 0;
        std::uint64_t bytes = 0;
    };

    Room(Custody& custody, Copies& copies) : custody_{custody}, copies_{copies} {}

    /// For something that is made here.
    [[nodiscard]] static Claim own(std::uint64_t bytes) {
        return {.bytes = bytes, .preferred = true, .copy = routing::Verdict::Copy::kDirect};
    }
    /// How much more than its `bytes` should be free for a message when it is begun here: three times as
    /// much, at most a twentieth of the quota. Without it what is large would take whatever becomes free, and
    /// a letter would wait for days.
    [[nodiscard]] std::uint64_t margin(std::uint64_t bytes) const;

    /// Bytes that may still be stored on the disk without touching its reserve.
    void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
    /// A bundle of `bytes` was stored: the disk may be looked at again only after many more.
    void count_stored(std::uint64_t bytes) { free_bytes_ -= std::min(bytes, free_bytes_); }

    /// Whether source, peer and kind have room left in their parts, and the store in all.
    [[nodiscard]] bool fits(const Claim& claim) const { return needs_of(claim).nothing(); }
    /// Whether it is the part of its source, its bringer or of bulk that is full.
    [[nodiscard]] bool is_beyond_shares(const Claim& claim) const;
    /// Whether it fits now, or after giving up copies.
    [[nodiscard]] bool could_fit(const Claim& claim) const { return to_give_up(claim).has_value(); }
    /// All copies that may be given up, in no order.
    [[nodiscard]] std::vector<Spare> spares() const;
    /// How many of its bytes could be stored, when all was given up for them that may be; what its source may
    /// have is not looked at. `spares` as above.
    [[nodiscard]] std::uint64_t could_take(const Claim& claim, const std::vector<Spare>& spares) const;
    /// Gives up copies until it fits. False, and nothing was given up: it cannot.
    bool make_fit(const Claim& claim);

  private:
    /// How much has to go before a claim fits: of all, and of the shares it belongs to.
    struct Needs {
        std::uint64_t room = 0;
        std::uint64_t peer = 0;
        std::uint64_t source = 0;
        std::uint64_t bulk = 0;
        [[nodiscard]] bool nothing() const { return room == 0 && peer == 0 && source == 0 && bulk == 0; }
    };
    [[nodiscard]] Needs needs_of(const Claim& claim) const;
    /// The room for bundles from peers.
    [[nodiscard]] std::uint64_t room_of(const Claim& claim) const;
    [[nodiscard]] std::uint64_t bound(const Claim& claim) const;
    [[nodiscard]] static bool may_go_for(const Spare& copy, const Claim& claim);
    /// What goes for it; nothing: it cannot be made to fit.
    [[nodiscard]] std::optional<std::vector<ParcelNumber>> to_give_up(const Claim& claim) const;
    void give_up(Parcel& parcel);

    Custody& custody_;
    Copies& copies_;
    std::uint64_t free_bytes_ = ~0ULL;
};

}  // namespace tram::node
