// The body of the fuzz target of visit plans: as messages of strangers, and as files of people.
#pragma once

#include <string_view>

#include "proto/base/bytes.h"

namespace tram::fuzz {

/// Decodes `input` as a message; a plan that is accepted must keep to its bounds, be the same again after it
/// was written, and be usable by a router. Aborts when it does not.
void plan_decode(ByteView input);

/// Reads `input` as a plan file: it is a plan that can be published, or problems are named.
void plan_file_read(std::string_view input);

}  // namespace tram::fuzz
