// Damaged rows: found, moved aside into the column family "quarantine", reported.
#pragma once

#include <string>
#include <string_view>

#include "store/database.h"
#include "store/store.h"

namespace tram::store {

class Quarantine {
  public:
    explicit Quarantine(Database& database) : database_{database} {}

    /// Moves a row that can be read but not believed. The row stays where it is when that fails.
    Damage move(Family family, std::string_view key, std::string_view value, std::string_view reason);
    /// True when a row of that key was moved.
    [[nodiscard]] bool holds(Family family, std::string_view key) const;

  private:
    Database& database_;
};

}  // namespace tram::store
