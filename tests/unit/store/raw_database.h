// The database of a store without the store: to damage it, and to look at it.
#pragma once

#include <filesystem>
#include <memory>
#include <rocksdb/db.h>
#include <string>
#include <vector>

namespace tram::store::test {

class RawDatabase {
  public:
    explicit RawDatabase(const std::filesystem::path& store_directory,
                         rocksdb::WALRecoveryMode mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency);
    ~RawDatabase();
    RawDatabase(const RawDatabase&) = delete;
    RawDatabase& operator=(const RawDatabase&) = delete;

    [[nodiscard]] std::string get(const std::string& family, const std::string& key);
    void put(const std::string& family, const std::string& key, const std::string& value);
    void flush(const std::string& family);
    [[nodiscard]] std::size_t rows(const std::string& family);

  private:
    rocksdb::ColumnFamilyHandle* handle(const std::string& family);
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

/// Files below `directory` whose name ends in `extension`, the largest first.
std::vector<std::filesystem::path> files_by_size(const std::filesystem::path& directory,
                                                 const std::string& extension);
/// Flips one bit of the byte at `position`.
void flip_bit(const std::filesystem::path& file, std::uintmax_t position);

}  // namespace tram::store::test
