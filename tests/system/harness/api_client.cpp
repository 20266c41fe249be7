#include "tests/system/harness/api_client.h"

#include <utility>

namespace tram::harness {

ApiClient::ApiClient(const std::string& endpoint, Reconnect reconnect)
    : socket_{context_, zmq::socket_type::dealer} {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::reconnect_ivl, reconnect == Reconnect::kAlways ? 10 : -1);
    socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.connect(endpoint);
}

std::optional<std::uint64_t> ApiClient::post(pb::Request request, std::optional<ByteView> payload) {
    request.set_id(last_id_ + 1);
    const std::string envelope = request.SerializeAsString();
    const auto more = payload ? zmq::send_flags::sndmore : zmq::send_flags::none;
    if (!socket_.send(zmq::buffer(envelope), more | zmq::send_flags::dontwait)) return std::nullopt;
    if (payload) {
        socket_.send(zmq::const_buffer{payload->data(), payload->size()}, zmq::send_flags::none);
    }
    return ++last_id_;
}

std::optional<Answer> ApiClient::next(milliseconds wait) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(wait.count()));
    zmq::message_t envelope;
    if (!socket_.recv(envelope)) return std::nullopt;
    Answer answer;
    if (!answer.reply.ParseFromArray(envelope.data(), static_cast<int>(envelope.size()))) return std::nullopt;
    while (socket_.get(zmq::sockopt::rcvmore)) {
        zmq::message_t frame;
        if (!socket_.recv(frame)) break;
        answer.payload = Bytes::copy_of({static_cast<const std::uint8_t*>(frame.data()), frame.size()});
    }
    return answer;
}

Result<Answer> ApiClient::call(pb::Request request, std::optional<ByteView> payload, milliseconds wait) {
    const auto end = SteadyClock::now() + wait;
    const auto id = post(std::move(request), payload);
    if (!id) return fail(ErrorCode::kUnavailable, "the connection takes no request");
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - SteadyClock::now());
        auto answer = next(std::max(left, milliseconds{0}));
        if (!answer) return fail(ErrorCode::kUnavailable, "no answer");
        if (answer->reply.id() != *id) continue;  // to a call that was given up
        if (answer->reply.has_failure()) {
            const pb::Failure& failure = answer->reply.failure();
            return fail(ErrorCode::kInvalidArgument, failure.code() + ": " + failure.message());
        }
        return std::move(*answer);
    }
}

Result<pb::StatusReply> ApiClient::status(milliseconds wait) {
    auto answer = call(status_request(), std::nullopt, wait);
    if (!answer) return std::unexpected{std::move(answer.error())};
    return answer->reply.status();
}

Result<std::string> ApiClient::send(const std::string& destination, ByteView payload) {
    auto answer = call(send_request(destination), payload);
    if (!answer) return std::unexpected{std::move(answer.error())};
    return answer->reply.send_bundle().bundle_id();
}

Result<Answer> ApiClient::receive(const std::string& endpoint, milliseconds wait) {
    return call(receive_request(endpoint, wait), std::nullopt, wait + kPatience);
}

Result<void> ApiClient::acknowledge(const std::string& token) {
    auto answer = call(acknowledge_request(token));
    if (!answer) return std::unexpected{std::move(answer.error())};
    return {};
}

pb::Request status_request() {
    pb::Request request;
    request.mutable_status();
    return request;
}

pb::Request send_request(const std::string& destination) {
    pb::Request request;
    request.mutable_send_bundle()->set_destination(destination);
    return request;
}

pb::Request receive_request(const std::string& endpoint, milliseconds wait) {
    pb::Request request;
    request.mutable_receive_bundle()->set_endpoint(endpoint);
    request.mutable_receive_bundle()->set_wait_ms(static_cast<std::uint64_t>(wait.count()));
    return request;
}

pb::Request acknowledge_request(const std::string& token) {
    pb::Request request;
    request.mutable_acknowledge_bundle()->set_token(token);
    return request;
}

}  // namespace tram::harness
