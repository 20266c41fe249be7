#include "daemon/cli/api_client.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <unistd.h>
#include <vector>
#include <zmq_addon.hpp>

#include "config/quantity.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

using Clock = std::chrono::steady_clock;

/// A socket file that is there but has nobody behind it is given this long.
constexpr Duration kConnectMax{2'000};

}  // namespace

ApiClient::~ApiClient() = default;

std::unexpected<Failure> ApiClient::unreachable() const {
    return failed(ErrorCode::kUnavailable, context_.say(Message::kCannotReach, context_.api));
}

Outcome<void> ApiClient::connect() {
    if (socket_) return {};
    if (context_.api.starts_with("ipc:///")) {
        const std::string path = context_.api.substr(6);
        if (::access(path.c_str(), R_OK | W_OK) != 0) {
            if (errno != EACCES) return unreachable();
            return failed(ErrorCode::kForbidden, context_.say(Message::kNotAllowed, path),
                          context_.say(Message::kNotAllowedRemedy, path));
        }
    }
    try {
        if (!zmq_) zmq_ = std::make_unique<zmq::context_t>(1);
        auto socket = std::make_unique<zmq::socket_t>(*zmq_, zmq::socket_type::dealer);
        socket->set(zmq::sockopt::linger, 0);
        socket->set(zmq::sockopt::immediate, true);  // sending waits for a connection: tells who is not there
        socket->set(zmq::sockopt::sndtimeo,
                    static_cast<int>(std::min(context_.timeout, kConnectMax).count()));
        socket->connect(context_.api);
        socket_ = std::move(socket);
    } catch (const zmq::error_t&) {
        return failed(ErrorCode::kInvalidArgument, context_.say(Message::kBadEndpoint, context_.api));
    }
    return {};
}

Outcome<void> ApiClient::send(const Request& request, const ByteView* payload) {
    const std::string head = request.SerializeAsString();
    const auto head_flags = payload == nullptr ? zmq::send_flags::none : zmq::send_flags::sndmore;
    if (!socket_->send(zmq::buffer(head), head_flags)) return unreachable();
    if (payload == nullptr) return {};
    if (!socket_->send(zmq::buffer(payload->data(), payload->size()), zmq::send_flags::none))
        return unreachable();
    return {};
}

Outcome<Answer> ApiClient::receive(std::uint64_t id, Duration patience) {
    if (!socket_) return unreachable();  // it was lost with an earlier answer
    if (auto early = early_.extract(id); !early.empty()) return std::move(early.mapped());
    const Duration allowed = context_.timeout + patience;
    const auto deadline = Clock::now() + allowed;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        zmq::pollitem_t item{socket_->handle(), 0, ZMQ_POLLIN, 0};
        zmq::poll(&item, 1, std::max(left, Duration{0}));
        if ((item.revents & ZMQ_POLLIN) == 0) {
            if (Clock::now() < deadline) continue;
            return failed(ErrorCode::kUnavailable,
                          context_.say(Message::kNoAnswer, context_.api, config::exact_duration(allowed)),
                          context_.say(Message::kNoAnswerRemedy));
        }
        std::vector<zmq::message_t> frames;
        if (!zmq::recv_multipart(*socket_, std::back_inserter(frames))) continue;
        Answer answer;
        if (!answer.reply.ParseFromArray(frames.front().data(), static_cast<int>(frames.front().size()))) {
            return failed(ErrorCode::kUnsupportedVersion,
                          context_.say(Message::kUnexpectedAnswer, context_.api),
                          context_.say(Message::kUnexpectedAnswerRemedy));
        }
        if (frames.size() > 1) answer.payload = std::move(frames[1]);
        const std::uint64_t of = answer.reply.id();
        if (of == id) return answer;
        // Else it is a late answer to what was given up on.
        if (posted_.contains(of)) early_.insert_or_assign(of, std::move(answer));
    }
}

Outcome<Answer> ApiClient::call(Request& request, Reply::BodyCase expected, const ByteView* payload,
                                Duration patience) {
    const auto posted = post(request, payload);
    if (!posted) return std::unexpected{posted.error()};
    return take(*posted, expected, patience);
}

Outcome<std::uint64_t> ApiClient::post(Request& request, const ByteView* payload) {
    request.set_id(++last_id_);
    try {
        auto sent = connect();
        if (sent) sent = send(request, payload);
        if (!sent) {
            hang_up();
            return std::unexpected{sent.error()};
        }
    } catch (const zmq::error_t& error) {
        hang_up();
        return failed(ErrorCode::kUnavailable, error.what());
    }
    posted_.insert(last_id_);
    return last_id_;
}

Outcome<Answer> ApiClient::take(std::uint64_t posted, Reply::BodyCase expected, Duration patience) {
    try {
        auto answer = receive(posted, patience);
        posted_.erase(posted);
        if (!answer) {
            hang_up();
            return answer;
        }
        const Reply& reply = answer->reply;
        if (reply.body_case() == Reply::kFailure) {
            const auto& failure = reply.failure();
            return std::unexpected{Failure{failure.code(), failure.message(), failure.remedy()}};
        }
        if (reply.body_case() != expected) {
            return failed(ErrorCode::kUnsupportedVersion,
                          context_.say(Message::kUnexpectedAnswer, context_.api),
                          context_.say(Message::kUnexpectedAnswerRemedy));
        }
        return answer;
    } catch (const zmq::error_t& error) {
        hang_up();
        return failed(ErrorCode::kUnavailable, error.what());
    }
}

void ApiClient::hang_up() {
    socket_.reset();
    forget_posted();
}

}  // namespace tram::cli
