// What a node says of itself on the local network, in one datagram:
//
//   "TRAM"  array [version, node id, TCP port, instance, root hint or null, ...]        (CBOR, RFC 8949)
//
// Items that follow are for later versions and are skipped. A beacon proves nothing: it only says where a
// session may be tried.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::links {

inline constexpr std::uint64_t kBeaconVersion = 1;
inline constexpr std::size_t kBeaconBytesMax = 512;

/// The first bytes of the SHA-256 of a root certificate: who has another root need not be called.
using RootHint = std::array<std::uint8_t, 8>;
/// Drawn at each start of a node, so that others notice a restart.
using Instance = std::array<std::uint8_t, 8>;

struct Beacon {
    std::string node_id;
    std::uint16_t port =
        0;  ///< where TCPCL listens at the address that the beacon comes from; 0: it only calls
    Instance instance{};
    std::optional<RootHint> root;  ///< nothing: an open node, without certificates
    friend bool operator==(const Beacon&, const Beacon&) = default;
};

Buffer encode(const Beacon& beacon);

/// Errors: too_large, truncated, malformed, unsupported_version, invalid_argument (no node id).
Result<Beacon> decode_beacon(ByteView datagram);

}  // namespace tram::links
