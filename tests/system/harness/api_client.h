// An application of tramd: speaks proto/tram/api.proto over one ZeroMQ connection, and may have many requests
// under way at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tram/api.pb.h"
#include "tests/system/harness/wait.h"

namespace tram::harness {

namespace pb = api::pb;

struct Answer {
    pb::Reply reply;
    Bytes payload;  ///< empty when there is no payload frame
};

/// What a client does when the daemon is not there, or not there any more.
enum class Reconnect : bool {
    kAlways,  ///< waits for one, and gives it the requests that were not sent yet
    kNever,   ///< stays silent: what this client hears comes from one run of the daemon
};

class ApiClient {
  public:
    explicit ApiClient(const std::string& endpoint, Reconnect reconnect = Reconnect::kAlways);

    /// Sends `request`, its id set to the number returned; nothing when the connection takes no more just
    /// now. `payload` becomes the second frame.
    std::optional<std::uint64_t> post(pb::Request request, std::optional<ByteView> payload = std::nullopt);
    /// The next answer, to whichever request; nothing when none came within `wait`.
    std::optional<Answer> next(milliseconds wait);

    /// One request and its answer, with no other under way. A Failure is returned as "code: message" in an
    /// Error, silence as unavailable.
    Result<Answer> call(pb::Request request, std::optional<ByteView> payload = std::nullopt,
                        milliseconds wait = kPatience);

    Result<pb::StatusReply> status(milliseconds wait = kPatience);
    /// The bundle id.
    Result<std::string> send(const std::string& destination, ByteView payload);
    Result<Answer> receive(const std::string& endpoint, milliseconds wait);
    Result<void> acknowledge(const std::string& token);

  private:
    zmq::context_t context_;
    zmq::socket_t socket_;
    std::uint64_t last_id_ = 0;
};

// Requests that several tests make.
pb::Request status_request();
pb::Request send_request(const std::string& destination);
pb::Request receive_request(const std::string& endpoint, milliseconds wait);
pb::Request acknowledge_request(const std::string& token);

}  // namespace tram::harness
