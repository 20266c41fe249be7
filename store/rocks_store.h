// Durable queues on RocksDB.
//
// One thread drains the queue of batches and writes everything it finds as one synced write (group commit):
// while one sync runs, the next group gathers. Opened with kAbsoluteConsistency; see open() for damage.
//
// Column families: "bundle" (records), "payload" (bundle bytes; blob files from 32 KiB), "seen" (tombstones),
// "state" (small values, schema version), "quarantine" (damaged rows).
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
    bool sync = true;                        ///< false only for the control run of fault tests
    std::uint64_t reserve_bytes = 64U << 20; ///< reserve file, so that RocksDB never meets a full disk
    std::uint64_t group_changes_max = 4'096; ///< largest group
    std::shared_ptr<rocksdb::FileSystem> file_system;  ///< nullptr: the real one
};

class RocksStore final : public Store {
  public:
    /// Opens or creates the store. Errors: busy (another process has it), unsupported_version (made by a
    /// newer program), corrupt (acknowledged data is missing compared with the anchor file; the message
    /// says how much and what to do), full (disk), io.
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
