// Dossiers at an office here, and what is done about dossiers at either end: api.proto, SendUpdate to
// HandOver.
#pragma once

#include <vector>

#include "daemon/node/node.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

bool is_about_dossiers(pb::Request::BodyCase body);
/// The node's input for a request that is_about_dossiers(). Errors: malformed (frames), invalid_argument.
Result<node::Input> dossier_input(const pb::Request& request, std::vector<Bytes>& frames, node::RequestId id);

void fill(pb::SendUpdateReply& out, const node::effect::Reply::Filing& filing);
void fill(pb::RevealRequestReply& out, const node::effect::Reply::Revealed& revealed);

/// Errors: invalid_argument.
Result<node::input::Box> box_of(const std::string& name);
pb::FiledRequest view_received(const node::Node& node, const registry::Received& received);
pb::ShowRequestReply show_received(const node::Node& node, const registry::Received& received);

}  // namespace tram::api
