// Which life of its numbers an office is in: its words of a later one outrank those of all before.
//
// A clone of the office's disk, and a backup that was put back, may have said things that this one does not
// know of, under the numbers that it would use next. So at another place (numbers.h) a new epoch begins. It
// is the Unix time where the clock is believed: two restorations of one backup then have different epochs,
// and the later one outranks the earlier. Without a clock it is the last one known and a step by chance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"

namespace tram::registry {

class OfficeEpoch {
  public:
    static constexpr std::string_view kRow = "office_epoch";

    /// The row as it was found.
    void restore(ByteView row);
    /// Before any word is numbered. `is_new`: this office has no dossiers yet. Returns the row to be written
    /// when it has changed.
    std::optional<Bytes> start(ByteView place, ByteView chance, std::optional<std::int64_t> unix_now,
                               bool is_new);

    [[nodiscard]] std::uint32_t value() const { return epoch_; }

  private:
    bool found_ = false;  // a good row
    std::string place_;
    std::uint32_t epoch_ = 0;
};

}  // namespace tram::registry
