// Requests, those filed here and those that came to an office here: api.proto, FileRequest to ShowRequest.
#pragma once

#include <vector>

#include "daemon/node/node.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// Errors: malformed (frames).
Result<node::Input> file_request(const pb::FileRequestRequest& request, std::vector<Bytes>& frames,
                                 node::RequestId id);
void fill(pb::FileRequestReply& out, const node::effect::Reply::Filing& filing);

/// Errors: invalid_argument (page size above 1,000; `after` is no local number; the box).
Result<pb::ListRequestsReply> list_requests(const node::Node& node, const pb::ListRequestsRequest& request);
/// Errors: invalid_argument (no local number; the box), not_found.
Result<pb::ShowRequestReply> show_request(const node::Node& node, const pb::ShowRequestRequest& request);

}  // namespace tram::api
