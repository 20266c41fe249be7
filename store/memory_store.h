// A store in memory with the contract of store.h. Durability is simulated: batches are durable when sync()
// is called, and crash() forgets the others.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

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

    /// Makes everything committed so far durable and tells the listener, once, if there was anything.
    void sync();
    /// Forgets what was committed after the last sync().
    void crash();
    /// As if the disk were full (or had room again): batches with PutBundle are refused by sync().
    void set_full(bool full);

  private:
    struct Row {
        BundleRecord record;
        Bytes wire;
    };
    struct Waiting {
        Ticket ticket = 0;
        Batch batch;
    };

    void apply(Change change);
    void put_bundle(change::PutBundle put);
    void erase_bundle(BundleKey key);

    CommitListener listener_;
    mutable std::mutex mutex_;
    std::map<BundleKey, Row> bundles_;
    std::map<std::string, Tombstone> tombstones_;  // by id
    std::map<std::string, Bytes> state_;
    std::vector<Waiting> waiting_;
    Ticket last_ticket_ = 0;
    bool full_ = false;
    Usage usage_;
};

}  // namespace tram::store
