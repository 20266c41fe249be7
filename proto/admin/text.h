// Text as people write it, made comparable.
//
//   normalized()   valid UTF-8 in Unicode NFC, without control and direction characters: how text is kept
//   fold()         lower case without tones, other marks and the bar of đ: how text is searched
//   fold_tones()   lower case with marks, each word's tones at its end: "Hoá" and "Hóa" are the same word,
//                  "Hoà" is another
//
// Everything that comes in from people, files and peers goes through normalized() once; what is kept is NFC.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/base/error.h"

namespace tram::admin {

/// No text of ours is longer (bytes of UTF-8), before and after normalisation.
inline constexpr std::size_t kTextBytesMax = 64U << 10;

enum class Lines : std::uint8_t {
    kOne,   ///< no line breaks and no tabs
    kMany,  ///< line feeds and tabs may be in it; other line ends become line feeds
};

/// `text` in NFC (Unicode 14), at most `bytes_max` bytes before and after; white space at both ends is gone.
/// Errors: too_large, malformed (no UTF-8; control characters; characters that turn the direction of
/// writing, which can make a number read as another). No error message quotes the text.
Result<std::string> normalized(std::string_view text, Lines lines, std::size_t bytes_max);

/// Whether `text` is what normalized() would return.
[[nodiscard]] bool is_normalized(std::string_view text, Lines lines, std::size_t bytes_max);

/// For search: "Đăng ký khai sinh" -> "dang ky khai sinh". Compatibility forms (full-width digits) become
/// plain; what is neither letter nor digit becomes one space. Empty when `text` is longer than kTextBytesMax
/// or no UTF-8.
std::string fold(std::string_view text);

/// For comparing words whose tones matter: "Hoá", "Hóa" and "HOÁ" give the same. Empty as fold().
std::string fold_tones(std::string_view text);

/// Whether `needle` begins at the beginning of a word in `haystack`; both are from fold(). An empty needle
/// is everywhere. "khai si" is in "dang ky khai sinh"; "hoa" is not in "khoa".
[[nodiscard]] bool contains_folded(std::string_view haystack, std::string_view needle);

/// contains_folded() of texts that are not folded yet.
[[nodiscard]] bool matches_search(std::string_view text, std::string_view searched);

/// Whether a number in the shape of a citizen id is in `text`: 12 digits in a row, or in equal groups of 3, 4
/// or 6 that begin with 0 and are parted by single spaces, dashes, points or strokes (012 345 678 901);
/// full-width digits count, and what cannot be seen does not. Text that is no UTF-8 or longer than
/// kTextBytesMax is taken to have one.
[[nodiscard]] bool has_citizen_id(std::string_view text);

}  // namespace tram::admin
