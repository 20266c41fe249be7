// Contact files: who was, or was planned to be, in range of whom and when.
//
//   # start_s end_s a b ; 0=commune 1-40=village kiosks 41-60=team laptops
//   27959 28085 2 71
//
// One contact a line, sorted by start, times in whole seconds. `#` begins a comment. What follows a `;` in a
// comment may name the roles of nodes; the loads follow them. Plan files have the same shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/error.h"

namespace tram::sim {

/// Number of a simulated device, from 0.
using NodeIndex = std::uint32_t;

/// [start_s, end_s), at least a second long.
struct Contact {
    std::int64_t start_s = 0;
    std::int64_t end_s = 0;
    NodeIndex a = 0;
    NodeIndex b = 0;         ///< above `a`
    std::uint64_t rate = 0;  ///< bytes a second, both directions together; 0: as the world has it
    friend bool operator==(const Contact&, const Contact&) = default;
};

enum class Role : std::uint8_t { kServer, kKiosk, kCarrier };

struct RoleRange {
    NodeIndex first = 0;
    NodeIndex last = 0;
    Role role = Role::kCarrier;
};

struct ContactPlan {
    std::vector<Contact> contacts{};  ///< by start, end, a, b; those of a pair never overlap or touch
    std::vector<RoleRange> roles{};   ///< empty: all nodes are alike
    NodeIndex node_count = 0;         ///< one above the highest that occurs
    std::int64_t end_s = 0;           ///< of the last contact

    [[nodiscard]] std::vector<NodeIndex> nodes_of(Role role) const;
};

inline constexpr NodeIndex kNodesMax = 10'000;
inline constexpr std::int64_t kEndMax_s = 100LL * 366 * 24 * 3600;

/// Contacts sorted; those of a pair that overlap or touch are made one, with the rate of the first.
std::vector<Contact> merged(std::vector<Contact> contacts);

/// Reads the text of a contact file; `name` is for messages. Contacts shorter than a second are made a second
/// long, and those of a pair that overlap or touch become one. Errors: invalid_argument, with the number of
/// the line.
Result<ContactPlan> parse_contacts(std::string_view text, const std::string& name);

/// Errors: not_found, io, and those of parse_contacts().
Result<ContactPlan> read_contacts(const std::string& path);

}  // namespace tram::sim
