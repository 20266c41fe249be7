// Small steps over text of a fixed shape: each takes what it names from the front of `text`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tram::admin::scan {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

/// Everything up to the first character for which `belongs` is false.
template <typename Belongs>
constexpr std::string_view take_while(std::string_view& text, Belongs belongs) {
    const auto end = std::ranges::find_if_not(text, belongs);
    const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
}

constexpr bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// What stands before the first `separator`, which is taken too; everything when there is none.
constexpr std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return taken;
}

constexpr bool within(std::string_view text, std::size_t min, std::size_t max) {
    return text.size() >= min && text.size() <= max;
}

}  // namespace tram::admin::scan
