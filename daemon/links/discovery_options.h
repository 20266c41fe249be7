// Discovery on the local networks: what its owner decides, and what it tells.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/links/beacon.h"
#include "proto/base/time.h"

namespace tram::links {

struct DiscoveryOptions {
    std::uint16_t port = 24'556;                  ///< UDP
    std::vector<std::string> interfaces = {"*"};  ///< names, '*' for any run of characters
    /// Of our own root, then of others that are trusted here. Empty: an open node, which only calls open
    /// ones.
    std::vector<RootHint> roots;
    Instance instance{};  ///< drawn anew at each start
};

struct DiscoveredNode {
    std::string node_id;
    std::string address;     ///< that its last beacon came from, with the port that it announces
    Duration heard_ago{};    ///< since its last beacon, or since its session said something
    std::string last_error;  ///< why no session came about; empty when none was tried
};

struct DiscoveryState {
    bool on = false;
    std::vector<std::string> interfaces;  ///< that beacons go out on now
    std::vector<std::string> left_out;    ///< interfaces that are too many
    std::vector<DiscoveredNode> nodes;    ///< whose beacons are heard now
    std::string twin_address;  ///< of somebody who says that it is us, a minute ago at most; or empty
    struct Counters {
        std::uint64_t sent = 0;
        std::uint64_t heard = 0;      ///< good ones, of others
        std::uint64_t malformed = 0;  ///< no beacon, or of a version that is not spoken here
        std::uint64_t foreign = 0;    ///< below another root, or open where we are not
        std::uint64_t off_link = 0;   ///< from an address that is no neighbour's
        std::uint64_t own_name = 0;   ///< another node uses our id
        std::uint64_t no_room = 0;    ///< not noted, because the table was full
        std::uint64_t calls = 0;
    } counters;
};

}  // namespace tram::links
