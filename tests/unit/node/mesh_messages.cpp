// How applications of the mesh send and receive messages.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/node/mesh.h"

namespace tram::node::testing {

namespace {

constexpr std::size_t kFrameBytes = 50'000;  // no divisor of anything in the format

}  // namespace

Bytes Mesh::content_of(std::uint64_t number, std::uint64_t bytes) {
    Buffer content(static_cast<std::size_t>(bytes));
    auto state = static_cast<std::uint32_t>(number);
    for (std::uint8_t& byte : content) {
        state = state * 1'664'525U + 1'013'904'223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return Bytes{std::move(content)};
}

effect::Reply Mesh::ask(std::size_t at, const std::function<Input(RequestId)>& make) {
    const RequestId request = own_request();
    host(at).give(make(request));
    host(at).settle();
    for (int i = 0; i < 3 && !replies.contains(request); ++i)
        host(at).sync();
    const auto found = replies.extract(request);
    REQUIRE_FALSE(found.empty());
    return found.mapped();
}

void Mesh::say(Talk talk, const std::function<Input(RequestId)>& make) {
    const RequestId request = ++last_request_;
    const std::size_t at = talk.host;
    talks_[request] = std::move(talk);
    host(at).give(make(request));
}

std::uint64_t Mesh::send_message(std::size_t from, MessageTerms terms) {
    const std::uint64_t number = ++last_payload_;
    terms.content_type = std::to_string(number);
    Talk talk;
    talk.host = from;
    talk.number = number;
    talk.content = content_of(number, terms.content_bytes);
    say(std::move(talk), [&](RequestId request) { return input::OpenMessage{request, terms}; });
    host(from).settle();
    return number;
}

void Mesh::drain_messages(std::size_t at, const std::string& endpoint) {
    Talk talk;
    talk.host = at;
    say(std::move(talk), [&](RequestId request) {
        return input::FetchMessage{request, *bpv7::Eid::parse(endpoint), Duration{0}};
    });
    host(at).settle();
}

void Mesh::talk_on(const Talk& said, const effect::Reply& reply) {
    INFO((reply.outcome ? "" : reply.outcome.error().message));
    REQUIRE(reply.outcome);
    using Reply = effect::Reply;
    const auto& outcome = *reply.outcome;
    Talk talk = said;
    if (const auto* handed = std::get_if<MessageHandOver>(&outcome)) {
        talk.number = std::stoull(handed->content_type);
        talk.token = handed->token;
    } else if (const auto* piece = std::get_if<Reply::Piece>(&outcome)) {
        append(talk.received, piece->content);
        ++talk.pieces;
        if (piece->last) {
            CHECK(Bytes{talk.received} == content_of(talk.number, talk.received.size()));
            talk.acknowledging = true;
            return say(talk,
                       [&](RequestId request) { return input::AcknowledgeMessage{request, talk.token}; });
        }
    } else if (const auto* opened = std::get_if<Reply::Opened>(&outcome)) {
        talk.token = opened->token;
    } else if (std::holds_alternative<Reply::Sent>(outcome)) {
        messages_answered.insert(talk.number);
        return;
    } else if (std::holds_alternative<Reply::Nothing>(outcome)) {
        return;
    } else if (talk.acknowledging) {
        ++messages_delivered[talk.number];
        return;
    }
    if (talk.content.empty() && !std::holds_alternative<Reply::Opened>(outcome)) {
        return say(talk,
                   [&](RequestId request) { return input::ReadMessage{request, talk.token, talk.pieces}; });
    }
    if (talk.sent == talk.content.size()) {
        return say(talk, [&](RequestId request) { return input::FinishMessage{request, talk.token}; });
    }
    const std::uint64_t from = talk.sent;
    const std::size_t bytes = std::min<std::size_t>(kFrameBytes, talk.content.size() - talk.sent);
    talk.sent += bytes;
    say(talk, [&](RequestId request) {
        return input::AppendMessage{request, talk.token, from,
                                    talk.content.slice(static_cast<std::size_t>(from), bytes)};
    });
}

}  // namespace tram::node::testing
