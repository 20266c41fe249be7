#include "tests/unit/cli/fake_daemon.h"

#include <zmq.hpp>
#include <zmq_addon.hpp>

namespace tram::cli::test {

FakeDaemon::FakeDaemon(Handler handler)
    : endpoint_{"ipc://" + (directory_.path() / "api").string()}, handler_{std::move(handler)} {
    thread_ = std::jthread{[this] { serve(); }};
    ready_.wait(false);
}

FakeDaemon::~FakeDaemon() {
    stop_ = true;
}

std::vector<api::pb::Request> FakeDaemon::requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

void FakeDaemon::serve() {
    zmq::context_t context;
    zmq::socket_t socket{context, zmq::socket_type::router};
    socket.set(zmq::sockopt::linger, 0);
    socket.bind(endpoint_);
    ready_ = true;
    ready_.notify_all();
    while (!stop_) {
        zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
        if (zmq::poll(&item, 1, std::chrono::milliseconds{20}) == 0) continue;
        std::vector<zmq::message_t> frames;
        if (!zmq::recv_multipart(socket, std::back_inserter(frames)) || frames.size() < 2) continue;
        api::pb::Request request;
        if (!request.ParseFromString(frames[1].to_string())) continue;
        {
            const std::lock_guard lock{mutex_};
            requests_.push_back(request);
        }
        Answer answer = handler_(request, frames.size() > 2 ? frames[2].to_string() : std::string{});
        if (answer.silent) continue;
        answer.reply.set_id(request.id());
        zmq::multipart_t message;
        message.add(std::move(frames[0]));
        message.addstr(answer.reply.SerializeAsString());
        if (!answer.payload.empty()) message.addstr(answer.payload);
        message.send(socket);
    }
}

FakeDaemon::Answer failure(const std::string& code, const std::string& message, const std::string& remedy) {
    FakeDaemon::Answer answer;
    auto& failure = *answer.reply.mutable_failure();
    failure.set_code(code);
    failure.set_message(message);
    failure.set_remedy(remedy);
    return answer;
}

FakeDaemon::Answer done() {
    FakeDaemon::Answer answer;
    answer.reply.mutable_done();
    return answer;
}

}  // namespace tram::cli::test
