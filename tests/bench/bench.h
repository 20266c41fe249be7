// tram-bench: what the subcommands share. Each one measures rows and hands them over as it goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "proto/base/error.h"

namespace tram::bench {

struct Row {
    std::string name;               ///< "case" in the output
    std::uint64_t size = 0;         ///< bytes of a bundle
    std::uint64_t concurrency = 0;  ///< bundles under way at once
    double bundles_per_s = 0;
    double mb_per_s = 0;   ///< 10^6 bytes
    double reference = 0;  ///< bundles/s of what is compared with; 0: nothing is
};
using RowSink = std::function<void(const Row&)>;

struct StoreBenchOptions {
    std::filesystem::path directory;  ///< on the disk to be measured; a subdirectory is made and removed
    double seconds = 2;               ///< for each measurement
};
/// Durable inserts through the store beside RocksDB's own synced batches. Errors: those of the store.
Result<void> bench_store(const StoreBenchOptions& options, const RowSink& sink);

}  // namespace tram::bench
