// Room: who may take up how much of the store, and what goes when it is needed for something better.
//
// Bundles from peers may take relay_percent_max of the quota, and of that no source, no peer and no bulk more
// than its part. When there is no room for what is for here, for what its neighbour holds to be a better
// place here, or for receipts, copies of others' parcels are given up: first those that were surplus, then
// those that the router finds least worth keeping. What was made here, is for here, or may be the only copy
// stays.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/node/copies.h"

namespace tram::node {

class Room {
  public:
    /// For what there should be room.
    struct Claim {
        std::uint64_t bytes = 0;
        bool preferred = false;  ///< for here, or a receipt: local_percent_max holds
        routing::Verdict::Copy copy = routing::Verdict::Copy::kUtility;
        std::string source{};  ///< node id; empty: not known
        std::string peer{};    ///< node id; empty: made here
        std::uint8_t kind = 0;
    };

    Room(Custody& custody, Copies& copies) : custody_{custody}, copies_{copies} {}

    /// Bytes that may still be stored on the disk without touching its reserve.
    void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
    /// A bundle of `bytes` was stored: the disk may be looked at again only after many more.
    void count_stored(std::uint64_t bytes) { free_bytes_ -= std::min(bytes, free_bytes_); }

    /// Whether it fits now, as it is.
    [[nodiscard]] bool fits(const Claim& claim) const;
    /// Whether source, peer and kind have room left in their parts.
    [[nodiscard]] bool within_shares(const Claim& claim) const;
    /// Whether it fits now, or after giving up copies.
    [[nodiscard]] bool could_fit(const Claim& claim) const {
        return fits(claim) || (within_shares(claim) && claim.bytes <= could_take(claim));
    }
    /// How many bytes could be stored at most, when all was given up for them that may be.
    [[nodiscard]] std::uint64_t could_take(const Claim& claim) const;
    /// Gives up copies until it fits. False, and nothing was given up: it cannot.
    bool make_fit(const Claim& claim);

  private:
    struct Spare {
        bool utility = false;
        double worth = 0;
        ParcelNumber parcel = 0;
        std::uint64_t bytes = 0;
        friend auto operator<=>(const Spare&, const Spare&) = default;
    };
    [[nodiscard]] std::uint64_t bound(const Claim& claim) const;

    /// What may be given up for a copy like that.
    [[nodiscard]] std::vector<const Parcel*> spares(routing::Verdict::Copy newcomer) const;
    void give_up(Parcel& parcel);

    Custody& custody_;
    Copies& copies_;
    std::uint64_t free_bytes_ = ~0ULL;
};

}  // namespace tram::node
