// One contact with a neighbour that syncs. Only for sync*.cpp.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include "daemon/node/sync.h"

namespace tram::node {

/// What a peer was told that we want, of one parcel.
struct Promised {
    std::uint64_t bytes = 0;  ///< that have not come yet
    std::uint8_t copy = 0;
    bool only = false;
    bool begun = false;  ///< a part has come
    double worth = 0;    ///< see Room::Claim
    Bytes note;
};

struct Reconciliation {
    std::vector<std::pair<sync::Item, BundleKey>> keys;  ///< in the order of `items`
    sync::ItemSet items;
    sync::Reconciler reconciler;
    std::size_t sent = 0;  ///< of reconciler.lacking()

    explicit Reconciliation(std::vector<std::pair<sync::Item, BundleKey>> all);
};

struct Sync::Session {
    LinkId link = 0;
    bpv7::Eid peer;
    sync::Nonce nonce{};
    std::uint32_t mistakes = 0;
    std::uint32_t gossips = 0;

    bool greeted = false;
    std::optional<Instant> patience;      ///< for the hello, then for the reconciliation
    sync::Key key{};                      ///< once greeted
    std::vector<std::string> communes{};  ///< that both are in
    std::unique_ptr<Reconciliation> reconciliation{};
    bool offering_begun = false;
    Offering offering{};
    Instant review_at{};
    Duration review_pause{0};  ///< after a refusal; doubles

    // What the peer offers.
    boost::unordered_flat_map<sync::KeyedId, ParcelNumber> parcels{};
    ParcelNumber parcels_up_to = 0;
    std::unordered_map<sync::KeyedId, Promised> promised{};
    std::optional<std::uint64_t> later_at_bytes{};  ///< "later" was said with so many here or promised
};

}  // namespace tram::node
