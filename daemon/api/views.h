// What the node knows, in the words of api.proto.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/node/node.h"
#include "proto/base/error.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// What the shell knows and the node does not.
struct ShellFacts {
    std::string version;
    std::uint64_t uptime_ms = 0;
    std::uint64_t store_bytes = 0;
    std::uint64_t disk_free_bytes = 0;
    std::string no_identity;  ///< why this device has none, and the command to type; empty when it has
    std::array<std::uint64_t, kErrorCodes> links_refused{};  ///< sessions that did not come about, by code
    struct ConfiguredPeer {
        std::string node_id;  ///< as configured; may be empty
        std::string address;
        std::string last_error;  ///< why the last attempt failed; empty while connected
    };
    std::vector<ConfiguredPeer> configured;
    struct DiscoveredPeer {
        std::string node_id;  ///< as its beacon says
        std::string heard_at;
        std::uint64_t heard_ms = 0;  ///< how long ago anything was heard of it
        std::string last_error;      ///< why no session came about; empty when none was tried
    };
    bool discovery = false;                        ///< goes on
    std::vector<std::string> interfaces;           ///< that beacons go out on
    std::vector<std::string> interfaces_left_out;  ///< that would be too many for that
    std::string twin_address;                      ///< of who uses the id of this node; or empty
    std::vector<DiscoveredPeer> discovered;        ///< whose beacons are heard now
    std::vector<std::pair<std::string, std::uint64_t>> counters;  ///< more of them, by name
};

pb::StatusReply status(const node::Node& node, const ShellFacts& facts);
pb::ListPeersReply list_peers(const node::Node& node, const ShellFacts& facts);
/// Errors: invalid_argument (page size above 1,000, unknown state).
Result<pb::ListBundlesReply> list_bundles(const node::Node& node, const pb::ListBundlesRequest& request);
Result<pb::ShowBundleReply> show_bundle(const node::Node& node, const std::string& name);
Result<pb::TraceBundleReply> trace_bundle(const node::Node& node, const std::string& name);

/// The key of the stored bundle that `name` means: a key, a short id or its beginning (four digits at
/// least), or a bundle id. Errors: not_found, ambiguous, invalid_argument.
Result<node::BundleKey> find_bundle(const node::Node& node, const std::string& name);

/// One stored bundle, with the reasons why it is still here.
pb::Bundle bundle_view(const node::Node& node, const node::Entry& entry);

}  // namespace tram::api
