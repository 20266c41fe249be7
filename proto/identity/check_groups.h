// Fingerprints to read aloud: "K7M2-Q 9D3C-V ...": six groups of four base32 digits (Crockford's alphabet:
// no I, L, O, U), each with a check character of its own, so that a wrong group is noticed as soon as it is
// typed or heard.
//
// The check character catches every single wrong character of its group and every two that changed places,
// neighbours or not: digits d1 to d4 and the check character c satisfy
// c + 2*d1 + 4*d2 + 8*d3 + 16*d4 = 0 in GF(32) (polynomial x^5 + x^2 + 1), and the weights differ.
//
// How to compare aloud:
//   1. The two people know each other's voices, or meet. A message on the same channel as the data proves
//      nothing.
//   2. The one who has to believe reads nothing out. The owner reads from the owner's own screen, the other
//      types it in, or follows on the other screen.
//   3. One group at a time, character by character, "dash" before the check character; the listener says
//      "good" after each. All six: whoever compares only the first groups compares what can be forged.
//   4. When something differs, stop. Do not look for an explanation; make a new request.
#pragma once

#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::identity {

inline constexpr std::size_t kCheckGroups = 6;
inline constexpr std::size_t kCheckGroupDigits = 4;

/// Six groups, with blanks between them: the first 120 bits of BLAKE2b (32 bytes, no key) over `data`.
std::string check_groups(ByteView data);

/// Whether what a person typed stands for `data`: case, blanks and dashes do not matter, I and L are 1, O is
/// 0. Errors: invalid_argument that names the first group whose check character is wrong, or says that groups
/// are missing or too many, or that the groups are right in themselves but belong to something else.
Result<void> compare_check_groups(std::string_view typed, ByteView data);

/// The check character of a group; `digits` are four characters of the alphabet.
char check_character(std::string_view digits);

}  // namespace tram::identity
