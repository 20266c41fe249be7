#include "daemon/api/device_views.h"

#include <algorithm>
#include <vector>

#include "daemon/api/views.h"
#include "daemon/node/short_id.h"

namespace tram::api {

namespace {

constexpr std::size_t kHoldingsMax = 10'000;
constexpr std::size_t kFromDeviceMax = 10'000;

std::string state_of(const node::Trust& trust, const identity::Certificate& certificate) {
    const auto usable = trust.keyring().usable(certificate, trust.unix_now());
    if (usable) return "good";
    if (usable.error().code == ErrorCode::kCertificateRevoked) return "revoked";
    return usable.error().code == ErrorCode::kCertificateTooEarly ? "early" : "expired";
}

void fill(pb::Device& out, const node::Trust& trust, const identity::Certificate& certificate) {
    out.set_node_id(certificate.eid);
    out.set_usage(std::string{identity::usage_name(certificate.usage)});
    out.set_certificate_id(to_hex(certificate.id));
    out.set_name(certificate.name);
    out.set_not_before(certificate.not_before);
    out.set_not_after(certificate.not_after);
    out.set_state(state_of(trust, certificate));
}

/// When `peer` was given a copy, if it was.
const store::HopRecord* hop_to(const std::vector<store::HopRecord>& hops, const std::string& peer) {
    const auto hop = std::ranges::find(hops, peer, &store::HopRecord::peer);
    return hop == hops.end() ? nullptr : &*hop;
}

const store::HopRecord* hop_to(const store::Tombstone& tombstone, const std::string& peer) {
    if (const store::HopRecord* hop = hop_to(tombstone.forwarded_to, peer)) return hop;
    // The last hop of a reported bundle is who reported it.
    const bool took_it = tombstone.last_hop && tombstone.last_hop->peer == peer &&
                         tombstone.ending != store::Ending::kReported &&
                         tombstone.ending != store::Ending::kConfirmed;
    return took_it ? &*tombstone.last_hop : nullptr;
}

struct Found {
    std::uint64_t at_ms = 0;
    const store::BundleRecord* stored = nullptr;
    const store::Tombstone* gone = nullptr;
};

pb::Holding holding(const Found& found, std::uint64_t now) {
    pb::Holding out;
    const Bytes& id = found.stored != nullptr ? found.stored->id : found.gone->id;
    out.set_short_id(node::short_id(id));
    out.set_bundle_id(node::bundle_text(id));
    out.set_destination(found.stored != nullptr ? found.stored->destination : found.gone->destination);
    if (found.stored != nullptr)
        out.set_kind(std::string{node::kind_name(static_cast<bpv7::Kind>(found.stored->kind))});
    out.set_ago_ms(now > found.at_ms ? now - found.at_ms : 0);
    out.set_copy_here(found.stored != nullptr);
    out.set_receipt(found.gone != nullptr && (found.gone->ending == store::Ending::kReported ||
                                              found.gone->ending == store::Ending::kConfirmed));
    return out;
}

}  // namespace

pb::ListDevicesReply list_devices(const node::Node& node) {
    pb::ListDevicesReply out;
    const identity::Keyring& keyring = node.trust().keyring();
    for (const identity::Certificate* root : keyring.roots())
        fill(*out.add_devices(), node.trust(), *root);
    for (const identity::Certificate* certificate : keyring.certificates())
        fill(*out.add_devices(), node.trust(), *certificate);
    for (const identity::RevocationList* list : keyring.lists()) {
        pb::RevocationListState& state = *out.add_lists();
        state.set_authority(list->authority);
        state.set_number(list->number);
        state.set_issued(list->issued);
        state.set_entries(static_cast<std::uint32_t>(list->serials.size()));
    }
    return out;
}

Result<pb::DeviceHoldingsReply> device_holdings(const node::Node& node, const std::string& node_id) {
    const auto device = bpv7::Eid::parse(node_id);
    if (!device) return std::unexpected{device.error()};
    if (device->is_none() || !device->is_node_id()) {
        return fail(ErrorCode::kInvalidArgument, "'" + node_id + "' is no node id such as dtn://18904-lt01/");
    }
    const std::string name = device->to_string();
    const node::Inventory& inventory = node.custody().inventory();
    pb::DeviceHoldingsReply out;
    std::vector<Found> all;
    for (const auto& [key, entry] : inventory.entries()) {
        if (const auto* hop = hop_to(entry.record.forwarded_to, name))
            all.push_back({hop->node_time_ms, &entry.record, nullptr});
        const auto source = bpv7::Eid::parse(entry.record.source);
        const bool theirs = source && source->node_id() == *device;
        if (theirs && static_cast<std::size_t>(out.from_device_size()) < kFromDeviceMax)
            *out.add_from_device() = bundle_view(node, entry);
    }
    for (const auto& [id, tombstone] : inventory.tombstones()) {
        if (const auto* hop = hop_to(tombstone, name))
            all.push_back({hop->node_time_ms, nullptr, &tombstone});
    }
    std::ranges::sort(all, {}, &Found::at_ms);
    out.set_total(all.size());
    for (const Found& found : all) {
        const pb::Holding one = holding(found, node.custody().node_time_ms());
        if (!one.receipt()) out.set_without_receipt(out.without_receipt() + 1);
        if (static_cast<std::size_t>(out.holdings_size()) < kHoldingsMax) *out.add_holdings() = one;
    }
    return out;
}

}  // namespace tram::api
