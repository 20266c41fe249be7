#include "daemon/node/types.h"

#include <array>
#include <utility>

namespace tram::node {

std::string bundle_text(ByteView key) {
    const auto id = bpv7::BundleId::from_key(key);
    return id ? id->to_string() : to_hex(key);
}

std::string_view what_name(effect::Notify::What what) {
    using What = effect::Notify::What;
    switch (what) {
        case What::kStored: return "stored";
        case What::kForwarded: return "forwarded";
        case What::kDelivered: return "delivered";
        case What::kExpired: return "expired";
        case What::kCancelled: return "cancelled";
        case What::kRefused: return "refused";
        case What::kRepeated: return "repeated";
        case What::kReassembled: return "reassembled";
        case What::kReported: return "reported";
        case What::kCorrupt: return "corrupt";
        case What::kEvicted: return "evicted";
        case What::kHeld: return "held";
        case What::kPeerUp: return "up";
        case What::kPeerDown: return "down";
        case What::kTrust: return "trust";
        case What::kRevoked: return "revoked";
        case What::kClock: return "clock";
    }
    return "";
}

namespace {

constexpr std::array<std::pair<bpv7::Kind, std::string_view>, 6> kKinds{{
    {bpv7::Kind::kReceipt, "receipt"},
    {bpv7::Kind::kControl, "control"},
    {bpv7::Kind::kRequest, "request"},
    {bpv7::Kind::kUpdate, "update"},
    {bpv7::Kind::kNotice, "notice"},
    {bpv7::Kind::kBulk, "bulk"},
}};

}  // namespace

std::string_view kind_name(bpv7::Kind kind) {
    for (const auto& [value, name] : kKinds) {
        if (value == kind) return name;
    }
    return "bulk";
}

std::optional<bpv7::Kind> kind_from_name(std::string_view name) {
    for (const auto& [value, known] : kKinds) {
        if (known == name) return value;
    }
    return std::nullopt;
}

}  // namespace tram::node
