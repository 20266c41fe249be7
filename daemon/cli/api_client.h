// One conversation with tramd over ZeroMQ (proto/tram/api.proto). Requests go one at a time with call(), or
// several at once with post() and then take() for each.
#pragma once

#include <map>
#include <memory>
#include <set>
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

    /// Sends `request` like call() and does not wait: the number to take() the answer with.
    Outcome<std::uint64_t> post(api::pb::Request& request, const ByteView* payload = nullptr);
    /// Waits for the answer to what was posted, like call(). Answers may be taken in any order.
    Outcome<Answer> take(std::uint64_t posted, api::pb::Reply::BodyCase expected, Duration patience = {});
    /// Answers to what was posted before are not wanted any more.
    void forget_posted() { early_.clear(), posted_.clear(); }

  private:
    Outcome<void> connect();
    void hang_up();
    Outcome<void> send(const api::pb::Request& request, const ByteView* payload);
    Outcome<Answer> receive(std::uint64_t id, Duration patience);
    [[nodiscard]] std::unexpected<Failure> unreachable() const;

    const Context& context_;
    std::unique_ptr<zmq::context_t> zmq_;
    std::unique_ptr<zmq::socket_t> socket_;
    std::uint64_t last_id_ = 0;
    std::set<std::uint64_t> posted_;         // not taken yet
    std::map<std::uint64_t, Answer> early_;  // of these, answers that came before they were asked for
};

}  // namespace tram::cli
