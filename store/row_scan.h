// Reads all rows of a column family in key order, and goes on behind damaged parts of its files.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "store/database.h"
#include "store/store.h"

namespace tram::store {

/// Return false to stop.
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;

/// Visits the rows of `family`. A block that cannot be read is skipped, appended to `damage` as a range of
/// keys, and costs the rows of that range only. The result is false when the visitor stopped. Errors: io.
Result<bool> scan_rows(Database& database, Family family, const RowVisitor& visitor,
                       std::vector<Damage>& damage);

}  // namespace tram::store
