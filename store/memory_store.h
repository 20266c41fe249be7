// A store in memory with the contract of store.h. Durability is simulated: batches are durable when sync()
// is called, and crash() forgets the others.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "store/store.h"

namespace tram::store {

class MemoryStore final : public Store {
  public:
    /// `listener` is called from inside sync(), on the caller's thread.
    explicit MemoryStore(CommitListener listener);

    Ticket commit(Batch batch) override;
    std::vector<Result<Bytes>> load(std::span<const BundleKey> keys) override;
    Result<std::vector<Damage>> scan(const ScanVisitor& visitor) override;
    Usage usage() const override;

    /// Makes everything committed so far durable and tells the listener.
    void sync();
    /// Forgets what was committed after the last sync().
    void crash();

  private:
    void apply(Change change);

    struct Row {
        BundleRecord record;
        Bytes wire;
    };
    CommitListener listener_;
    mutable std::mutex mutex_;
    std::map<BundleKey, Row> bundles_;
    std::map<std::string, Tombstone> tombstones_;
    std::map<std::string, Bytes> state_;
    std::deque<Batch> waiting_;
    Ticket last_ticket_ = 0;
    Usage usage_;
};

}  // namespace tram::store
