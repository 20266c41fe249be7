// Fingerprints to read aloud: "K7M2-Q 9D3C-V ...": groups of four base32 digits (Crockford's alphabet), each
// with a check character of its own, so that a wrong group is noticed as soon as it is typed or heard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::identity {

inline constexpr std::size_t kCheckGroups = 6;

/// Six groups, 120 bits of BLAKE2b over `data`.
std::string check_groups(ByteView data);

/// Whether what a person typed stands for `data`: case, blanks and dashes do not matter, I and L are 1, O is
/// 0. Errors: invalid_argument that names the first group whose check character is wrong, or says that groups
/// are missing, or that the groups are right in themselves but belong to something else.
Result<void> compare_check_groups(std::string_view typed, ByteView data);

}  // namespace tram::identity
