#include "store/database_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/table.h>

namespace tram::store {

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

// All memtables together. Not allocated ahead; a bundle that is forwarded before this much has been written
// leaves memory without ever having become a file.
constexpr std::size_t kMemtablesBytes = 16 * kMiB;
constexpr std::size_t kBlockCacheBytes = 2 * kMiB;
constexpr std::size_t kBlobBytesMin = 32 * kKiB;

const std::shared_ptr<rocksdb::TableFactory>& table_factory() {
    static const std::shared_ptr<rocksdb::TableFactory> factory = [] {
        rocksdb::BlockBasedTableOptions table;
        table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes, 0);
        table.block_size = 8 * kKiB;
        return std::shared_ptr<rocksdb::TableFactory>{rocksdb::NewBlockBasedTableFactory(table)};
    }();
    return factory;
}

}  // namespace

rocksdb::DBOptions database_options(rocksdb::Env* env) {
    rocksdb::DBOptions options;
    options.env = env;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.paranoid_checks = true;
    options.db_write_buffer_size = kMemtablesBytes;
    options.max_background_jobs = 2;
    options.max_open_files = 256;
    // One thread writes, so nothing is gained by preparing for more.
    options.allow_concurrent_memtable_write = false;
    options.enable_write_thread_adaptive_yield = false;
    // All column families reach the disk together: the log never outlives a memtable budget, and a flaw in it
    // never leaves one family ahead of another.
    options.atomic_flush = true;
    // After a write error nothing is acknowledged any more, so RocksDB must not repair itself and go on.
    options.max_bgerror_resume_count = 0;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options.max_log_file_size = kMiB;
    options.keep_log_file_num = 2;
    return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family) {
    rocksdb::ColumnFamilyOptions options;
    options.table_factory = table_factory();
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = kMemtablesBytes;
    options.arena_block_size = 64 * kKiB;
    options.max_write_buffer_number = 3;
    if (family == Family::kPayload) {
        options.arena_block_size = 256 * kKiB;
        options.enable_blob_files = true;
        options.min_blob_size = kBlobBytesMin;
        options.enable_blob_garbage_collection = true;
        options.blob_file_size = 64 * kMiB;
    }
    return options;
}

}  // namespace tram::store
