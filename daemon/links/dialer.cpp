#include "daemon/links/dialer.h"

#include <boost/asio/connect.hpp>

namespace tram::links {

Dialer::Dialer(const Executor& executor) : resolver_{executor}, socket_{executor}, deadline_{executor} {}

asio::awaitable<Result<Socket>, Executor> Dialer::dial(HostPort target, Duration limit) {
    cancelled_ = false;
    too_late_ = false;
    socket_ = Socket{socket_.get_executor()};
    deadline_.expires_after(limit);
    // Cancelling the timer comes too late when its handler waits to run, so the handler looks again.
    deadline_.async_wait([self = shared_from_this(), attempt = ++attempt_](error_code error) {
        if (error || attempt != self->attempt_) return;
        self->too_late_ = true;
        self->cancel();
    });
    const error_code error = co_await connect(target);
    ++attempt_;
    deadline_.cancel();
    if (!error && !cancelled_) co_return std::move(socket_);
    co_return fail(
        ErrorCode::kUnavailable,
        "cannot reach " + target.host + " port " + std::to_string(target.port) + ": " +
            (too_late_ ? "no answer within " + std::to_string(limit.count()) + " ms" : error.message()));
}

asio::awaitable<error_code, Executor> Dialer::connect(const HostPort& target) {
    error_code not_numeric;
    const auto address = asio::ip::make_address(target.host, not_numeric);
    if (!not_numeric) {
        const asio::ip::tcp::endpoint endpoint{address, target.port};
        auto [error] = co_await socket_.async_connect(endpoint, kAwait);
        co_return error;
    }
    const std::string service = std::to_string(target.port);
    auto [unresolved, results] = co_await resolver_.async_resolve(target.host, service, kAwait);
    if (unresolved) co_return unresolved;
    if (cancelled_) co_return asio::error::operation_aborted;
    auto [error, endpoint] = co_await asio::async_connect(socket_, results, kAwait);
    co_return error;
}

void Dialer::cancel() {
    cancelled_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace tram::links
