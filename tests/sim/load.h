// What is sent in a simulation: the two loads that routers are measured with.
//
//                    contacts with roles                     contacts without
//   messages         1,500; half kiosk to server, half back  800; any node to any other
//   lifetime         14 days                                 5 days
//   buffers          kiosks, server 2 GB; carriers 200 MB    100 MB
//   sizes            60 % 5 to 50 kB, 30 % 0.2 to 2 MB, 10 % 5 to 20 MB, log-uniform
//   times            uniform, from 15 % of the trace to its end less the lifetime
//
// That is the load `normal`; `heavy` has four times the messages and a quarter of the buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bpv7/codec.h"
#include "tests/sim/contacts.h"

namespace tram::sim {

/// As `Message::to`: every other node that takes what goes to the commune's group (Load::members).
inline constexpr NodeIndex kGroup = 0xffff'ffff;

struct Message {
    std::int64_t created_us = 0;
    NodeIndex from = 0;
    NodeIndex to = 0;
    std::uint64_t bytes = 0;
    bpv7::Urgency urgency = bpv7::Urgency::kNormal;
    std::int64_t ttl_s = 0;  ///< 0: that of the load
};

struct Load {
    std::vector<Message> messages{};       ///< by time
    std::vector<std::uint64_t> buffers{};  ///< of each node, bytes
    std::int64_t ttl_s = 0;
    std::vector<NodeIndex> members{};  ///< of the group

    [[nodiscard]] std::int64_t ttl_of(const Message& message) const {
        return message.ttl_s != 0 ? message.ttl_s : ttl_s;
    }
    [[nodiscard]] std::int64_t expires_us(const Message& message) const {
        return message.created_us + ttl_of(message) * 1'000'000;
    }
};

enum class LoadKind : std::uint8_t { kNormal, kHeavy };

/// The buffer of some nodes.
struct BufferRule {
    NodeIndex first = 0;
    NodeIndex last = 0;
    std::uint64_t bytes = 0;
};

/// What differs from the load as above, whatever its kind: these count as they stand.
struct LoadOptions {
    LoadKind kind = LoadKind::kNormal;
    std::optional<std::uint64_t> messages{};
    std::optional<std::int64_t> ttl_s{};
    std::vector<BufferRule> buffers{};  ///< later ones win
};

inline constexpr std::uint64_t kMessagesMax = 1'000'000;

/// "41-90=50M" or "0=2000000000": node or range, bytes with k, M or G for powers of ten. Errors:
/// invalid_argument.
Result<BufferRule> parse_buffer_rule(std::string_view text);

/// Errors: invalid_argument (the trace is too short for the lifetime, there are fewer than two nodes to send
/// between, too many messages).
Result<Load> make_load(const ContactPlan& plan, const LoadOptions& options, std::uint64_t seed);

}  // namespace tram::sim
