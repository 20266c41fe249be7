// The store on its own threads, heard on the node's: commits are answered by one call per group, loads by one
// call per request.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "store/rocks_store.h"

namespace boost::asio {
class io_context;
}

namespace tram::tramd {

class StoreDriver {
  public:
    struct Listener {
        std::function<void(store::Ticket up_to)> persisted;
        std::function<void(const Error&)> failed;  ///< nothing more will become durable
        std::function<void(std::vector<std::pair<store::BundleKey, Result<Bytes>>>)> loaded;
    };

    /// Opens the store. The listener is called on `io`. Errors: those of RocksStore::open().
    static Result<std::unique_ptr<StoreDriver>> open(boost::asio::io_context& io,
                                                     store::RocksStoreOptions options, Listener listener);
    /// Finishes what was committed.
    ~StoreDriver();

    store::Ticket commit(store::Batch batch);
    void load(std::vector<store::BundleKey> keys);
    [[nodiscard]] store::RocksStore& store();

  private:
    struct Impl;
    explicit StoreDriver(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace tram::tramd
