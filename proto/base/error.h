// Expected failures: what went wrong, as a stable code and a sentence for people.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace tram {

/// Stable codes, shown to users as `error: <code>: <reason>`. Their spelling is code_name().
enum class ErrorCode : std::uint8_t {
    kTruncated,           ///< input ended in the middle of an item
    kMalformed,           ///< not what the format's grammar allows
    kTrailingData,        ///< bytes left over after a complete item
    kTooLarge,            ///< a limit of Limits, or the protocol, was exceeded
    kUnsupportedVersion,  ///< a version this program does not speak
    kBadCrc,              ///< a checksum does not match
    kForbidden,           ///< well formed, but a rule of the specification forbids it
    kInvalidArgument,     ///< a value given by a user or caller is not usable
    kNotFound,            ///< no such bundle, endpoint, peer, file or key
    kAmbiguous,           ///< an abbreviated name matches more than one thing
    kFull,                ///< a quota or the disk is full
    kDuplicate,           ///< it was here before
    kExpired,             ///< its lifetime is over
    kCorrupt,             ///< stored data is damaged
    kIo,                  ///< the operating system refused an operation
    kUnavailable,         ///< the other side is not there or not ready
    kBusy,                ///< in use by somebody else
};

/// The stable spelling of `code`, such as "bad_crc".
std::string_view code_name(ErrorCode code);

struct Error {
    ErrorCode code;
    std::string message;  ///< one sentence that says what is wrong and, where known, what to do
};

template <typename T>
using Result = std::expected<T, Error>;

/// Shorthand for returning a failure from a function that returns Result.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected<Error>{Error{code, std::move(message)}};
}

}  // namespace tram
