// Names of bundles for people: "7KQ4-M2PX-9D3C". Eleven base32 digits (Crockford's alphabet: no I, L, O, U)
// of a BLAKE2b digest of the bundle id's canonical key, and a check digit. The same on every node.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"

namespace tram::node {

inline constexpr std::size_t kShortIdDigits = 12;

/// The short id of bpv7::BundleId::key(), with dashes.
std::string short_id(ByteView bundle_key);

/// What a person typed, without dashes and blanks, upper case, I and L read as 1 and O as 0; nothing when it
/// holds another character or is longer than a short id, or when it is complete and its check digit is wrong.
std::optional<std::string> normalized_short_id(std::string_view typed);

/// Whether `prefix` (normalized) begins the short id `id` (with dashes).
bool short_id_begins(std::string_view id, std::string_view prefix);

}  // namespace tram::node
