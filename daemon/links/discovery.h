// Finds other nodes on the local networks: sends beacons, hears those of others, and says whom to call.
//
//   InterfaceMonitor --up, down, addresses--> Discovery --beacons--> BeaconSocket, IPv4 and IPv6
//                                                 |  ^--heard-------'
//                                             Sightings --calls--> owner
//
// A beacon only leads to a call of its own sender, at the address that it came from, on the network that it
// came in at: who forges beacons can neither send us elsewhere nor make us talk more than a little.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>

#include "daemon/links/asio.h"
#include "daemon/links/beacon_schedule.h"
#include "daemon/links/beacon_socket.h"
#include "daemon/links/discovery_options.h"
#include "daemon/links/interface_monitor.h"
#include "daemon/links/sightings.h"

namespace tram::links {

class Discovery : public std::enable_shared_from_this<Discovery> {
  public:
    /// Interfaces that beacons go out on at most, as many as the kernel lets one socket join.
    static constexpr std::size_t kInterfacesMax = 16;

    struct Hooks {
        std::function<void(const Sightings::Call&)> call;
        /// The TCP port that is listened on at this address of ours; 0: none.
        std::function<std::uint16_t(const IpAddress& own)> port_at;
        /// The sessions with this node are of a process that is not there any more.
        std::function<void(const std::string& node_id)> restarted;
        /// Every few seconds, while there is an interface.
        std::function<void()> ticked;
    };

    Discovery(const Executor& executor, DiscoveryOptions options, SightingOptions sightings,
              std::shared_ptr<InterfaceMonitor> monitor, Hooks hooks);

    /// Errors: io (the UDP port cannot be opened).
    Result<void> start();
    void stop();

    void interfaces_changed(const InterfaceTable::Changes& changes);
    /// After changing what is in sightings(): who is to be called next may be another one.
    void reconsider();
    [[nodiscard]] Sightings& sightings() { return sightings_; }
    /// Without the nodes.
    [[nodiscard]] DiscoveryState state() const;

  private:
    struct Outlet {
        std::string name;
        BeaconSchedule schedule;
    };

    void heard(const Datagram& datagram);
    [[nodiscard]] bool is_ours_to_know(const Beacon& beacon, const IpAddress& from);
    [[nodiscard]] bool takes_part(const Interface& interface) const;
    void choose_outlets();
    void send_beacons(InterfaceIndex index);
    void tick();
    void arm();

    DiscoveryOptions options_;
    std::string own_id_;
    std::shared_ptr<InterfaceMonitor> monitor_;
    Hooks hooks_;
    Sightings sightings_;
    std::shared_ptr<BeaconSocket> socket4_;
    std::shared_ptr<BeaconSocket> socket6_;
    std::map<InterfaceIndex, Outlet> outlets_;
    std::vector<std::string> left_out_;  // interfaces
    struct Twin {
        IpAddress address;
        Instant heard;
    };
    std::optional<Twin> twin_;  // who uses our id
    DiscoveryState::Counters counters_;
    std::minstd_rand random_{std::random_device{}()};
    Timer timer_;
    std::optional<Instant> armed_for_;
    bool running_ = false;
};

}  // namespace tram::links
