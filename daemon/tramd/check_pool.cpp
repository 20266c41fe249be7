#include "daemon/tramd/check_pool.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <utility>

#include "daemon/node/checks.h"

namespace tram::tramd {

namespace asio = boost::asio;

namespace {

// One batch takes some milliseconds at most, so that answers flow back while the rest is being checked.
constexpr std::size_t kBatchMax = 64;

/// One core is left to the node.
std::size_t thread_count() {
    return std::clamp(std::thread::hardware_concurrency(), 2U, 3U) - 1;
}

}  // namespace

struct CheckPool::Impl {
    Impl(asio::io_context& io_context, Answer on_answer)
        : io{io_context}, answer{std::move(on_answer)}, threads{thread_count()} {}

    asio::io_context& io;
    Answer answer;
    asio::thread_pool threads;
};

CheckPool::CheckPool(asio::io_context& io, Answer answer)
    : impl_{std::make_shared<Impl>(io, std::move(answer))} {}

CheckPool::~CheckPool() {
    impl_->threads.join();
}

void CheckPool::begin() {
    auto checks = std::exchange(gathered_, {});
    const std::size_t share = (checks.size() + thread_count() - 1) / thread_count();
    const std::size_t size = std::clamp<std::size_t>(share, 1, kBatchMax);
    for (std::size_t begin = 0; begin < checks.size(); begin += size) {
        const auto first = checks.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = checks.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, checks.size()));
        std::vector<node::effect::Check> batch{std::make_move_iterator(first), std::make_move_iterator(last)};
        asio::post(impl_->threads, [weak = std::weak_ptr{impl_}, &io = impl_->io, batch = std::move(batch)] {
            std::vector<node::input::Checked> answers;
            answers.reserve(batch.size());
            for (const node::effect::Check& check : batch) {
                answers.push_back({check.check, node::is_good(check)});
            }
            asio::post(io, [weak, answers = std::move(answers)]() mutable {
                if (const auto alive = weak.lock()) alive->answer(std::move(answers));
            });
        });
    }
}

}  // namespace tram::tramd
