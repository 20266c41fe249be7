// What the measurements share: scratch directories, and bare RocksDB to compare with.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace rocksdb {
class DB;
}

namespace tram::bench {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// The two sides take turns this often, so that a disturbance of the disk meets both.
constexpr auto kSlice = std::chrono::milliseconds{50};

struct Tally {
    std::uint64_t bundles = 0;
    Seconds time{0};
    [[nodiscard]] double per_second() const { return static_cast<double>(bundles) / time.count(); }
};

/// The same `size` bytes in every run.
Bytes random_bytes(std::size_t size);

/// RocksDB as it comes, one column family: as many bytes as a record has and the payload, a key each, in
/// synced batches of `concurrency` bundles.
class Reference {
  public:
    Reference(std::size_t size, std::uint64_t concurrency);
    ~Reference();

    /// Errors: io.
    Result<void> open(const std::filesystem::path& directory);
    /// Writes for one slice. Errors: io.
    Result<void> run(Tally& tally);

  private:
    const std::string wire_;
    const std::string record_;
    const std::uint64_t concurrency_;
    std::uint64_t key_ = 0;
    std::unique_ptr<rocksdb::DB> db_;
};

/// A directory of its own, removed at the end; path() is empty when it could not be made.
class ScratchDirectory {
  public:
    explicit ScratchDirectory(const std::filesystem::path& parent);
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace tram::bench
