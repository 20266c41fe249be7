// Devices and what they carry, in the words of api.proto.
#pragma once

#include <string>

#include "daemon/node/node.h"
#include "proto/base/error.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// Every certificate and every revocation list that is known here.
pb::ListDevicesReply list_devices(const node::Node& node);

/// What a device took along from here, as far as it is remembered (tombstones outlive their bundle's lifetime
/// by a day), and what it made that is stored here. Errors: invalid_argument (not a node id).
Result<pb::DeviceHoldingsReply> device_holdings(const node::Node& node, const std::string& node_id);

}  // namespace tram::api
