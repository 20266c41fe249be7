#include "daemon/tramd/store_driver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <utility>

namespace tram::tramd {

namespace asio = boost::asio;

struct StoreDriver::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& io_context, Listener on_events) : io{io_context}, listener{std::move(on_events)} {}

    /// On the store's thread: groups that end while the last call has not run yet share it.
    void committed(store::Ticket up_to, const Result<void>& outcome) {
        {
            const std::lock_guard lock{mutex};
            if (outcome) {
                durable = up_to;
            } else if (!failure) {
                failure = outcome.error();
            }
            if (std::exchange(posted, true)) return;
        }
        asio::post(io, [self = weak_from_this()] {
            if (const auto alive = self.lock()) alive->tell();
        });
    }

    void tell() {
        std::unique_lock lock{mutex};
        posted = false;
        const store::Ticket up_to = durable;
        const auto failed = failure;
        lock.unlock();
        if (up_to > std::exchange(told, up_to)) listener.persisted(up_to);
        if (failed) listener.failed(*failed);
    }

    asio::io_context& io;
    Listener listener;
    std::mutex mutex;
    store::Ticket durable = 0;
    std::optional<Error> failure;
    bool posted = false;
    store::Ticket told = 0;
    std::unique_ptr<store::RocksStore> store;
    asio::thread_pool loader{1};  // reads wait for the disk; the node does not
};

StoreDriver::StoreDriver(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

StoreDriver::~StoreDriver() {
    impl_->loader.join();
    impl_->store.reset();
}

Result<std::unique_ptr<StoreDriver>> StoreDriver::open(asio::io_context& io, store::RocksStoreOptions options,
                                                       Listener listener) {
    auto impl = std::make_shared<Impl>(io, std::move(listener));
    auto store = store::RocksStore::open(
        std::move(options), [raw = impl.get()](store::Ticket up_to, const Result<void>& outcome) {
            raw->committed(up_to, outcome);
        });
    if (!store) return std::unexpected{std::move(store.error())};
    impl->store = std::move(*store);
    return std::unique_ptr<StoreDriver>{new StoreDriver{std::move(impl)}};
}

store::Ticket StoreDriver::commit(store::Batch batch) {
    return impl_->store->commit(std::move(batch));
}

void StoreDriver::load(std::vector<store::BundleKey> keys) {
    asio::post(impl_->loader, [impl = impl_, keys = std::move(keys)] {
        auto wires = impl->store->load(keys);
        std::vector<std::pair<store::BundleKey, Result<Bytes>>> found;
        found.reserve(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i)
            found.emplace_back(keys[i], std::move(wires[i]));
        asio::post(impl->io,
                   [impl, found = std::move(found)]() mutable { impl->listener.loaded(std::move(found)); });
    });
}

store::RocksStore& StoreDriver::store() {
    return *impl_->store;
}

}  // namespace tram::tramd
