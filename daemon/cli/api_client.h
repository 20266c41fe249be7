// One conversation with tramd over ZeroMQ (proto/tram/api.proto). Requests go one at a time.
#pragma once

#include <memory>
#include <string>
#include <zmq.hpp>

#include "daemon/cli/context.h"
#include "proto/base/bytes.h"
#include "proto/tram/api.pb.h"

namespace tram::cli {

struct Answer {
    api::pb::Reply reply;
    zmq::message_t payload;  ///< the frame after the reply; empty when there is none

    [[nodiscard]] ByteView payload_view() const {
        return {static_cast<const std::uint8_t*>(payload.data()), payload.size()};
    }
};

class ApiClient {
  public:
    /// Does not wait for the daemon; call() does. `context` must outlive this.
    explicit ApiClient(const Context& context) : context_{context} {}
    ~ApiClient();
    ApiClient(const ApiClient&) = delete;
    ApiClient& operator=(const ApiClient&) = delete;

    /// Sends `request` (its id is set here) with `payload` as second frame unless null, and waits at most
    /// context.timeout plus `patience` for an answer of kind `expected`. A Failure that the daemon answers
    /// with is the failure returned. After "unavailable" the next call connects anew.
    Outcome<Answer> call(api::pb::Request& request, api::pb::Reply::BodyCase expected,
                         const ByteView* payload = nullptr, Duration patience = {});

  private:
    Outcome<void> connect();
    Outcome<void> send(const api::pb::Request& request, const ByteView* payload);
    Outcome<Answer> receive(std::uint64_t id, Duration patience);
    [[nodiscard]] std::unexpected<Failure> unreachable() const;

    const Context& context_;
    std::unique_ptr<zmq::context_t> zmq_;
    std::unique_ptr<zmq::socket_t> socket_;
    std::uint64_t last_id_ = 0;
};

}  // namespace tram::cli
