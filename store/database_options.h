// How RocksDB is set up: for small devices (an idle process below 30 MB) whose disk loses power.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include "store/database.h"

namespace tram::store {

rocksdb::DBOptions database_options(rocksdb::Env* env);
rocksdb::ColumnFamilyOptions family_options(Family family);

}  // namespace tram::store
