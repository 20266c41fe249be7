// The bytes of one connection, plain or through TLS, without waiting: each call does what can be done now and
// says what to wait for before the next one.
//
// OpenSSL works directly on the socket. Its record buffers are there only while a record is incomplete; what
// remains of an idle session is OpenSSL's state, keys and the peer's certificate, about 16 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "daemon/links/asio.h"
#include "daemon/links/tls_context.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tcpcl/session.h"

namespace tram::links {

class Wire {
  public:
    enum class Status : std::uint8_t {
        kDone,     ///< the handshake is complete, or `bytes` were moved
        kBlocked,  ///< nothing could be done
        kClosed,   ///< the peer ended its side in good order: FIN, inside TLS close_notify
        kBroken,   ///< the connection is of no more use; failure() says why when TLS knows
    };
    struct Step {
        Status status = Status::kDone;
        std::size_t bytes = 0;
        /// What to wait for before the same is tried again; nothing: there may be more right away.
        std::optional<Socket::wait_type> wait{};
    };

    /// `socket` is non-blocking and outlives this.
    explicit Wire(Socket& socket) : socket_{&socket} {}
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// From here on there is TLS. `context` must outlive this.
    void start_tls(const TlsContext& context, tcpcl::Role role);
    Step shake_hands();
    [[nodiscard]] bool shaking_hands() const { return ssl_ != nullptr && !established_; }
    /// The handshake was completed.
    [[nodiscard]] bool encrypted() const { return established_; }
    /// What the peer's certificate names; empty before encrypted().
    [[nodiscard]] const std::string& proved_node_id() const { return proof_.node_id; }

    Step read(std::span<std::uint8_t> into);
    Step write(ByteView from);
    /// Tells the peer inside TLS that nothing more comes. False: wait until the socket is writable, try
    /// again.
    bool say_goodbye();
    /// Reads into `scratch` what still comes, to be thrown away, TLS or not.
    Step discard(std::span<std::uint8_t> scratch);

    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  private:
    friend struct SocketBio;

    Step after(int result);
    Step read_plain(std::span<std::uint8_t> into);
    Step read_tls(std::span<std::uint8_t> into);

    Socket* socket_;
    PeerProof proof_;
    SslPtr ssl_;
    bool established_ = false;
    bool broken_ = false;
    bool at_end_ = false;                     // the TCP connection has no more to read
    std::optional<std::uint8_t> first_byte_;  // that came since start_tls()
    std::optional<Step> end_;  // of reading, when bytes that came before it were handed out first
    std::optional<Error> failure_;
};

}  // namespace tram::links
