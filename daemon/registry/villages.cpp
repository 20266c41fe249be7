#include "daemon/registry/villages.h"

#include <algorithm>
#include <utility>

#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::string_view kRowPrefix = "village/";
constexpr std::string_view kWhat = "village";

Bytes encode(const HeardVillage& heard) {
    admin::pb::VillageRow row;
    row.set_village(heard.village.text());
    for (const auto& [node_id, at_ms] : heard.devices) {
        admin::pb::HeardDevice& device = *row.add_devices();
        device.set_node_id(node_id);
        device.set_heard_at_ms(at_ms);
    }
    return rows::encode(std::move(row));
}

}  // namespace

Result<void> Villages::restore_state(const std::string& name, ByteView value) {
    if (!name.starts_with(kRowPrefix)) return {};
    const auto row = rows::parse<admin::pb::VillageRow>(value, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto village = admin::Village::parse(row->village());
    const bool good = village && name.substr(kRowPrefix.size()) == village->demux() &&
                      static_cast<std::size_t>(row->devices_size()) <= kDevicesMax &&
                      villages_.size() < kVillagesMax;
    if (!good) return rows::corrupt(kWhat);
    HeardVillage heard{*village};
    for (const admin::pb::HeardDevice& each : row->devices())
        heard.devices.insert_or_assign(each.node_id(), each.heard_at_ms());
    villages_.insert_or_assign(village->demux(), std::move(heard));
    return {};
}

void Villages::heard(const admin::Village& village, const std::string& node_id, std::uint64_t node_time_ms) {
    const std::string demux = village.demux();
    auto found = villages_.find(demux);
    if (found == villages_.end()) {
        if (villages_.size() >= kVillagesMax) return;
        found = villages_.emplace(demux, HeardVillage{village}).first;
    }
    auto& devices = found->second.devices;
    if (!devices.contains(node_id) && devices.size() >= kDevicesMax) {
        const auto time_of = [](const auto& device) { return device.second; };
        devices.erase(std::ranges::min_element(devices, {}, time_of));
    }
    std::uint64_t& at_ms = devices[node_id];
    at_ms = std::max(at_ms, node_time_ms);
    save_(std::string{kRowPrefix} + demux, encode(found->second));
}

const HeardVillage* Villages::find(const admin::Village& village) const {
    const auto found = villages_.find(village.demux());
    return found == villages_.end() ? nullptr : &found->second;
}

}  // namespace tram::registry
