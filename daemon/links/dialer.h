// Opens a TCP connection to "host:port": resolves the name, then tries its addresses one after the other.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/links/address.h"
#include "daemon/links/asio.h"
#include "proto/base/error.h"
#include "proto/base/time.h"

namespace tram::links {

class Dialer : public std::enable_shared_from_this<Dialer> {
  public:
    explicit Dialer(const Executor& executor);

    /// One attempt, given up after `limit`. Numeric addresses need no resolver (whose look-ups Asio runs on a
    /// thread of its own). Errors: unavailable, with the address and the reason of the last try.
    /// Only one attempt at a time.
    asio::awaitable<Result<Socket>, Executor> dial(HostPort target, Duration limit);
    /// Lets the running attempt fail soon.
    void cancel();

  private:
    asio::awaitable<error_code, Executor> connect(const HostPort& target);

    Resolver resolver_;
    Socket socket_;
    Timer deadline_;
    std::uint64_t attempt_ = 0;
    bool cancelled_ = false;
    bool too_late_ = false;
};

}  // namespace tram::links
