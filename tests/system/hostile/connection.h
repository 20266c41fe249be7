// One TCP connection of an attacker, in the clear or with TLS of any kind on top. Blocking, with deadlines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "tests/system/harness/wait.h"

namespace tram::hostile {

using harness::milliseconds;

/// How the attacker encrypts. An empty chain: it has no certificate.
struct TlsTerms {
    std::vector<Bytes> chain;  ///< DER, its own first
    Buffer seed;               ///< Ed25519
    bool only_tls12 = false;
};

enum class Side : bool { kCaller, kCalled };

class Connection {
  public:
    /// Calls 127.0.0.1.
    explicit Connection(std::uint16_t port);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Everything is with the kernel; false: the connection is gone.
    bool send(ByteView bytes);
    /// Nothing more will be sent; for connections without TLS.
    void end_sending();
    /// What came within `wait`; nothing: silence. Empty: the end, and ever after.
    std::optional<Buffer> receive(milliseconds wait);
    /// The handshake, as far as this side sees it: with TLS 1.3 a caller learns only later that its
    /// certificate was refused. The peer's certificates are not looked at.
    bool start_tls(Side side, const TlsTerms& terms);

    /// The number of the fatal alert that came (RFC 8446 6).
    [[nodiscard]] std::optional<int> alert() const;

  private:
    friend class Listener;
    struct State;
    explicit Connection(int socket);
    std::unique_ptr<State> state_;
};

/// Where an attacker waits to be called.
class Listener {
  public:
    Listener();
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Throws when nobody calls.
    Connection accept();

  private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace tram::hostile
