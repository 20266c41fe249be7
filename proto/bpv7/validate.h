// The rules of RFC 9171 about a whole bundle that is well-formed CBOR: what decode() checks last.
#pragma once

#include <string>
#include <vector>

#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpv7 {

/// Rules that are bent often enough to be let pass: returned as sentences with the section.
using Warnings = std::vector<std::string>;

/// Checks flags (4.2.3, 4.2.4), node ids (4.2.5.2), block numbers and order (4.1, 4.3.2), occurrences and
/// data of the extension blocks (4.4), and the protection of the primary block (4.3.1). Errors: forbidden or
/// malformed, naming the section.
Result<Warnings> validate(const Bundle& bundle, const Limits& limits);

}  // namespace tram::bpv7
