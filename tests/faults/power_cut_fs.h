// SimulatedDisk as a file system for RocksDB.
#pragma once

#include <memory>
#include <rocksdb/file_system.h>

#include "tests/faults/simulated_disk.h"

namespace tram::faults {

/// Paths are absolute on the simulated disk. `disk` is shared with whoever cuts its power.
std::shared_ptr<rocksdb::FileSystem> make_power_cut_file_system(std::shared_ptr<SimulatedDisk> disk);

}  // namespace tram::faults
