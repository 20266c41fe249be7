#include "daemon/node/room.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tram::node {

namespace {

using Copy = routing::Verdict::Copy;

constexpr std::uint64_t kReservePart = 128;
constexpr std::uint64_t kMarginPart = 20;
constexpr std::uint64_t kMarginTimes = 3;
// What is worth as much stays: copies do not push each other out in turns.
constexpr double kClearlyMore = 1.1;

}  // namespace

std::uint64_t Room::margin(std::uint64_t bytes) const {
    const std::uint64_t most = custody_.options().quota_bytes / kMarginPart;
    return bytes < most ? std::min(kMarginTimes * bytes, most) : most;
}

std::uint64_t Room::room_of(const Claim& claim) const {
    const NodeOptions& options = custody_.options();
    return options.quota_bytes / 100 * (claim.spare ? options.spare_percent_max : options.relay_percent_max);
}

std::uint64_t Room::bound(const Claim& claim) const {
    const NodeOptions& options = custody_.options();
    if (claim.preferred)
        return options.quota_bytes / 100 *
               (claim.peer.empty() ? options.local_percent_max : options.arrival_percent_max);
    const std::uint64_t bytes = room_of(claim);
    return claim.copy == Copy::kSurplus ? bytes / 100 * options.surplus_percent_max : bytes;
}

Room::Needs Room::needs_of(const Claim& claim) const {
    const std::uint64_t used = custody_.inventory().bytes() + claim.bytes;
    Needs needs{.room = used - std::min(bound(claim), used)};
    if (free_bytes_ < claim.bytes) needs.room = std::max(needs.room, claim.bytes - free_bytes_);
    if (claim.preferred || claim.peer.empty()) return needs;
    const NodeOptions& options = custody_.options();
    const Inventory::Shares& shares = custody_.inventory().shares();
    const auto beyond = [&](std::uint64_t taken, std::uint32_t percent) {
        const std::uint64_t part = percent >= 100 ? ~0ULL : room_of(claim) / 100 * percent;
        return taken + claim.bytes - std::min(part, taken + claim.bytes);
    };
    const auto of = [](const auto& taken, const std::string& name) {
        const auto found = taken.find(name);
        return found == taken.end() ? std::uint64_t{0} : found->second;
    };
    needs.peer = beyond(of(shares.peers, claim.peer), options.peer_percent_max);
    if (!claim.source.empty())
        needs.source = beyond(of(shares.sources, claim.source), options.source_percent_max);
    if (claim.bulk) needs.bulk = beyond(shares.bulk, options.bulk_percent_max);
    return needs;
}

bool Room::is_beyond_shares(const Claim& claim) const {
    const Needs needs = needs_of(claim);
    return needs.peer != 0 || needs.source != 0 || needs.bulk != 0;
}

bool Room::may_go_for(const Spare& copy, const Claim& claim) {
    if (claim.copy == Copy::kSurplus) return false;
    return claim.copy == Copy::kDirect || !copy.utility || copy.worth * kClearlyMore < claim.worth;
}

std::uint64_t Room::could_take(const Claim& claim, const std::vector<Spare>& spares) const {
    const Needs needs = needs_of(claim);
    std::uint64_t spare = 0;
    std::uint64_t bulk = 0;
    for (const Spare& copy : spares) {
        if (!may_go_for(copy, claim)) continue;
        spare += copy.bytes;
        bulk += copy.bulk ? copy.bytes : 0;
    }
    const std::uint64_t lacking =
        std::max(needs.room - std::min(needs.room, spare), needs.bulk - std::min(needs.bulk, bulk));
    return claim.bytes - std::min(claim.bytes, lacking);
}

std::vector<Room::Spare> Room::spares() const {
    std::vector<Spare> spares;
    for (const auto& [number, parcel] : custody_.inventory().parcels().here()) {
        if (!copies_.may_be_given_up(*parcel)) continue;
        const Entry* first = std::as_const(custody_).inventory().find(parcel->here.front().key);
        spares.push_back({.utility = parcel->copy != Copy::kSurplus,
                          .bulk = first->record.kind == static_cast<std::uint8_t>(bpv7::Kind::kBulk),
                          .worth = copies_.router().worth(copies_.carried(*parcel), copies_.now()),
                          .parcel = number,
                          .bytes = parcel->bytes});
    }
    return spares;
}

std::optional<std::vector<ParcelNumber>> Room::to_give_up(const Claim& claim) const {
    const Needs needs = needs_of(claim);
    if (needs.peer != 0 || (claim.copy == Copy::kSurplus && !needs.nothing())) return std::nullopt;
    std::vector<ParcelNumber> chosen;
    if (needs.nothing()) return chosen;
    auto all = spares();
    std::erase_if(all, [&](const Spare& copy) { return !may_go_for(copy, claim); });
    std::ranges::sort(all, {},
                      [](const Spare& copy) { return std::tuple{copy.utility, copy.worth, copy.parcel}; });
    Needs freed;
    for (const Spare& copy : all) {
        const Parcel& parcel = *custody_.inventory().parcels().find(copy.parcel);
        const bool same_source = needs.source != 0 && parcel.source.node_id().to_string() == claim.source;
        // A little more than is needed goes, so that this is not looked for with every bundle.
        const bool more = claim.copy != Copy::kDirect || !copy.utility;
        const std::uint64_t reserve = more ? custody_.options().quota_bytes / kReservePart : 0;
        const auto helps = [&](std::uint64_t need, std::uint64_t got) {
            return need != 0 && got < need + reserve;
        };
        if (!helps(needs.room, freed.room) && !(same_source && helps(needs.source, freed.source)) &&
            !(copy.bulk && helps(needs.bulk, freed.bulk)))
            continue;
        freed.room += copy.bytes;
        freed.source += same_source ? copy.bytes : 0;
        freed.bulk += copy.bulk ? copy.bytes : 0;
        chosen.push_back(copy.parcel);
    }
    if (freed.room < needs.room || freed.source < needs.source || freed.bulk < needs.bulk)
        return std::nullopt;
    return chosen;
}

bool Room::make_fit(const Claim& claim) {
    const auto chosen = to_give_up(claim);
    if (!chosen) return false;
    for (const ParcelNumber number : *chosen) {
        Parcel& parcel = *custody_.inventory().parcels().find(number);
        // The disk gets it back a little later than this.
        free_bytes_ += std::min(parcel.bytes, std::uint64_t{~0ULL} - free_bytes_);
        give_up(parcel);
    }
    return true;
}

void Room::give_up(Parcel& parcel) {
    std::vector<BundleKey> keys;
    for (const Parcel::Part& part : parcel.here)
        keys.push_back(part.key);
    for (const BundleKey key : keys) {
        ++custody_.counters().bundles_evicted;
        custody_.notify(effect::Notify::What::kEvicted, *custody_.inventory().find(key));
        custody_.drop(key);
    }
}

}  // namespace tram::node
