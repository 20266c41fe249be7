#include "proto/cbor/reader.h"

#include <limits>
#include <string>

namespace tram::cbor {

namespace {

constexpr std::uint8_t kMajorUnsigned = 0;
constexpr std::uint8_t kMajorNegative = 1;
constexpr std::uint8_t kMajorBytes = 2;
constexpr std::uint8_t kMajorText = 3;
constexpr std::uint8_t kMajorArray = 4;
constexpr std::uint8_t kMajorMap = 5;
constexpr std::uint8_t kMajorTag = 6;
constexpr std::uint8_t kMajorSimple = 7;

constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint8_t kBreakByte = 0xff;
constexpr std::uint8_t kFalseByte = 0xf4;
constexpr std::uint8_t kTrueByte = 0xf5;
constexpr std::uint8_t kNullByte = 0xf6;

std::string_view name_of(std::uint8_t initial) {
    static constexpr std::string_view kNames[] = {"an unsigned integer",
                                                  "a negative integer",
                                                  "a byte string",
                                                  "a text string",
                                                  "an array",
                                                  "a map",
                                                  "a tag",
                                                  "a simple value"};
    return initial == kBreakByte ? "a break" : kNames[initial >> 5];
}

/// Length of the UTF-8 sequence at the front of `text`, 0 when it is not valid (RFC 3629 4).
std::size_t utf8_sequence(ByteView text) {
    const std::uint8_t lead = text[0];
    if (lead < 0x80) return 1;
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;   // shorter forms exist
        if (lead == 0xed) high = 0x9f;  // surrogates
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;  // beyond U+10FFFF
    } else {
        return 0;
    }
    if (text.size() < length || text[1] < low || text[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (text[i] < 0x80 || text[i] > 0xbf) return 0;
    }
    return length;
}

bool is_utf8(ByteView text) {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text = text.subspan(length);
    }
    return true;
}

}  // namespace

Reader::Reader(ByteView input, std::size_t depth_max) : input_{input}, depth_max_{depth_max} {}

Type Reader::peek() const {
    if (error_ || at_end()) return Type::kEnd;
    const std::uint8_t initial = input_[offset_];
    if (initial == kBreakByte) return Type::kBreak;
    switch (initial >> 5) {
        case kMajorUnsigned: return Type::kUnsigned;
        case kMajorNegative: return Type::kNegative;
        case kMajorBytes: return Type::kBytes;
        case kMajorText: return Type::kText;
        case kMajorArray: return Type::kArray;
        case kMajorMap: return Type::kMap;
        case kMajorTag: return Type::kTag;
        default: return Type::kSimple;
    }
}

std::optional<Reader::Head> Reader::read_head() {
    if (error_) return std::nullopt;
    if (at_end()) {
        fail(ErrorCode::kTruncated, "the input ends where an item should begin");
        return std::nullopt;
    }
    const std::uint8_t initial = input_[offset_];
    Head head{.major = static_cast<std::uint8_t>(initial >> 5),
              .info = static_cast<std::uint8_t>(initial & 31)};
    if (head.info < 24) {
        head.value = head.info;
        ++offset_;
        return head;
    }
    if (head.info == kIndefinite) {
        ++offset_;
        return head;
    }
    if (head.info > 27) {
        fail(ErrorCode::kMalformed, "reserved additional information (RFC 8949 3)");
        return std::nullopt;
    }
    const std::size_t width = std::size_t{1} << (head.info - 24);
    if (input_.size() - offset_ - 1 < width) {
        fail(ErrorCode::kTruncated, "the input ends in the head of an item");
        return std::nullopt;
    }
    for (std::size_t i = 1; i <= width; ++i)
        head.value = head.value << 8 | input_[offset_ + i];
    const std::uint64_t least = width == 1 ? 24 : std::uint64_t{1} << (4 * width);
    if (head.value < least && head.major != kMajorSimple) shortest_ = false;
    offset_ += 1 + width;
    return head;
}

std::optional<Reader::Head> Reader::expect(std::uint8_t major, std::string_view what) {
    if (error_) return std::nullopt;
    if (!at_end() && input_[offset_] >> 5 != major) {
        fail(ErrorCode::kMalformed,
             std::string{"expected "}.append(what).append(", found ").append(name_of(input_[offset_])));
        return std::nullopt;
    }
    return read_head();
}

std::uint64_t Reader::read_unsigned() {
    // Most numbers of a bundle take one byte: they skip the general way.
    if (ok() && !at_end() && input_[offset_] < 24) return input_[offset_++];
    const std::size_t start = offset_;
    const auto head = expect(kMajorUnsigned, "an unsigned integer");
    if (!head) return 0;
    if (head->info == kIndefinite) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "an integer cannot have indefinite length (RFC 8949 3.2)");
        return 0;
    }
    return head->value;
}

std::int64_t Reader::read_integer() {
    if (peek() != Type::kUnsigned && peek() != Type::kNegative) {
        expect(kMajorUnsigned, "an integer");
        return 0;
    }
    const std::size_t start = offset_;
    const auto head = read_head();
    if (!head) return 0;
    if (head->info == kIndefinite) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "an integer cannot have indefinite length (RFC 8949 3.2)");
        return 0;
    }
    if (head->value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        offset_ = start;
        fail(ErrorCode::kTooLarge, "an integer that does not fit in 64 bits with its sign");
        return 0;
    }
    const auto value = static_cast<std::int64_t>(head->value);
    return head->major == kMajorNegative ? -1 - value : value;
}

ByteView Reader::read_string(std::uint8_t major, std::string_view what, std::size_t bytes_max) {
    const std::size_t start = offset_;
    const auto head = expect(major, what);
    if (!head) return {};
    const std::size_t rest = input_.size() - offset_;
    if (head->info == kIndefinite) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "a string of indefinite length is not allowed here");
    } else if (head->value > bytes_max) {
        offset_ = start;
        fail(ErrorCode::kTooLarge, "a string of " + std::to_string(head->value) +
                                       " bytes, above the limit of " + std::to_string(bytes_max));
    } else if (head->value > rest) {
        offset_ = start;
        fail(ErrorCode::kTruncated, "the input ends in a string");
    } else {
        const ByteView value = input_.subspan(offset_, static_cast<std::size_t>(head->value));
        offset_ += value.size();
        return value;
    }
    return {};
}

ByteView Reader::read_bytes(std::size_t bytes_max) {
    return read_string(kMajorBytes, "a byte string", bytes_max);
}

std::string_view Reader::read_text(std::size_t bytes_max) {
    const std::size_t start = offset_;
    const ByteView value = read_string(kMajorText, "a text string", bytes_max);
    if (!is_utf8(value)) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "a text string is not UTF-8 (RFC 8949 3.1)");
        return {};
    }
    return as_text(value);
}

bool Reader::read_bool() {
    if (error_) return false;
    if (at_end()) {
        fail(ErrorCode::kTruncated, "the input ends where an item should begin");
        return false;
    }
    const std::uint8_t initial = input_[offset_];
    if (initial != kFalseByte && initial != kTrueByte) {
        fail(ErrorCode::kMalformed, std::string{"expected true or false, found "}.append(name_of(initial)));
        return false;
    }
    ++offset_;
    return initial == kTrueByte;
}

std::uint64_t Reader::read_tag() {
    const std::size_t start = offset_;
    const auto head = expect(kMajorTag, "a tag");
    if (!head) return 0;
    if (head->info == kIndefinite) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "a tag cannot have indefinite length (RFC 8949 3.2)");
        return 0;
    }
    return head->value;
}

std::optional<std::uint64_t> Reader::open_array() {
    if (ok() && !at_end() && input_[offset_] >= kMajorArray << 5 &&
        input_[offset_] < (kMajorArray << 5) + 24) {
        return input_[offset_++] & 31U;
    }
    const auto head = expect(kMajorArray, "an array");
    // Zero items, not "indefinite": a caller that loops until the break ends on either.
    if (!head) return 0;
    if (head->info == kIndefinite) return std::nullopt;
    return head->value;
}

std::uint64_t Reader::open_array(std::uint64_t min, std::uint64_t max) {
    const std::size_t start = offset_;
    const auto items = open_array();
    if (error_) return 0;
    if (!items || *items < min || *items > max) {
        offset_ = start;
        fail(ErrorCode::kMalformed, items ? "an array of " + std::to_string(*items) + " items, expected " +
                                                std::to_string(min) +
                                                (min == max ? "" : " to " + std::to_string(max))
                                          : std::string{"an array of indefinite length is not allowed here"});
        return 0;
    }
    return *items;
}

void Reader::close_array(const std::optional<std::uint64_t>& opened, std::uint64_t items_read) {
    if (error_) return;
    if (opened) {
        if (*opened == items_read) return;
        fail(ErrorCode::kMalformed,
             "an array of " + std::to_string(*opened) + " items, expected " + std::to_string(items_read));
    } else if (!at_break() && !error_) {
        fail(at_end() ? ErrorCode::kTruncated : ErrorCode::kMalformed,
             "expected the end of an array of " + std::to_string(items_read) + " items");
    }
}

std::uint64_t Reader::open_map(std::uint64_t pairs_max) {
    const std::size_t start = offset_;
    const auto head = expect(kMajorMap, "a map");
    if (!head) return 0;
    if (head->info == kIndefinite) {
        offset_ = start;
        fail(ErrorCode::kMalformed, "a map of indefinite length is not allowed here");
        return 0;
    }
    if (head->value > pairs_max) {
        offset_ = start;
        fail(ErrorCode::kTooLarge, "a map of " + std::to_string(head->value) + " pairs, above the limit of " +
                                       std::to_string(pairs_max));
        return 0;
    }
    return head->value;
}

bool Reader::at_break() {
    if (error_ || at_end() || input_[offset_] != kBreakByte) return false;
    ++offset_;
    return true;
}

bool Reader::at_null() {
    if (error_ || at_end() || input_[offset_] != kNullByte) return false;
    ++offset_;
    return true;
}

void Reader::skip() {
    skip_nested(0);
}

void Reader::skip_nested(std::size_t depth) {
    if (depth > depth_max_) {
        fail(ErrorCode::kTooLarge, "items nest deeper than " + std::to_string(depth_max_));
        return;
    }
    const std::size_t start = offset_;
    const auto head = read_head();
    if (!head) return;
    const bool indefinite = head->info == kIndefinite;
    switch (head->major) {
        case kMajorUnsigned:
        case kMajorNegative:
            if (!indefinite) return;
            break;
        case kMajorBytes:
        case kMajorText:
            if (indefinite) return skip_chunks(head->major);
            offset_ = start;
            read_string(head->major, "a string", input_.size());
            return;
        case kMajorArray:
        case kMajorMap: return skip_items(*head, depth);
        case kMajorTag:
            if (!indefinite) return skip_nested(depth + 1);
            break;
        default:
            // A break belongs to an open item; the two-byte form is only for values from 32 on (RFC
            // 8949 3.3).
            if (!indefinite && !(head->info == 24 && head->value < 32)) return;
            break;
    }
    offset_ = start;
    fail(ErrorCode::kMalformed, "not a well-formed item (RFC 8949 3)");
}

void Reader::skip_chunks(std::uint8_t major) {
    while (ok() && !at_break())
        read_string(major, "a chunk of the same string", input_.size());
}

void Reader::skip_items(const Head& head, std::size_t depth) {
    const bool map = head.major == kMajorMap;
    if (head.info == kIndefinite) {
        while (ok() && !at_break()) {
            skip_nested(depth + 1);
            if (map) skip_nested(depth + 1);
        }
        return;
    }
    // Every item takes a byte at least, so a count beyond the input ends in an error, not in a long loop.
    for (std::uint64_t i = 0; i < head.value && ok(); ++i) {
        skip_nested(depth + 1);
        if (map) skip_nested(depth + 1);
    }
}

void Reader::fail(ErrorCode code, std::string_view message) {
    if (error_) return;
    error_ = Error{code, std::string{message}.append(" (byte ").append(std::to_string(offset_)).append(")")};
}

}  // namespace tram::cbor
