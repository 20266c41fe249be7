#include "daemon/api/message_requests.h"

#include <algorithm>
#include <utility>

#include "daemon/node/short_id.h"

namespace tram::api {

namespace {

using node::RequestId;

// As node ids are texts of up to a kilobyte: longer lists are no use.
constexpr int kAlsoForMax = envelope::kRecipientsMax;
constexpr std::uint64_t kWaitMax_ms = 60'000;

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

Result<node::Input> open_message(const pb::OpenMessageRequest& request, RequestId id) {
    node::MessageTerms terms;
    auto destination = bpv7::Eid::parse(request.destination());
    if (!destination) return std::unexpected{destination.error()};
    auto source = optional_endpoint(request.source());
    if (!source) return std::unexpected{source.error()};
    const auto kind = kind_of(request.kind());
    if (!kind) return std::unexpected{kind.error()};
    const auto urgency = urgency_of(request.urgency());
    if (!urgency) return std::unexpected{urgency.error()};
    if (request.also_for_size() > kAlsoForMax) {
        return fail(ErrorCode::kTooLarge,
                    "a message for too many nodes; at most " + std::to_string(kAlsoForMax) + " may open it");
    }
    for (const std::string& node_id : request.also_for()) {
        auto node = bpv7::Eid::parse(node_id);
        if (!node) return std::unexpected{node.error()};
        terms.also_for.push_back(std::move(*node));
    }
    terms.destination = std::move(*destination);
    terms.source = std::move(*source);
    terms.lifetime_ms = request.lifetime_ms();
    terms.urgency = *urgency;
    terms.kind = *kind;
    terms.is_public = request.is_public();
    terms.content_bytes = request.content_bytes();
    terms.content_type = request.content_type();
    return node::input::OpenMessage{id, std::move(terms)};
}

Result<node::Input> append_message(const pb::AppendMessageRequest& request, std::vector<Bytes>& frames,
                                   RequestId id) {
    if (frames.size() != 1) {
        return fail(ErrorCode::kMalformed, "AppendMessage takes exactly one frame of content");
    }
    if (frames.front().size() > kContentFrameBytesMax) {
        return fail(ErrorCode::kTooLarge, "a frame of " + std::to_string(frames.front().size()) +
                                              " bytes of content; send at most " +
                                              std::to_string(kContentFrameBytesMax) + " at a time");
    }
    return node::input::AppendMessage{id, request.token(), request.offset(), std::move(frames.front())};
}

Result<node::Input> fetch_message(const pb::FetchMessageRequest& request, RequestId id) {
    auto endpoint = bpv7::Eid::parse(request.endpoint());
    if (!endpoint) return std::unexpected{endpoint.error()};
    const auto wait = static_cast<Duration::rep>(std::min(request.wait_ms(), kWaitMax_ms));
    return node::input::FetchMessage{id, std::move(*endpoint), Duration{wait}};
}

}  // namespace

bool is_about_messages(pb::Request::BodyCase body) {
    return body >= pb::Request::kOpenMessage && body <= pb::Request::kAcknowledgeMessage;
}

Result<node::Input> message_input(const pb::Request& request, std::vector<Bytes>& frames, RequestId id) {
    using namespace node::input;
    if (request.has_append_message()) return append_message(request.append_message(), frames, id);
    if (!frames.empty()) return fail(ErrorCode::kMalformed, "only AppendMessage takes a frame of content");
    if (request.has_open_message()) return open_message(request.open_message(), id);
    if (request.has_finish_message()) return FinishMessage{id, request.finish_message().token()};
    if (request.has_drop_message()) return DropMessage{id, request.drop_message().token()};
    if (request.has_fetch_message()) return fetch_message(request.fetch_message(), id);
    if (request.has_read_message()) {
        return ReadMessage{id, request.read_message().token(), request.read_message().index()};
    }
    return AcknowledgeMessage{id, request.acknowledge_message().token()};
}

Result<std::optional<bpv7::Eid>> optional_endpoint(const std::string& text) {
    if (text.empty()) return std::optional<bpv7::Eid>{};
    auto eid = bpv7::Eid::parse(text);
    if (!eid) return std::unexpected{std::move(eid.error())};
    return std::optional{std::move(*eid)};
}

Result<bpv7::Kind> kind_of(const std::string& name) {
    const auto kind = name.empty() ? bpv7::Kind::kBulk : node::kind_from_name(name);
    if (kind) return *kind;
    return fail(ErrorCode::kInvalidArgument,
                "kind is one of receipt, control, request, update, notice, bulk");
}

Result<bpv7::Urgency> urgency_of(std::uint32_t number) {
    if (number <= 4) return static_cast<bpv7::Urgency>(number);
    return fail(ErrorCode::kInvalidArgument, "urgency is 0 to 4");
}

void fill(pb::OpenMessageReply& out, const node::effect::Reply::Opened& opened) {
    out.set_token(opened.token);
    out.set_message_id(text_of(opened.message_id));
}

void fill(pb::FinishMessageReply& out, const node::effect::Reply::Sent& sent) {
    out.set_short_id(node::short_id(sent.id.key()));
    out.set_local_number(sent.local_number);
    if (!sent.chunk) return;
    out.set_message_id(text_of(sent.chunk->message_id));
    out.set_chunk_count(sent.chunk->count);
}

void fill(pb::FetchMessageReply& out, const node::MessageHandOver& message, Duration lease) {
    out.set_found(true);
    out.set_token(message.token);
    out.set_message_id(text_of(message.message_id));
    out.set_source(message.source.to_string());
    out.set_destination(message.destination.to_string());
    out.set_urgency(message.urgency);
    out.set_kind(std::string{node::kind_name(message.kind)});
    out.set_age_ms(message.age_ms);
    out.set_sealed(message.sealed);
    out.set_sender(message.sender);
    for (const std::string& recipient : message.recipients)
        out.add_recipients(recipient);
    out.set_content_bytes(message.content_bytes);
    out.set_content_type(message.content_type);
    out.set_piece_count(message.piece_count);
    out.set_lease_ms(static_cast<std::uint64_t>(lease.count()));
}

void fill(pb::ReadMessageReply& out, const node::effect::Reply::Piece& piece) {
    out.set_last(piece.last);
    if (piece.last) out.set_digest(text_of(piece.digest));
}

}  // namespace tram::api
