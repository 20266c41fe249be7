// Which devices were heard of in which villages, and when last: what an office knows of those that it has not
// reached.
//
//   row "village/<demux>"    a village, its devices, and the node time of the last word of each
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proto/admin/places.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

struct HeardVillage {
    admin::Village village;
    std::map<std::string, std::uint64_t> devices{};  ///< node id -> node time, in milliseconds
};

class Villages {
  public:
    static constexpr std::size_t kVillagesMax = 1'024;
    static constexpr std::size_t kDevicesMax = 32;  ///< of one village; those not heard of for longest go
    using Save = std::function<void(std::string name, Bytes value)>;

    explicit Villages(Save save) : save_{std::move(save)} {}

    /// A row of the store; those of others are no concern of ours. Errors: corrupt, unsupported_version.
    Result<void> restore_state(const std::string& name, ByteView value);
    /// Something came that was made by `node_id` in `village`. Villages above kVillagesMax are not noted.
    void heard(const admin::Village& village, const std::string& node_id, std::uint64_t node_time_ms);

    /// Null: nobody was heard of there.
    [[nodiscard]] const HeardVillage* find(const admin::Village& village) const;
    /// By demux.
    [[nodiscard]] const std::map<std::string, HeardVillage>& all() const { return villages_; }

  private:
    Save save_;
    std::map<std::string, HeardVillage> villages_;
};

}  // namespace tram::registry
