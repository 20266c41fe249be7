// The local numbers that this node gives to requests: each once, whatever becomes of its disk.
//
// A row says which number was given last, in which epoch, and at which place. The place is an opaque text
// that the shell makes of what copies do not share: the machine, and the directory of the store as this file
// system knows it. When the row was written at another place, the disk was cloned or its files restored from
// a backup, and there may be another continuation of it: a new epoch is drawn. The same happens when a store
// that is not new has no good row. Too many epochs harm nobody; a number given twice would.
//
// What no place can tell: a disk that is set back as a whole (an image written over it, a snapshot of a
// virtual machine taken up again on the same machine), and a device set up anew under an old name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/admin/names.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

class Numbers {
  public:
    static constexpr std::string_view kRow = "request_numbers";

    /// The row as it was found.
    void restore(ByteView row);
    /// Before any number is given. `chance`: random bytes; fewer than 4 mean that this node gives no numbers.
    /// `new_store`: nothing was ever stored here. Returns the row to be written when it has changed.
    std::optional<Bytes> start(ByteView place, ByteView chance, bool new_store);

    /// The number after the last one that was given. Errors: unavailable (no chance at start),
    /// invalid_argument (`node_id` is none of a commune's devices), full.
    [[nodiscard]] Result<admin::LocalNumber> next(std::string_view node_id) const;
    /// next() is given from now on. The row, to be written before anybody hears of the number or with it.
    Bytes give();

    [[nodiscard]] admin::Epoch epoch() const { return epoch_; }

  private:
    [[nodiscard]] Bytes encode() const;

    bool started_ = false;
    bool found_ = false;  // a good row
    std::string place_;
    admin::Epoch epoch_;
    std::uint64_t given_ = 0;
};

}  // namespace tram::registry
