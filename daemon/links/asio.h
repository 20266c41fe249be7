// The names this folder uses of Boost.Asio. Everything is bound to io_context's own executor, which saves
// the type-erased one a virtual call and a reference count per operation. Include in .cpp files and in
// headers that only they include.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <type_traits>
#include <utility>

namespace tram::links {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Task = asio::awaitable<void, Executor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Completion by co_await, errors as a value: `auto [error, n] = co_await socket.async_write_some(b,
/// kAwait)`.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwait{};

/// Runs the Task that `make_task` returns, beside the caller. `make_task` lives as long as the task and so
/// may hold what the task needs. Tasks report expected errors themselves; an exception is a bug of ours and
/// leaves through io_context::run().
template <typename MakeTask>
    requires std::is_same_v<std::invoke_result_t<MakeTask&>, Task>
void start_task(const Executor& executor, MakeTask make_task) {
    asio::co_spawn(executor, std::move(make_task), [](const std::exception_ptr& bug) {
        if (bug) std::rethrow_exception(bug);
    });
}

}  // namespace tram::links
