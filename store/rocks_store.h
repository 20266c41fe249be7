// Durable queues on RocksDB.
//
// One thread drains the queue of batches and writes everything it finds as one synced write (group commit,
// committer.h). Opening checks that nothing acknowledged is missing (database.h); a full disk is met before
// RocksDB meets it (space_watch.h); damaged rows are kept aside and the others go on (quarantine.h).
//
// Directory: "rows" (RocksDB), "anchor" (how far it had synced), "reserve" (space for bad times),
// "kept-aside" (damaged logs after an accepted loss).
// Column families: "bundle" (records), "payload" (bundle bytes; blob files from 32 KiB), "seen" (tombstones),
// "state" (small values), "quarantine" (damaged rows), "default" (schema version).
#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace tram::store {

struct RocksStoreOptions {
    std::filesystem::path directory;
    bool sync = true;  ///< false only for the control run of fault tests
    /// Space that is kept free, and as much again in a reserve file (space_watch.h); 0: neither.
    std::uint64_t reserve_bytes = 64U << 20;
    std::uint64_t group_changes_max = 4'096;  ///< largest group
    /// Opens although acknowledged data is missing; what is left of it is kept aside. For the operator to
    /// decide, after an error corrupt.
    bool accept_missing = false;
    std::shared_ptr<rocksdb::FileSystem> file_system;  ///< nullptr: the real one
};

class RocksStore final : public Store {
  public:
    /// Opens or creates the store. Errors: busy (another process has it), unsupported_version (made by a
    /// newer program), corrupt (acknowledged data is missing compared with the anchor file; the message
    /// says how much and what to do; nothing was changed), full (disk), io.
    static Result<std::unique_ptr<RocksStore>> open(RocksStoreOptions options, CommitListener listener);
    /// Commits what is queued and closes.
    ~RocksStore() override;

    Ticket commit(Batch batch) override;
    std::vector<Result<Bytes>> load(std::span<const BundleKey> keys) override;
    Result<std::vector<Damage>> scan(const ScanVisitor& visitor) override;
    Usage usage() const override;

    /// Stops without committing what is queued, as a crash would; for fault tests.
    void abandon();

  private:
    struct Impl;
    explicit RocksStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tram::store
