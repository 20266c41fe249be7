// Node time: milliseconds this node has accounted for, through restarts and without a trusted wall clock.
//
// It runs with the monotonic clock while the process lives; its value is persisted now and then, together
// with the wall time if that is trusted. After a restart it goes on from the persisted value, plus the time
// the node was off where both ends of the gap are known.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/time.h"

namespace tram::node {

class NodeClock {
  public:
    /// Goes on from the row that save() wrote, if there is one; a damaged row counts as none.
    void start(Now now, std::optional<ByteView> saved);
    [[nodiscard]] std::uint64_t at(Instant monotonic) const;
    /// The monotonic instant at which node time will be `node_time_ms`, bounded to a year from `from`.
    [[nodiscard]] Instant when(std::uint64_t node_time_ms, Instant from) const;
    /// The row to persist.
    [[nodiscard]] Bytes save(Now now) const;

  private:
    std::uint64_t base_ms_ = 0;
    Instant started_{};
};

}  // namespace tram::node
