// The ZeroMQ sockets of the local API on the daemon's io_context: no thread of their own, no hand-over.
//
// ZeroMQ's file descriptor is edge-triggered: after it fired, and after every send, the socket must be read
// until it has nothing more. That rule lives here and nowhere else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace boost::asio {
class io_context;
}

namespace tram::api {

/// One message to or from a client; the first frame is the envelope.
struct Message {
    std::string client;      ///< ZeroMQ's routing id of the client
    bool delimited = false;  ///< the client is a REQ socket: its answers begin with an empty frame
    std::vector<Bytes> frames;
};

struct SocketOptions {
    std::string requests;  ///< endpoint to bind the ROUTER socket to
    std::string events;    ///< endpoint to bind the socket to that SUB sockets connect to
    std::size_t frame_bytes_max = 0;
};

class Sockets {
  public:
    using Receiver = std::function<void(Message)>;
    using BurstDone = std::function<void()>;

    /// `burst_done` is called after every run of received messages.
    Sockets(boost::asio::io_context& io, SocketOptions options, Receiver receiver, BurstDone burst_done);
    ~Sockets();

    /// Binds both sockets; for ipc:// the directory is made and the files get mode 0660. Errors: io, busy
    /// (another daemon answers there), invalid_argument.
    Result<void> start();
    void stop();
    /// False when the client is gone.
    bool send(const Message& message);
    /// Whether anybody has subscribed to any topic.
    [[nodiscard]] bool has_subscribers() const;
    void publish(const std::string& topic, const std::string& event);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tram::api
