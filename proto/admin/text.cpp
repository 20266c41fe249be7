#include "proto/admin/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utf8proc.h>
#include <vector>

#include "proto/base/check.h"

namespace tram::admin {

namespace {

using CodePoint = utf8proc_int32_t;
using CodePoints = std::vector<CodePoint>;

constexpr int kKeepMarks =
    UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
constexpr int kForSearch = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                           UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;

const utf8proc_uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

// Nothing when `text` is no UTF-8.
std::optional<CodePoints> decompose(std::string_view text, int options) {
    const auto how = static_cast<utf8proc_option_t>(options);
    const auto size = static_cast<utf8proc_ssize_t>(text.size());
    const utf8proc_ssize_t count = utf8proc_decompose(bytes_of(text), size, nullptr, 0, how);
    if (count < 0) return std::nullopt;
    CodePoints points(static_cast<std::size_t>(count));
    const utf8proc_ssize_t written = utf8proc_decompose(bytes_of(text), size, points.data(), count, how);
    TRAM_CHECK(written == count);
    return points;
}

void append_utf8(std::string& out, CodePoint point) {
    std::array<utf8proc_uint8_t, 4> encoded{};
    const utf8proc_ssize_t size = utf8proc_encode_char(point, encoded.data());
    out.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size));
}

std::string composed(CodePoints points) {
    const auto count = static_cast<utf8proc_ssize_t>(points.size());
    const utf8proc_ssize_t kept = utf8proc_normalize_utf32(
        points.data(), count, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    TRAM_CHECK(kept >= 0);
    std::string out;
    out.reserve(static_cast<std::size_t>(kept));
    for (std::size_t i = 0; i < static_cast<std::size_t>(kept); ++i)
        append_utf8(out, points[i]);
    return out;
}

bool turns_direction(CodePoint c) {
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

bool is_control(CodePoint c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

// Line ends of other systems become line feeds.
void unify_line_ends(CodePoints& points) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool pair = points[i] == '\r' && i + 1 < points.size() && points[i + 1] == '\n';
        if (pair) continue;
        points[out++] = points[i] == '\r' ? '\n' : points[i];
    }
    points.resize(out);
}

bool is_space(CodePoint c) {
    return c == ' ' || c == '\n' || c == '\t' || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

void trim(CodePoints& points) {
    const auto last = std::ranges::find_if_not(points.rbegin(), points.rend(), is_space).base();
    points.erase(last, points.end());
    points.erase(points.begin(), std::ranges::find_if_not(points, is_space));
}

bool is_word_part(CodePoint c) {
    switch (utf8proc_category(c)) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO: return true;
        default: return false;
    }
}

// huyền, sắc, ngã, hỏi, nặng.
bool is_tone(CodePoint c) {
    return c == 0x0300 || c == 0x0301 || c == 0x0303 || c == 0x0309 || c == 0x0323;
}

// đ has no decomposition; ð and its capital are what some keyboards give for it.
CodePoint without_bar(CodePoint c) {
    return c == 0x0111 || c == 0x00f0 ? 'd' : c;
}

// Words with one space between them; each goes through `finish` before it is appended.
template <typename Finish>
std::string words_of(const CodePoints& points, Finish finish) {
    std::string out;
    CodePoints word;
    const auto flush = [&] {
        if (word.empty()) return;
        if (!out.empty()) out += ' ';
        finish(word, out);
        word.clear();
    };
    for (const CodePoint c : points) {
        if (is_word_part(c)) {
            word.push_back(c);
        } else {
            flush();
        }
    }
    flush();
    return out;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Groups of digits with single spaces or dashes between them, beginning at `at`, which moves behind them.
std::vector<std::string_view> groups_from(std::string_view plain, std::size_t& at) {
    std::vector<std::string_view> groups;
    while (at < plain.size() && is_digit(plain[at])) {
        const std::size_t begin = at;
        while (at < plain.size() && is_digit(plain[at]))
            ++at;
        groups.push_back(plain.substr(begin, at - begin));
        static constexpr std::string_view kBetween = " -./";
        const bool goes_on = at + 1 < plain.size() && kBetween.contains(plain[at]) && is_digit(plain[at + 1]);
        if (goes_on) ++at;
    }
    return groups;
}

// Telephone numbers (4-3-3) and sums of money (parted by dots) must pass: only equal groups count.
bool is_citizen_id(const std::vector<std::string_view>& groups) {
    constexpr std::size_t kDigits = 12;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::size_t size = groups[i].size();
        if (size == kDigits) return true;
        const bool may_begin = (size == 3 || size == 4 || size == 6) && groups[i].front() == '0';
        if (!may_begin || i + kDigits / size > groups.size()) continue;
        const auto begin = groups.begin() + static_cast<std::ptrdiff_t>(i);
        const auto end = begin + static_cast<std::ptrdiff_t>(kDigits / size);
        if (std::all_of(begin, end, [&](std::string_view each) { return each.size() == size; })) return true;
    }
    return false;
}

}  // namespace

Result<std::string> normalized(std::string_view text, Lines lines, std::size_t bytes_max) {
    const auto too_large = [&] {
        return fail(ErrorCode::kTooLarge, "a text has more than " + std::to_string(bytes_max) + " bytes");
    };
    if (text.size() > std::min(bytes_max, kTextBytesMax)) return too_large();
    auto points = decompose(text, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    if (!points) return fail(ErrorCode::kMalformed, "a text is not valid UTF-8");
    if (lines == Lines::kMany) unify_line_ends(*points);
    trim(*points);
    for (const CodePoint c : *points) {
        const bool layout = lines == Lines::kMany && (c == '\n' || c == '\t');
        if (is_control(c) && !layout) return fail(ErrorCode::kMalformed, "a text has control characters");
        if (turns_direction(c)) {
            return fail(ErrorCode::kMalformed,
                        "a text has characters that turn the direction of writing; leave them out");
        }
    }
    std::string out = composed(std::move(*points));
    if (out.size() > bytes_max) return too_large();
    return out;
}

bool is_normalized(std::string_view text, Lines lines, std::size_t bytes_max) {
    const auto same = normalized(text, lines, bytes_max);
    return same && *same == text;
}

std::string fold(std::string_view text) {
    if (text.size() > kTextBytesMax) return {};
    const auto points = decompose(text, kForSearch);
    if (!points) return {};
    return words_of(*points, [](const CodePoints& word, std::string& out) {
        for (const CodePoint c : word)
            append_utf8(out, without_bar(c));
    });
}

std::string fold_tones(std::string_view text) {
    if (text.size() > kTextBytesMax) return {};
    const auto points = decompose(text, kKeepMarks);
    if (!points) return {};
    return words_of(*points, [](CodePoints& word, std::string& out) {
        const auto tones = std::ranges::stable_partition(word, [](CodePoint c) { return !is_tone(c); });
        std::ranges::sort(tones);
        out += composed(word);
    });
}

bool contains_folded(std::string_view haystack, std::string_view needle) {
    if (needle.empty()) return true;
    std::size_t at = haystack.find(needle);
    while (at != std::string_view::npos) {
        if (at == 0 || haystack[at - 1] == ' ') return true;
        at = haystack.find(needle, at + 1);
    }
    return false;
}

bool matches_search(std::string_view text, std::string_view searched) {
    return contains_folded(fold(text), fold(searched));
}

bool has_citizen_id(std::string_view text) {
    if (text.size() > kTextBytesMax) return true;
    const auto points =
        decompose(text, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_IGNORE);
    if (!points) return true;
    std::string plain;
    for (const CodePoint c : *points)
        plain += c < 0x80 ? static_cast<char>(c) : '?';
    for (std::size_t begin = 0; begin < plain.size();) {
        if (!is_digit(plain[begin])) {
            ++begin;
            continue;
        }
        if (is_citizen_id(groups_from(plain, begin))) return true;
    }
    return false;
}

}  // namespace tram::admin
