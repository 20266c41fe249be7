// Expected failures: what went wrong, as a stable code and a sentence for people.
#pragma once

#include <cstddef>
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

    // Security: who may talk to us (links and certificates).
    kNoTls,                ///< the peer does not offer TLS, and is not configured as plain
    kTlsFailed,            ///< the TLS handshake failed: no common version or cipher, or not TLS at all
    kNoCertificate,        ///< the peer, or this node, has no certificate
    kUnknownAuthority,     ///< a certificate does not lead to a root that is trusted here
    kCertificateExpired,   ///< a certificate's time is over
    kCertificateTooEarly,  ///< a certificate's time has not begun
    kCertificateRevoked,   ///< the authority has revoked it
    kCertificateMisused,   ///< a certificate for another purpose (a sealing key that signs), or malformed
    kWrongNodeId,          ///< the certificate names another node than the one that speaks or signs
    kWrongCommune,         ///< a commune's authority certified a node of another commune

    // Security: who made a bundle (BPSec).
    kUnsigned,             ///< no integrity block covers the payload
    kBadSignature,         ///< a signature or an authentication tag does not match
    kUnknownSigner,        ///< the certificate that the signature names is not known here
    kUnsupportedSecurity,  ///< a security context, algorithm or parameter that is not spoken here
    kNarrowSignature,      ///< the signature leaves out what it must cover (RFC 9172 scope)

    // Security: sealed messages.
    kNoSealingKey,  ///< the recipient has no certificate for sealing, or this node no key to open with
    kNotRecipient,  ///< sealed for others
    kBadSeal,       ///< a piece does not open: altered, out of order, or of another message
    kCutMessage,    ///< the message ends before its last piece
    kForeignChunk,  ///< chunks that contradict each other about their message
    kWrongSender,   ///< the signed header inside names another sender, recipient or message
    kUnknownSuite,  ///< sealed in a way that this program does not know
    kOutdated,      ///< an older number than the one that is known (revocation lists)

    // What messages say.
    kSecret,         ///< marked mật, tối mật or tuyệt mật: must not go through this system
    kPersonalData,   ///< personal data where everybody can read it
    kContradiction,  ///< it says something else than what was said before under the same number
};

/// How many codes there are, for tables by code.
inline constexpr std::size_t kErrorCodes = static_cast<std::size_t>(ErrorCode::kContradiction) + 1;

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
