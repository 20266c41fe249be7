#include "daemon/registry/areas.h"

#include <algorithm>
#include <utility>

#include "proto/admin/names.h"
#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;
using Kind = admin::Audience::Kind;

constexpr std::string_view kRowPrefix = "area/";
constexpr std::string_view kRole = "role:";
constexpr std::string_view kCommune = "xa:";
constexpr std::size_t kCommuneDigits = 5;

std::string key_of(const admin::Audience& area) {
    return area.endpoints().front();
}

/// "18904" of dtn://18904-ks07/; empty for other names.
std::string_view own_commune(std::string_view node_id) {
    constexpr std::string_view kBegin = "dtn://";
    if (!node_id.starts_with(kBegin)) return {};
    const std::string_view name = node_id.substr(kBegin.size());
    const bool of_commune = name.size() > kCommuneDigits && name[kCommuneDigits] == '-';
    const std::string_view commune = name.substr(0, kCommuneDigits);
    return of_commune && admin::is_commune_code(commune) ? commune : std::string_view{};
}

}  // namespace

Result<admin::Audience> parse_area(std::string_view text) {
    const auto not_one = [] {
        return fail(
            ErrorCode::kInvalidArgument,
            "not an area; expected a commune like 18904, one village like 18904/DH-07, or a role like "
            "role:to-cong-nghe-so@18904");
    };
    std::string audience{text};
    if (!text.starts_with(kRole)) {
        if (text.starts_with(kCommune)) text.remove_prefix(kCommune.size());
        audience = std::string{kCommune} + std::string{text};
        if (text.size() == kCommuneDigits) audience += "/*";
    }
    auto area = admin::Audience::parse(audience);
    if (!area || (area->kind == Kind::kVillages && area->villages.size() != 1)) return not_one();
    return *area;
}

std::string area_text(const admin::Audience& area) {
    switch (area.kind) {
        case Kind::kCommune: return area.commune;
        case Kind::kVillages: return area.commune + '/' + area.villages.front().text();
        case Kind::kRole: break;
    }
    return area.print();
}

Result<void> Areas::restore_state(const std::string& name, ByteView value) {
    if (!name.starts_with(kRowPrefix)) return {};
    constexpr std::string_view kWhat = "area";
    const auto row = rows::parse<admin::pb::AreaRow>(value, kWhat);
    if (!row) return std::unexpected{row.error()};
    auto area = parse_area(row->text());
    if (!area || name.substr(kRowPrefix.size()) != key_of(*area) || areas_.size() >= kAreasMax)
        return rows::corrupt(kWhat);
    std::string key = key_of(*area);
    areas_.try_emplace(std::move(key), Area{std::move(*area), AreaOrigin::kJoined});
    return {};
}

std::vector<Error> Areas::configure(std::string_view node_id, const std::vector<std::string>& texts) {
    std::vector<Error> unusable;
    for (const std::string& text : texts) {
        auto area = parse_area(text);
        if (!area) {
            unusable.push_back({area.error().code, "node.areas: \"" + text + "\": " + area.error().message});
            continue;
        }
        std::string key = key_of(*area);
        areas_.insert_or_assign(std::move(key), Area{std::move(*area), AreaOrigin::kConfigured});
    }
    if (const std::string_view commune = own_commune(node_id); !commune.empty()) {
        auto area = parse_area(commune);
        std::string key = key_of(*area);
        areas_.insert_or_assign(std::move(key), Area{std::move(*area), AreaOrigin::kOwnCommune});
    }
    return unusable;
}

Result<bool> Areas::join(std::string_view text) {
    auto area = parse_area(text);
    if (!area) return std::unexpected{area.error()};
    std::string key = key_of(*area);
    if (areas_.contains(key)) return false;
    if (areas_.size() >= kAreasMax)
        return fail(ErrorCode::kFull, "a node is in at most 64 areas: leave one first");
    admin::pb::AreaRow row;
    row.set_text(area_text(*area));
    save_(std::string{kRowPrefix} + key, rows::encode(std::move(row)));
    areas_.emplace(std::move(key), Area{std::move(*area), AreaOrigin::kJoined});
    return true;
}

Result<void> Areas::leave(std::string_view text) {
    const auto area = parse_area(text);
    if (!area) return std::unexpected{area.error()};
    const auto found = areas_.find(key_of(*area));
    if (found == areas_.end())
        return fail(ErrorCode::kNotFound, "this node is not in the area " + area_text(*area));
    if (found->second.origin == AreaOrigin::kOwnCommune)
        return fail(ErrorCode::kForbidden, area_text(*area) + " is the commune of this node's own name");
    if (found->second.origin == AreaOrigin::kConfigured) {
        return fail(ErrorCode::kForbidden,
                    "the area " + area_text(*area) +
                        " is in the configuration: take it out of node.areas in tram.toml");
    }
    erase_(std::string{kRowPrefix} + found->first);
    areas_.erase(found);
    return {};
}

Concern Areas::concern(const admin::Audience& audience) const {
    Concern concern;
    for (const auto& [key, area] : areas_) {
        const admin::Audience& mine = area.audience;
        if (mine.commune != audience.commune) continue;
        const bool in_village = mine.kind == Kind::kVillages;
        switch (audience.kind) {
            case Kind::kCommune:
                concern.here = true;
                if (in_village) concern.villages.push_back(mine.villages.front());
                break;
            case Kind::kVillages: {
                const bool named =
                    in_village && std::ranges::any_of(audience.villages, [&](const admin::Village& each) {
                        return each.demux() == mine.villages.front().demux();
                    });
                concern.here = concern.here || named;
                if (named) concern.villages.push_back(mine.villages.front());
                break;
            }
            case Kind::kRole:
                concern.here = concern.here || (mine.kind == Kind::kRole && mine.role == audience.role);
                if (in_village) concern.villages.push_back(mine.villages.front());
                break;
        }
    }
    if (!concern.here) concern.villages.clear();
    return concern;
}

}  // namespace tram::registry
