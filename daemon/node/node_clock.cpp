#include "daemon/node/node_clock.h"

#include <algorithm>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

void NodeClock::start(Now now, std::optional<ByteView> saved) {
    started_ = now.monotonic;
    base_ms_ = 0;
    if (!saved) return;
    cbor::Reader in{*saved};
    in.open_array(2, 2);
    const std::uint64_t node_time = in.read_unsigned();
    const std::uint64_t wall = in.read_unsigned();
    if (!in.ok()) return;
    base_ms_ = node_time;
    if (wall != 0 && now.wall && now.wall->milliseconds > wall) base_ms_ += now.wall->milliseconds - wall;
}

std::uint64_t NodeClock::at(Instant monotonic) const {
    return base_ms_ + static_cast<std::uint64_t>(std::max<Duration::rep>(0, (monotonic - started_).count()));
}

Instant NodeClock::when(std::uint64_t node_time_ms, Instant from) const {
    constexpr std::uint64_t kYear = 366ULL * 24 * 3600 * 1000;
    const std::uint64_t now = at(from);
    const std::uint64_t wait = node_time_ms > now ? std::min(node_time_ms - now, kYear) : 0;
    return from + Duration{static_cast<Duration::rep>(wait)};
}

Bytes NodeClock::save(Now now) const {
    cbor::Writer out;
    out.open_array(2);
    out.write_unsigned(at(now.monotonic));
    out.write_unsigned(now.wall ? now.wall->milliseconds : 0);
    return Bytes{out.take()};
}

}  // namespace tram::node
