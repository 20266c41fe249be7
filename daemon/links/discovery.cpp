#include "daemon/links/discovery.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <fnmatch.h>

#include "daemon/links/clock.h"

namespace tram::links {
namespace {

/// The address that beacons of this kind come from; nothing: none leave.
const InterfaceAddress* source_of(const Interface& interface, IpVersion version) {
    const auto fits = [&](const InterfaceAddress& each) {
        if (version == IpVersion::k4) return each.address.is_v4();
        return !interface.loopback && each.address.is_v6() && each.address.to_v6().is_link_local();
    };
    const auto found = std::ranges::find_if(interface.addresses, fits);
    return found == interface.addresses.end() ? nullptr : &*found;
}

}  // namespace

Discovery::Discovery(const Executor& executor, DiscoveryOptions options, SightingOptions sightings,
                     std::shared_ptr<InterfaceMonitor> monitor, Hooks hooks)
    : options_{std::move(options)},
      own_id_{sightings.own_id},
      monitor_{std::move(monitor)},
      hooks_{std::move(hooks)},
      sightings_{std::move(sightings)},
      socket4_{std::make_shared<BeaconSocket>(executor, IpVersion::k4)},
      socket6_{std::make_shared<BeaconSocket>(executor, IpVersion::k6)},
      timer_{executor} {}

Result<void> Discovery::start() {
    running_ = true;
    const auto take = [weak = weak_from_this()](const Datagram& datagram) {
        if (const auto self = weak.lock()) self->heard(datagram);
    };
    for (const auto& socket : {socket4_, socket6_}) {
        auto started = socket->start(options_.port, take);
        if (!started && started.error().code != ErrorCode::kUnavailable) return started;
    }
    return {};
}

void Discovery::stop() {
    running_ = false;
    hooks_ = {};
    socket4_->stop();
    socket6_->stop();
    timer_.cancel();
}

bool Discovery::takes_part(const Interface& interface) const {
    if (!interface.usable || !(interface.multicast || interface.loopback)) return false;
    return std::ranges::any_of(options_.interfaces, [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), interface.name.c_str(), 0) == 0;
    });
}

void Discovery::interfaces_changed(const InterfaceTable::Changes& changes) {
    if (!running_) return;
    for (const InterfaceIndex index : changes.lost) {
        sightings_.lose(index);
        outlets_.erase(index);
        socket4_->forget(index);
        socket6_->forget(index);
    }
    choose_outlets();
    const Instant now = monotonic_now();
    for (const InterfaceIndex index : changes.refreshed) {
        if (const auto outlet = outlets_.find(index); outlet != outlets_.end())
            outlet->second.schedule.restart(now);
    }
    tick();
}

void Discovery::choose_outlets() {
    std::set<InterfaceIndex> with4;
    std::set<InterfaceIndex> with6;
    std::map<InterfaceIndex, Outlet> chosen;
    left_out_.clear();
    for (const auto& [index, interface] : monitor_->table().all()) {
        if (!takes_part(interface)) continue;
        const bool has4 = source_of(interface, IpVersion::k4) != nullptr;
        const bool has6 = source_of(interface, IpVersion::k6) != nullptr;
        if (!has4 && !has6) continue;
        if (chosen.size() == kInterfacesMax) {
            left_out_.push_back(interface.name);
            continue;
        }
        if (has4) with4.insert(index);
        if (has6) with6.insert(index);
        const auto known = outlets_.find(index);
        Outlet& outlet = chosen[index];
        if (known != outlets_.end()) outlet = std::move(known->second);
        if (known == outlets_.end()) outlet.schedule.restart(monotonic_now());
        outlet.name = interface.name;
    }
    outlets_ = std::move(chosen);
    socket4_->join(with4);
    socket6_->join(with6);
}

void Discovery::send_beacons(InterfaceIndex index) {
    const Interface* interface = monitor_->table().find(index);
    if (interface == nullptr) return;
    for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
        const InterfaceAddress* own = source_of(*interface, version);
        if (own == nullptr) continue;
        Beacon beacon{.node_id = own_id_,
                      .port = hooks_.port_at(own->address),
                      .instance = options_.instance,
                      .root = std::nullopt};
        if (!options_.roots.empty()) beacon.root = options_.roots.front();
        (version == IpVersion::k4 ? socket4_ : socket6_)->send(index, own->address, encode(beacon));
        ++counters_.sent;
    }
}

bool Discovery::is_ours_to_know(const Beacon& beacon, const IpAddress& from) {
    if (beacon.node_id == own_id_) {
        if (beacon.instance == options_.instance) return false;
        ++counters_.own_name;
        twin_ = Twin{from, monotonic_now()};
        return false;
    }
    const bool trusted = beacon.root ? std::ranges::find(options_.roots, *beacon.root) != options_.roots.end()
                                     : options_.roots.empty();
    if (!trusted) ++counters_.foreign;
    return trusted;
}

void Discovery::heard(const Datagram& datagram) {
    const auto outlet = outlets_.find(datagram.interface);
    const Interface* interface = monitor_->table().find(datagram.interface);
    if (!running_ || outlet == outlets_.end() || interface == nullptr) return;
    const auto beacon = decode_beacon(datagram.bytes);
    if (!beacon) {
        ++counters_.malformed;
        return;
    }
    if (!is_ours_to_know(*beacon, datagram.from)) return;
    if (!interface->reaches(datagram.from)) {
        ++counters_.off_link;
        return;
    }
    ++counters_.heard;
    const InterfaceAddress* own =
        source_of(*interface, datagram.from.is_v4() ? IpVersion::k4 : IpVersion::k6);
    const bool callable = own != nullptr && hooks_.port_at(own->address) != 0;
    const Instant now = monotonic_now();
    const auto news = sightings_.hear(
        *beacon, {.address = datagram.from, .port = beacon->port, .interface = datagram.interface}, callable,
        now);
    switch (news) {
        case Sightings::News::kNothing: return;
        case Sightings::News::kNoRoom: ++counters_.no_room; return;
        case Sightings::News::kRestarted: hooks_.restarted(beacon->node_id); break;
        case Sightings::News::kNew: break;
    }
    outlet->second.schedule.answer(now);
    arm();
}

void Discovery::reconsider() {
    if (running_) arm();
}

void Discovery::tick() {
    const Instant now = monotonic_now();
    bool sent = false;
    for (auto& [index, outlet] : outlets_) {
        if (outlet.schedule.next() > now) continue;
        send_beacons(index);
        outlet.schedule.sent(static_cast<std::uint32_t>(random_()), now);
        sent = true;
    }
    sightings_.forget_old(now);
    if (sent) hooks_.ticked();
    while (running_) {
        const auto call = sightings_.take_call(static_cast<std::uint32_t>(random_()), now);
        if (!call) break;
        ++counters_.calls;
        hooks_.call(*call);
    }
    armed_for_.reset();
    arm();
}

void Discovery::arm() {
    if (!running_) return;
    auto next = sightings_.next_due(monotonic_now());
    for (const auto& [index, outlet] : outlets_)
        next = next ? std::min(*next, outlet.schedule.next()) : outlet.schedule.next();
    if (next == armed_for_) return;
    armed_for_ = next;
    timer_.cancel();
    if (!next) return;
    timer_.expires_at(to_steady(*next));
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && self->running_) self->tick();
    });
}

DiscoveryState Discovery::state() const {
    DiscoveryState state{.on = running_,
                         .interfaces = {},
                         .left_out = left_out_,
                         .nodes = {},
                         .twin_address = {},
                         .counters = counters_};
    if (twin_ && monotonic_now() - twin_->heard < Sightings::kForget)
        state.twin_address = twin_->address.to_string();
    for (const auto& [index, outlet] : outlets_)
        state.interfaces.push_back(outlet.name);
    return state;
}

}  // namespace tram::links
