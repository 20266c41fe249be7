#include "daemon/registry/office_epoch.h"

#include <algorithm>
#include <limits>

#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::uint32_t kEpochMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void OfficeEpoch::restore(ByteView row) {
    const auto read = rows::parse<admin::pb::OfficeEpochRow>(row, "row of an office's epoch");
    if (!read) return;
    found_ = true;
    place_ = read->place();
    epoch_ = read->epoch();
}

std::optional<Bytes> OfficeEpoch::start(ByteView place, ByteView chance, std::optional<std::int64_t> unix_now,
                                        bool is_new) {
    const std::string_view here = as_text(place);
    if (found_ && place_ == here) return std::nullopt;
    if (found_ || !is_new) {
        std::uint64_t epoch = std::uint64_t{epoch_} + 1;
        if (unix_now && *unix_now > 0) {
            epoch = std::max(epoch, static_cast<std::uint64_t>(*unix_now));
        } else if (chance.size() >= 2) {
            epoch += (std::uint64_t{chance[0]} << 8) + chance[1];
        }
        epoch_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(epoch, kEpochMax));
    }
    found_ = true;
    place_ = here;
    admin::pb::OfficeEpochRow row;
    row.set_place(place_);
    row.set_epoch(epoch_);
    return rows::encode(std::move(row));
}

}  // namespace tram::registry
