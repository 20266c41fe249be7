#include "tests/system/harness/messages.h"

#include <algorithm>
#include <utility>

namespace tram::harness {

namespace {

constexpr std::size_t kFrameBytes = 1U << 20;

Result<Buffer> read_message(ApiClient& client, const pb::FetchMessageReply& head) {
    Buffer content;
    for (std::uint64_t index = 0; index < head.piece_count(); ++index) {
        pb::Request request;
        request.mutable_read_message()->set_token(head.token());
        request.mutable_read_message()->set_index(index);
        auto piece = client.call(request);
        if (!piece) return std::unexpected{std::move(piece.error())};
        append(content, piece->payload);
        const bool last = index + 1 == head.piece_count();
        if (piece->reply.read_message().last() != last) {
            return fail(ErrorCode::kMalformed, "the end of a message is not where its head says");
        }
    }
    return content;
}

}  // namespace

Result<pb::FinishMessageReply> send_message(ApiClient& client, const OutgoingMessage& terms,
                                            ByteView content) {
    pb::Request open;
    pb::OpenMessageRequest& head = *open.mutable_open_message();
    head.set_destination(terms.destination);
    head.set_content_type(terms.content_type);
    head.set_is_public(terms.is_public);
    for (const std::string& office : terms.also_for)
        head.add_also_for(office);
    head.set_content_bytes(content.size());
    auto opened = client.call(open);
    if (!opened) return std::unexpected{std::move(opened.error())};
    const std::string token = opened->reply.open_message().token();
    for (std::size_t offset = 0; offset < content.size(); offset += kFrameBytes) {
        pb::Request request;
        request.mutable_append_message()->set_token(token);
        request.mutable_append_message()->set_offset(offset);
        const ByteView frame = content.subspan(offset, std::min(kFrameBytes, content.size() - offset));
        if (auto appended = client.call(request, frame); !appended) {
            return std::unexpected{std::move(appended.error())};
        }
    }
    pb::Request finish;
    finish.mutable_finish_message()->set_token(token);
    auto finished = client.call(finish);
    if (!finished) return std::unexpected{std::move(finished.error())};
    return finished->reply.finish_message();
}

Result<IncomingMessage> fetch_message(ApiClient& client, const std::string& endpoint, milliseconds wait) {
    pb::Request fetch;
    fetch.mutable_fetch_message()->set_endpoint(endpoint);
    fetch.mutable_fetch_message()->set_wait_ms(static_cast<std::uint64_t>(wait.count()));
    auto fetched = client.call(fetch, std::nullopt, wait + kPatience);
    if (!fetched) return std::unexpected{std::move(fetched.error())};
    IncomingMessage message{fetched->reply.fetch_message(), {}};
    if (!message.head.found()) return message;
    auto content = read_message(client, message.head);
    if (!content) return std::unexpected{std::move(content.error())};
    message.content = std::move(*content);
    pb::Request acknowledge;
    acknowledge.mutable_acknowledge_message()->set_token(message.head.token());
    if (auto done = client.call(acknowledge); !done) return std::unexpected{std::move(done.error())};
    return message;
}

Result<pb::TrustReply> trust(ApiClient& client, ByteView encoded_trust) {
    pb::Request request;
    request.mutable_trust();
    auto answer = client.call(request, encoded_trust);
    if (!answer) return std::unexpected{std::move(answer.error())};
    return answer->reply.trust();
}

}  // namespace tram::harness
