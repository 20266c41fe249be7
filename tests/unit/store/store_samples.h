// What several store tests need: records to store, a place on disk, and a listener that can be waited for.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "store/rocks_store.h"
#include "store/store.h"
#include "tests/temporary_directory.h"

namespace tram::store::test {

using tram::test::TemporaryDirectory;

/// Collects what a CommitListener hears.
class Commits {
  public:
    struct Call {
        Ticket up_to = 0;
        Result<void> outcome;
    };
    CommitListener listener();
    /// Waits, at most 30 s, until `ticket` was reported; its outcome.
    Result<void> wait(Ticket ticket);
    std::vector<Call> calls();
    /// For the next store, whose tickets begin again.
    void forget();

  private:
    std::mutex mutex_;
    std::condition_variable heard_;
    std::vector<Call> calls_;
};

/// Bytes that are different for each seed.
Bytes sample_bytes(std::size_t size, unsigned seed);
BundleRecord sample_record(BundleKey key);
Tombstone sample_tombstone(unsigned number);
Batch put(BundleKey key, std::size_t wire_bytes);
/// As forwarding ends: EraseBundle and the tombstone of `key`.
Batch erase_for_good(BundleKey key);

/// Everything a scan shows, and what was damaged.
struct Contents {
    std::vector<BundleRecord> bundles;
    std::vector<Tombstone> tombstones;
    std::vector<std::pair<std::string, Buffer>> state;
    std::vector<Damage> damage;
    [[nodiscard]] std::vector<BundleKey> keys() const;
};
Contents contents_of(Store& store);

/// Whether two records are equal in every field.
bool same(const BundleRecord& a, const BundleRecord& b);
bool same(const Tombstone& a, const Tombstone& b);

/// Options for a small store below `directory`, without a reserve.
RocksStoreOptions options_for(const std::filesystem::path& directory);

}  // namespace tram::store::test
