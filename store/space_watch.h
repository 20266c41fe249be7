// Keeps RocksDB from ever meeting a full disk, which its Debian build answers by aborting the process.
//
//   free space          new bundles   erasing, tombstones, state
//   >= reserve          yes           yes
//   <  reserve          refused       yes
//   <  reserve / 2      refused       yes; the reserve file is given up to make room for them
//   <  reserve / 4      refused       refused
//
// The reserve file (as large as the reserve) is made again when there is room for it twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <rocksdb/file_system.h>

#include "proto/base/error.h"

namespace tram::store {

class SpaceWatch {
  public:
    enum class Room : std::uint8_t { kEnough, kErasingOnly, kNone };

    /// `reserve_bytes` zero: no reserve file and no watching.
    SpaceWatch(std::shared_ptr<rocksdb::FileSystem> file_system, std::filesystem::path directory,
               std::uint64_t reserve_bytes);

    /// Opening RocksDB on a full disk aborts the process too: it writes what its log holds as files. Gives up
    /// the reserve file when that helps. `log_bytes` is the size of the log. Errors: full.
    static Result<void> make_room_to_open(rocksdb::FileSystem& file_system,
                                          const std::filesystem::path& directory, std::uint64_t log_bytes);

    /// What may be written now if `upcoming_bytes` are about to be. One system call; more when the reserve
    /// file is made or given up.
    Room check(std::uint64_t upcoming_bytes);
    /// Free bytes for us on the file system; 2^64-1 when that cannot be known.
    [[nodiscard]] std::uint64_t free_bytes() const;

  private:
    void make_reserve();
    void give_up_reserve();

    std::shared_ptr<rocksdb::FileSystem> file_system_;
    std::filesystem::path directory_;
    std::filesystem::path reserve_path_;
    std::uint64_t reserve_bytes_;
    bool reserve_made_ = false;
};

}  // namespace tram::store
