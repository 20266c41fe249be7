// Replies of the daemon as JSON objects. Keys are those of proto/tram/api.proto, and stable.
#pragma once

#include <boost/json/object.hpp>

#include "proto/tram/api.pb.h"

namespace tram::cli {

boost::json::object to_json(const api::pb::Peer& peer);
boost::json::object to_json(const api::pb::Bundle& bundle);
boost::json::object to_json(const api::pb::StatusReply& status);
boost::json::object to_json(const api::pb::ShowBundleReply& shown);
boost::json::object to_json(const api::pb::TraceStep& step);
boost::json::object to_json(const api::pb::TraceBundleReply& trace);

boost::json::object to_json(const api::pb::FiledRequest& request);
boost::json::object to_json(const api::pb::ShowRequestReply& shown);
boost::json::object to_json(const api::pb::TrustReply& trust);
boost::json::object to_json(const api::pb::Receipt& receipt);
boost::json::object to_json(const api::pb::Device& device);
boost::json::object to_json(const api::pb::Holding& holding);
boost::json::object to_json(const api::pb::DeviceHoldingsReply& holdings);

}  // namespace tram::cli
