// The areas that this node is in: whose notices it shows, and for which villages it signs.
//
//   18904                          the commune
//   18904/Khâu Slôm                a village of it
//   role:to-cong-nghe-so@18904     those who have a task there
//
// "xa:18904", "xa:18904/*" and "xa:18904/Khâu Slôm" are read as the same. A node is always in the commune of
// its own name. Others come from the configuration, and there they are left too, or are joined while the node
// runs: a row "area/<group endpoint>" each, so that every spelling of a village is the same area.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/admin/places.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

/// The audience of everybody in an area. Errors: invalid_argument.
Result<admin::Audience> parse_area(std::string_view text);
/// How an area is shown: "18904", "18904/Khâu Slôm", "role:to-cong-nghe-so@18904".
std::string area_text(const admin::Audience& area);

enum class AreaOrigin : std::uint8_t { kOwnCommune, kConfigured, kJoined };

struct Area {
    admin::Audience audience;  ///< a commune, one village, or a role
    AreaOrigin origin = AreaOrigin::kJoined;
};

/// What an audience has to do with this node.
struct Concern {
    bool here = false;                       ///< it is meant for this node
    std::vector<admin::Village> villages{};  ///< those of its villages that this node is in
};

class Areas {
  public:
    static constexpr std::size_t kAreasMax = 64;
    using Save = std::function<void(std::string name, Bytes value)>;
    using Erase = std::function<void(std::string name)>;

    Areas(Save save, Erase erase) : save_{std::move(save)}, erase_{std::move(erase)} {}

    /// A row of the store; those of others are no concern of ours. Errors: corrupt, unsupported_version.
    Result<void> restore_state(const std::string& name, ByteView value);
    /// The node's own name and what the configuration says. Returns what is no area, for the log.
    std::vector<Error> configure(std::string_view node_id, const std::vector<std::string>& texts);

    /// Whether it is a new one. Errors: invalid_argument, full.
    Result<bool> join(std::string_view text);
    /// Errors: invalid_argument, not_found, forbidden (it is in the configuration, or the node's own
    /// commune).
    Result<void> leave(std::string_view text);

    [[nodiscard]] Concern concern(const admin::Audience& audience) const;
    /// By group endpoint: a commune before its villages.
    [[nodiscard]] const std::map<std::string, Area>& all() const { return areas_; }

  private:
    Save save_;
    Erase erase_;
    std::map<std::string, Area> areas_;
};

}  // namespace tram::registry
