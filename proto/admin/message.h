// Messages as bytes.
//
//   content of a message object (proto/envelope)
//   +--------------------+--------------+-------------------------------------------+
//   | length, 4 bytes    | pb::Message  | attachments, in the order of the manifest |
//   | (big-endian)       |              |                                           |
//   +--------------------+--------------+-------------------------------------------+
//
// Everything is bounded before it is believed; what this program does not know is kept and written again. For
// text that is no UTF-8 protobuf writes a line to its own log, without the text: a program that reads what
// strangers send gives protobuf a log handler.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

/// The version of messages that this program writes, and reads to the full.
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::string_view kContentType = "application/x-tram-message";

inline constexpr std::size_t kMessageBytesMax = 256U << 10;  ///< without attachments
inline constexpr std::size_t kAttachmentsMax = 64;
inline constexpr std::uint64_t kAttachmentBytesMax = 1ULL << 30;   ///< each
inline constexpr std::uint64_t kAttachmentsBytesMax = 4ULL << 30;  ///< together

/// Sets the versions of a new message. Call it for what this node makes, never for what it passes on.
void stamp(pb::Message& message);

/// Brings every text of `message` into NFC and checks its bound. Call it for what comes from people or
/// applications, before rules. Errors: malformed, too_large, with the field's name and never its value.
Result<void> normalize(pb::Message& message);

/// The encoded message. Errors: too_large.
Result<Bytes> encode_message(const pb::Message& message);
/// Errors: too_large, malformed, unsupported_version (its writer wants newer readers: decode_head() still
/// tells what it is about; pass it on as it is).
Result<pb::Message> decode_message(ByteView wire);
/// Kind, numbers and title of a message of any version. Errors: too_large, malformed.
Result<pb::Head> decode_head(ByteView wire);

/// How long the content is: length, message and attachments.
std::uint64_t content_bytes(const pb::Message& message, std::size_t encoded_bytes);
/// What stands before the attachments' bytes.
Bytes begin_content(ByteView encoded);

/// Takes content in pieces as they come out of the envelope, and checks attachments against the manifest.
class ContentReader {
  public:
    /// Bytes of an attachment, a view into the piece that was taken.
    struct Part {
        std::size_t attachment = 0;  ///< index into the manifest
        ByteView bytes;
        bool last = false;  ///< the attachment is complete and its digest is right
    };

    /// Takes the next content; the parts of attachments in it, in order. After an error every call returns
    /// it. Errors: those of decode_message() and check_manifest(); bad_crc (an attachment's digest is not
    /// that of the manifest), trailing_data.
    Result<std::vector<Part>> take(ByteView piece);
    /// Once it was read; unsupported_version of take() comes without one, but with encoded_message().
    [[nodiscard]] const pb::Message* message() const { return message_ ? &*message_ : nullptr; }
    [[nodiscard]] ByteView encoded_message() const { return encoded_; }
    /// Message and all attachments were taken.
    [[nodiscard]] bool complete() const;

  private:
    Result<void> take_message(ByteView& piece);
    Result<std::vector<Part>> take_attachments(ByteView piece);

    Buffer length_;
    Buffer encoded_;
    std::optional<pb::Message> message_;
    std::size_t attachment_ = 0;
    std::uint64_t done_ = 0;  // bytes of the attachment
    cose::Sha256 hash_;
    std::optional<Error> error_;
};

/// Whether attachments are as a manifest may have them: number, sizes, names (file names, each once), media
/// types, digests. Errors: too_large, malformed, with the attachment's place and never its name.
Result<void> check_manifest(const pb::Message& message);

}  // namespace tram::admin
