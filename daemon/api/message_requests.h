// Requests about messages (api.proto, OpenMessage to AcknowledgeMessage) as inputs of the node, and its
// outcomes as replies.
#pragma once

#include <vector>

#include "daemon/node/types.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// The largest frame of content that AppendMessage takes.
inline constexpr std::size_t kContentFrameBytesMax = 1U << 20;

bool is_about_messages(pb::Request::BodyCase body);

/// The node's input for a request that is_about_messages(). Errors: malformed (frames), too_large,
/// invalid_argument.
Result<node::Input> message_input(const pb::Request& request, std::vector<Bytes>& frames, node::RequestId id);

/// Endpoint, kind and urgency as requests write them; empty text is nothing, or bulk. Errors:
/// invalid_argument.
Result<std::optional<bpv7::Eid>> optional_endpoint(const std::string& text);
Result<bpv7::Kind> kind_of(const std::string& name);
Result<bpv7::Urgency> urgency_of(std::uint32_t number);

void fill(pb::OpenMessageReply& out, const node::effect::Reply::Opened& opened);
void fill(pb::FinishMessageReply& out, const node::effect::Reply::Sent& sent);
void fill(pb::FetchMessageReply& out, const node::MessageHandOver& message, Duration lease);
void fill(pb::ReadMessageReply& out, const node::effect::Reply::Piece& piece);

}  // namespace tram::api
