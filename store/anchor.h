// The anchor: a small file beside the database that says how far the store had synced.
//
// RocksDB cannot tell a log whose end was torn from one whose middle was damaged; both recover "up to the
// first flaw". The anchor tells: when fewer row changes come back than it names, acknowledged data is
// missing. Invariant: the number in the file was synced in the database before the file was written.
//
//   tram-anchor 1 <sequence, 20 digits> <CRC-32C of all before, 8 hexadecimal digits> newline
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <rocksdb/file_system.h>
#include <string>

#include "proto/base/error.h"

namespace tram::store {

class Anchor {
  public:
    Anchor(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory);

    /// The recorded sequence number, or nothing when there is no file. Errors: corrupt, io.
    [[nodiscard]] Result<std::optional<std::uint64_t>> read() const;
    /// Replaces the file: written beside it, synced, renamed, directory synced. Errors: full, io.
    Result<void> write(std::uint64_t sequence);

  private:
    std::shared_ptr<rocksdb::FileSystem> file_system_;
    std::string directory_;
    std::string path_;
};

/// Makes directory entries durable. Errors: io.
Result<void> sync_directory(rocksdb::FileSystem& file_system, const std::string& directory);

}  // namespace tram::store
