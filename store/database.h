// The RocksDB database under RocksStore: how it is opened, and what is checked before it is believed.
//
// Opening after a power cut: the log is read with kAbsoluteConsistency, which refuses any flaw. A flaw at its
// end is ordinary (the write that was running was torn), but a flipped bit in the middle looks the same to
// RocksDB and hides everything behind it. So the number of rows that a point-in-time recovery would bring
// back is first found out read-only and compared with the anchor; only when nothing acknowledged is missing
// is the log really recovered that way.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/error.h"
#include "store/anchor.h"

namespace tram::store {

enum class Family : std::uint8_t { kMeta, kBundle, kPayload, kSeen, kState, kQuarantine };
inline constexpr std::size_t kFamilies = 6;
/// Names in RocksDB; kMeta is RocksDB's "default" and holds the schema version.
std::string_view family_name(Family family);

struct DatabaseOptions {
    std::filesystem::path directory;                   ///< of the store; the database is in "rows" below it
    std::shared_ptr<rocksdb::FileSystem> file_system;  ///< never nullptr
    bool accept_missing = false;
};

class Database {
  public:
    /// Opens or creates. Errors: busy, unsupported_version, corrupt, full, io.
    static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    rocksdb::DB& db() { return *db_; }
    rocksdb::ColumnFamilyHandle* family(Family which) { return families_[static_cast<std::size_t>(which)]; }
    Anchor& anchor() { return anchor_; }

    /// To be called now and then by the committing thread: after a compaction met a damaged file, turns
    /// compaction off, so that the readable rows stay usable and the damaged file stays as it is.
    void heed_damage();

    /// Closes without writing memtables or the anchor; what was synced is what is there.
    void close();

  private:
    explicit Database(const DatabaseOptions& options);
    enum class Access : std::uint8_t { kReadWrite, kReadOnly };

    Result<void> check_presence();
    Result<void> check_space();
    Result<void> open_checked();
    Result<void> recover_torn_log(const std::string& flaw);
    rocksdb::Status open_db(Access access, rocksdb::WALRecoveryMode mode);
    Result<std::vector<std::string>> existing_families() const;
    Result<void> check_sequence(const std::string& flaw);
    Result<void> check_schema();
    Result<void> keep_log_aside();

    DatabaseOptions options_;
    std::string rows_path_;
    std::unique_ptr<rocksdb::Env> env_;
    Anchor anchor_;
    bool existed_ = false;
    std::shared_ptr<std::atomic<bool>> damage_met_ = std::make_shared<std::atomic<bool>>(false);
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
    std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
};

/// What a failed RocksDB operation means to callers: full, corrupt, busy or io.
Error error_from(const rocksdb::Status& status, std::string_view doing);

}  // namespace tram::store
