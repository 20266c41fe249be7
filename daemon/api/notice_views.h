// Notices, their proof, and areas: api.proto, PublishNotice to LeaveArea.
#pragma once

#include <vector>

#include "daemon/node/node.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// PublishNotice, MarkNotice, JoinArea or LeaveArea. Errors: malformed (frames).
Result<node::Input> notice_input(const pb::Request& request, std::vector<Bytes>& frames, node::RequestId id);
void fill(pb::PublishNoticeReply& out, const node::effect::Reply::Publishing& publishing);

/// Errors: invalid_argument (page size above 1,000).
Result<pb::ListNoticesReply> list_notices(const node::Node& node, const pb::ListNoticesRequest& request);
/// Errors: those of node::Notices::find().
Result<pb::ShowNoticeReply> show_notice(const node::Node& node, const pb::ShowNoticeRequest& request);
/// Errors: those of node::Notices::find(); not_found (it was published elsewhere).
Result<pb::NoticeProofReply> notice_proof(const node::Node& node, const pb::ShowNoticeRequest& request);
pb::ListAreasReply list_areas(const node::Node& node);

}  // namespace tram::api
