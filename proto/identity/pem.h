// PEM (RFC 7468): base64 between "-----BEGIN <label>-----" and "-----END <label>-----".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::identity {

/// Armours `data`, lines of 64 characters.
std::string to_pem(std::string_view label, ByteView data);

/// The contents of the first block with that label. Errors: not_found, malformed.
Result<Buffer> from_pem(std::string_view label, std::string_view text);

struct PemBlock {
    std::string label;
    Buffer data;
};

/// Reads the block after `position`, whatever its label, and moves `position` behind it; nothing when there
/// is none. Text around blocks is ignored. Errors: malformed.
Result<std::optional<PemBlock>> next_pem_block(std::string_view text, std::size_t& position);

}  // namespace tram::identity
