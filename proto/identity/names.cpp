#include "proto/identity/names.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace tram::identity {

namespace {

constexpr std::string_view kScheme = "dtn://";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}

// What stands between dtn:// and the closing slash; empty when the text has another form.
std::string_view name_of(std::string_view eid) {
    if (!eid.starts_with(kScheme) || !eid.ends_with('/') || eid.size() <= kScheme.size()) return {};
    return eid.substr(kScheme.size(), eid.size() - kScheme.size() - 1);
}

bool begins_with_commune(std::string_view name) {
    return name.size() >= kCommuneDigits && std::ranges::all_of(name.substr(0, kCommuneDigits), is_digit);
}

bool is_node_part(std::string_view part) {
    return !part.empty() && part.size() <= kNodeNameMax && std::ranges::all_of(part, is_name_character) &&
           part.front() != '-' && part.back() != '-';
}

struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t bytes = 0;
};

// The first character of UTF-8 text (RFC 3629), which is not empty.
std::optional<Decoded> first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (byte(0) < 0x80) return Decoded{byte(0), 1};
    const std::size_t bytes = (byte(0) & 0xe0U) == 0xc0   ? 2
                              : (byte(0) & 0xf0U) == 0xe0 ? 3
                              : (byte(0) & 0xf8U) == 0xf0 ? 4
                                                          : 0;
    if (bytes == 0 || text.size() < bytes) return std::nullopt;
    std::uint32_t value = byte(0) & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return std::nullopt;
        value = value << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < kSmallest[bytes] || value > 0x10ffff || surrogate) return std::nullopt;
    return Decoded{value, bytes};
}

bool is_harmless(std::uint32_t c) {
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    const bool line = c == 0x2028 || c == 0x2029;
    const bool direction = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                           (c >= 0x2066 && c <= 0x2069);
    return !control && !line && !direction;
}

}  // namespace

bool is_commune_eid(std::string_view eid) {
    const std::string_view name = name_of(eid);
    return name.size() == kCommuneDigits && begins_with_commune(name);
}

bool is_certifiable_node_id(std::string_view eid) {
    const std::string_view name = name_of(eid);
    return begins_with_commune(name) && name.size() > kCommuneDigits && name[kCommuneDigits] == '-' &&
           is_node_part(name.substr(kCommuneDigits + 1));
}

bool is_display_name(std::string_view name) {
    if (name.size() > kDisplayNameMax) return false;
    while (!name.empty()) {
        const auto character = first_character(name);
        if (!character || !is_harmless(character->code_point)) return false;
        name.remove_prefix(character->bytes);
    }
    return true;
}

std::string commune_eid(std::string_view commune) {
    return std::string{kScheme} + std::string{commune} + '/';
}

std::string_view commune_of(std::string_view eid) {
    if (!is_commune_eid(eid) && !is_certifiable_node_id(eid)) return {};
    return eid.substr(kScheme.size(), kCommuneDigits);
}

}  // namespace tram::identity
