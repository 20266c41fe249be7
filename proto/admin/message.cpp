#include "proto/admin/message.h"

#include <algorithm>
#include <set>
#include <string>

#include "proto/admin/fields.h"
#include "proto/admin/scan.h"
#include "proto/admin/text.h"

namespace tram::admin {

namespace {

constexpr std::size_t kLengthBytes = 4;

Result<pb::Message> parse(ByteView wire) {
    if (wire.size() > kMessageBytesMax) {
        return fail(ErrorCode::kTooLarge, "a message without its attachments has more than 256 KiB");
    }
    pb::Message message;
    if (!message.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
        return fail(ErrorCode::kMalformed, "not a message of Tram, or a text in it is no UTF-8");
    }
    if (message.version() == 0 || !message.has_head()) {
        return fail(ErrorCode::kMalformed, "a message without version or head");
    }
    return message;
}

bool is_media_type(std::string_view text) {
    const auto belongs = [](char c) {
        return scan::is_lower(c) || scan::is_upper(c) || scan::is_digit(c) || c == '.' || c == '-' ||
               c == '+';
    };
    if (text.size() > 100 || scan::take_while(text, belongs).empty() || !scan::take(text, '/')) return false;
    return !scan::take_while(text, belongs).empty() && text.empty();
}

bool is_file_name(std::string_view name) {
    return !name.empty() && name.front() != '.' && name.find_first_of("/\\") == std::string_view::npos &&
           is_normalized(name, Lines::kOne, limits::kFileNameMax);
}

std::unexpected<Error> at_attachment(std::size_t index, ErrorCode code, std::string_view why) {
    return fail(code, "attachment " + std::to_string(index + 1) + ": " + std::string{why});
}

}  // namespace

void stamp(pb::Message& message) {
    message.set_version(kVersion);
    message.set_oldest_reader_version(1);
}

Result<Bytes> encode_message(const pb::Message& message) {
    const std::size_t size = message.ByteSizeLong();
    if (size > kMessageBytesMax) {
        return fail(ErrorCode::kTooLarge, "a message without its attachments has more than 256 KiB");
    }
    Buffer out(size);
    message.SerializeWithCachedSizesToArray(out.data());
    return Bytes{std::move(out)};
}

Result<pb::Message> decode_message(ByteView wire) {
    auto message = parse(wire);
    if (message && message->oldest_reader_version() > kVersion) {
        return fail(ErrorCode::kUnsupportedVersion, "the message needs a newer program: version " +
                                                        std::to_string(message->oldest_reader_version()) +
                                                        ", here is " + std::to_string(kVersion));
    }
    return message;
}

Result<pb::Head> decode_head(ByteView wire) {
    auto message = parse(wire);
    if (!message) return std::unexpected{std::move(message.error())};
    return std::move(*message->mutable_head());
}

std::uint64_t content_bytes(const pb::Message& message, std::size_t encoded_bytes) {
    std::uint64_t bytes = kLengthBytes + encoded_bytes;
    for (const pb::Attachment& each : message.attachments())
        bytes += each.bytes();
    return bytes;
}

Bytes begin_content(ByteView encoded) {
    const std::size_t size = encoded.size();
    Buffer out;
    out.reserve(kLengthBytes + size);
    for (std::size_t i = kLengthBytes; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
    append(out, encoded);
    return Bytes{std::move(out)};
}

Result<void> check_manifest(const pb::Message& message) {
    const auto& all = message.attachments();
    if (static_cast<std::size_t>(all.size()) > kAttachmentsMax) {
        return fail(ErrorCode::kTooLarge, "a message has at most 64 attachments");
    }
    std::set<std::string> names;
    std::uint64_t together = 0;
    for (int i = 0; i < all.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const pb::Attachment& each = all[i];
        if (each.bytes() > kAttachmentBytesMax)
            return at_attachment(at, ErrorCode::kTooLarge, "it has more than 1 GiB");
        together += each.bytes();
        if (each.bytes() == 0) return at_attachment(at, ErrorCode::kMalformed, "it is empty");
        if (!is_file_name(each.name()))
            return at_attachment(at, ErrorCode::kMalformed, "its name is not a plain file name");
        if (!names.insert(each.name()).second)
            return at_attachment(at, ErrorCode::kMalformed, "another one has the same name");
        if (!is_media_type(each.media_type()))
            return at_attachment(at, ErrorCode::kMalformed,
                                 "its media type is missing, or not like image/jpeg");
        if (each.sha256().size() != std::tuple_size_v<cose::Digest>)
            return at_attachment(at, ErrorCode::kMalformed, "its SHA-256 is missing");
    }
    if (together > kAttachmentsBytesMax) {
        return fail(ErrorCode::kTooLarge, "the attachments together have more than 4 GiB");
    }
    return {};
}

Result<std::vector<ContentReader::Part>> ContentReader::take(ByteView piece) {
    if (!error_) {
        if (auto taken = take_message(piece); !taken) error_ = std::move(taken.error());
    }
    if (!error_ && !message_) return std::vector<Part>{};
    if (!error_) {
        auto parts = take_attachments(piece);
        if (parts) return parts;
        error_ = std::move(parts.error());
    }
    return std::unexpected{*error_};
}

bool ContentReader::complete() const {
    return !error_ && message_ && attachment_ == static_cast<std::size_t>(message_->attachments_size());
}

// Length and message; what remains of `piece` belongs to attachments.
Result<void> ContentReader::take_message(ByteView& piece) {
    if (message_) return {};
    const auto move = [&](Buffer& to, std::size_t until) {
        const std::size_t size = std::min(piece.size(), until - to.size());
        append(to, piece.first(size));
        piece = piece.subspan(size);
        return to.size() == until;
    };
    if (!move(length_, kLengthBytes)) return {};
    std::size_t size = 0;
    for (const std::uint8_t byte : length_)
        size = size << 8 | byte;
    if (size > kMessageBytesMax) {
        return fail(ErrorCode::kTooLarge, "a message without its attachments has more than 256 KiB");
    }
    if (!move(encoded_, size)) return {};
    auto message = decode_message(encoded_);
    if (!message) return std::unexpected{std::move(message.error())};
    if (auto good = check_manifest(*message); !good) return good;
    message_ = std::move(*message);
    return {};
}

Result<std::vector<ContentReader::Part>> ContentReader::take_attachments(ByteView piece) {
    std::vector<Part> parts;
    while (!piece.empty()) {
        if (complete()) {
            return fail(ErrorCode::kTrailingData, "bytes after the last attachment of the manifest");
        }
        const pb::Attachment& of = message_->attachments(static_cast<int>(attachment_));
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), of.bytes() - done_));
        hash_.update(piece.first(size));
        done_ += size;
        parts.push_back({attachment_, piece.first(size), done_ == of.bytes()});
        piece = piece.subspan(size);
        if (!parts.back().last) continue;
        const cose::Digest digest = hash_.finish();
        if (!std::ranges::equal(digest, as_bytes(of.sha256()))) {
            return at_attachment(attachment_, ErrorCode::kBadCrc, "its bytes are not those of the manifest");
        }
        hash_ = cose::Sha256{};
        done_ = 0;
        ++attachment_;
    }
    return parts;
}

}  // namespace tram::admin
