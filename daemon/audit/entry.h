// One line of the audit log: how it is written, and what a line that is there turns out to be.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/audit/audit_log.h"

namespace tram::audit {

/// Longer lines are not written, and not read as entries.
inline constexpr std::size_t kLineBytesMax = 16U << 10;

/// `prev` of the first entry.
std::string no_hash();

/// The line of `act` after `before`, without its line end, and the head that it makes. Texts that are too
/// long are cut; bytes that are no UTF-8 become '?'.
struct Written {
    std::string line;
    Head head;
};
Written write_entry(const Act& act, const Head& before, std::time_t now);

struct Line {
    enum class Kind : std::uint8_t {
        kEntry,  ///< whole, and its hash is right
        kTorn,   ///< the beginning of an entry, as a power cut leaves it
        kBad,    ///< anything else
    };
    Kind kind = Kind::kBad;
    Head head;         ///< of an entry
    std::string prev;  ///< of an entry
    std::string why;   ///< what is wrong with a bad one
};
/// `line` without its line end.
Line read_line(std::string_view line);

}  // namespace tram::audit
