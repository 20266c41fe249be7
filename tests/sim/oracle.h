// The best that any router could do: when each message would arrive if it were alone in the network and the
// future were known.
//
// Earliest arrival in the time-expanded contact graph: a node has to have a whole message before it passes it
// on, a hop takes size / rate of contact time, and a transfer that was cut short goes on in the next contact
// of the same pair. Arriving earlier never makes the next hop later, so that Dijkstra's algorithm holds.
#pragma once

#include <optional>
#include <vector>

#include "tests/sim/contacts.h"
#include "tests/sim/load.h"

namespace tram::sim {

class Oracle {
  public:
    /// `rate`: bytes a second, above 0, of contacts that have none of their own.
    Oracle(const ContactPlan& plan, std::uint64_t rate);

    /// When the last byte of `message` arrives (microseconds), or nothing when that is after
    /// `message.created_us + ttl_s`.
    [[nodiscard]] std::optional<std::int64_t> arrival_us(const Message& message, std::int64_t ttl_s) const;

  private:
    struct Meeting {
        std::int64_t start_us = 0;
        std::int64_t end_us = 0;
        std::uint64_t rate = 0;
    };
    struct Neighbour {
        NodeIndex node = 0;
        std::vector<Meeting> meetings;  // by time, apart from each other
    };
    /// When `bytes` have gone over, beginning at `from_us`; nothing: not before `until_us`.
    static std::optional<std::int64_t> after(const Neighbour& neighbour, std::int64_t from_us,
                                             std::uint64_t bytes, std::int64_t until_us);

    std::vector<std::vector<Neighbour>> neighbours_;  // of each node
};

/// Microseconds that `bytes` take at `rate` bytes a second, rounded up.
[[nodiscard]] constexpr std::int64_t transfer_us(std::uint64_t bytes, std::uint64_t rate) {
    return static_cast<std::int64_t>((bytes * 1'000'000 + rate - 1) / rate);
}

}  // namespace tram::sim
