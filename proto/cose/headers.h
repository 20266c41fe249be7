// The two header maps that begin every COSE message (RFC 9052 3): what all kinds of messages share.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::cbor {
class Reader;
}  // namespace tram::cbor

namespace tram::cose {

/// A label or an algorithm: an integer or a text (RFC 9052 1.5).
using Label = std::variant<std::int64_t, std::string_view>;

/// Labels of RFC 9052 3.1 and RFC 9360 2.
namespace header {
inline constexpr std::int64_t kAlgorithm = 1;
inline constexpr std::int64_t kCritical = 2;
inline constexpr std::int64_t kX5t = 34;
}  // namespace header

/// What the headers say, as far as it is of interest here. Views into the message.
struct Headers {
    ByteView protected_bytes;              ///< the protected map, encoded as it stands in the message
    Label algorithm = std::string_view{};  ///< empty text: the protected header names none
    Label x5t_algorithm = std::string_view{};
    ByteView x5t_hash;  ///< x5t of the protected header, empty without
    std::vector<Label> protected_labels;
    std::vector<Label> unprotected_labels;
    std::vector<Label> critical;
};

/// Reads the protected headers, a byte string, and the unprotected ones, a map: two items of `in`, whose
/// sticky error takes what is malformed. No label may occur twice, over both maps.
Headers read_headers(cbor::Reader& in);

/// Whether everything is understood that the message calls critical (RFC 9052 3.1). Errors:
/// unsupported_security, malformed (a critical header that is not there).
Result<void> check_critical(const Headers& headers);

}  // namespace tram::cose
