#include "daemon/node/room.h"

#include <algorithm>
#include <numeric>

namespace tram::node {

namespace {

using Copy = routing::Verdict::Copy;

constexpr std::uint64_t kReservePart = 128;

}  // namespace

std::uint64_t Room::bound(const Claim& claim) const {
    const NodeOptions& options = custody_.options();
    const std::uint64_t percent = claim.preferred ? options.local_percent_max : options.relay_percent_max;
    const std::uint64_t bytes = options.quota_bytes / 100 * percent;
    return claim.copy == Copy::kSurplus ? bytes / 100 * options.surplus_percent_max : bytes;
}

bool Room::within_shares(const Claim& claim) const {
    if (claim.preferred || claim.peer.empty()) return true;
    const NodeOptions& options = custody_.options();
    const std::uint64_t room = options.quota_bytes / 100 * options.relay_percent_max;
    const Inventory::Shares& shares = custody_.inventory().shares();
    const auto below = [&](std::uint64_t used, std::uint32_t percent) {
        return percent >= 100 || used + claim.bytes <= room / 100 * percent;
    };
    const auto of = [](const auto& used, const std::string& name) {
        const auto found = used.find(name);
        return found == used.end() ? std::uint64_t{0} : found->second;
    };
    if (!claim.source.empty() && !below(of(shares.sources, claim.source), options.source_percent_max))
        return false;
    if (!below(of(shares.peers, claim.peer), options.peer_percent_max)) return false;
    return claim.kind != static_cast<std::uint8_t>(bpv7::Kind::kBulk) ||
           below(shares.bulk, options.bulk_percent_max);
}

bool Room::fits(const Claim& claim) const {
    const std::uint64_t most = bound(claim);
    const std::uint64_t used = custody_.inventory().bytes();
    return claim.bytes <= most && used <= most - claim.bytes && claim.bytes <= free_bytes_ &&
           within_shares(claim);
}

std::uint64_t Room::could_take(const Claim& claim) const {
    const std::uint64_t most = bound(claim);
    std::uint64_t spare = 0;
    if (claim.copy != Copy::kSurplus) {
        for (const Parcel* parcel : spares(claim.copy))
            spare += parcel->bytes;
    }
    const std::uint64_t used = custody_.inventory().bytes();
    const std::uint64_t kept = used - std::min(used, spare);
    const std::uint64_t disk = free_bytes_ > ~0ULL - spare ? ~0ULL : free_bytes_ + spare;
    return std::min(disk, most - std::min(most, kept));
}

std::vector<const Parcel*> Room::spares(Copy newcomer) const {
    std::vector<const Parcel*> spares;
    for (const auto& [number, parcel] : custody_.inventory().parcels().here()) {
        if (!parcel->spare || (parcel->copy != Copy::kSurplus && newcomer != Copy::kDirect)) continue;
        if (copies_.may_be_given_up(*parcel)) spares.push_back(parcel);
    }
    return spares;
}

bool Room::make_fit(const Claim& claim) {
    if (fits(claim)) return true;
    if (claim.copy == Copy::kSurplus || !within_shares(claim)) return false;
    std::vector<Spare> all;
    for (const Parcel* parcel : spares(claim.copy)) {
        all.push_back({parcel->copy != Copy::kSurplus,
                       copies_.router().worth(copies_.carried(*parcel), copies_.now()), parcel->number,
                       parcel->bytes});
    }
    std::uint64_t needed = claim.bytes;
    const std::uint64_t most = bound(claim);
    const std::uint64_t used = custody_.inventory().bytes();
    needed = used + claim.bytes - std::min(most, used + claim.bytes);
    if (free_bytes_ < claim.bytes) needed = std::max(needed, claim.bytes - free_bytes_);
    const std::uint64_t spare =
        std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const Spare& copy) { return sum + copy.bytes; });
    if (spare < needed) return false;
    std::ranges::sort(all);
    // Of surplus a little more goes, so that this is not looked for with every bundle.
    const std::uint64_t reserve = custody_.options().quota_bytes / kReservePart;
    std::uint64_t freed = 0;
    for (const Spare& copy : all) {
        if (freed >= (copy.utility ? needed : needed + reserve)) break;
        freed += copy.bytes;
        give_up(*custody_.inventory().parcels().find(copy.parcel));
    }
    // The disk gets it back a little later than this.
    free_bytes_ += std::min(freed, std::uint64_t{~0ULL} - free_bytes_);
    return fits(claim);
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
