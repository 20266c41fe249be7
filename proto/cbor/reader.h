// A bounded CBOR reader (RFC 8949) with a sticky error: read straight through and check once.
//
// After the first failure every call returns a zero value and changes nothing; error() keeps the first
// reason with the offset at which it was met. Nothing is copied: strings are views into the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::cbor {

enum class Type : std::uint8_t {
    kUnsigned,
    kNegative,
    kBytes,
    kText,
    kArray,
    kMap,
    kTag,
    kSimple,
    kBreak,
    kEnd
};

class Reader {
  public:
    /// `depth_max` bounds nesting in skip(); arrays that are opened nest as deep as the caller's code.
    explicit Reader(ByteView input, std::size_t depth_max = 16);

    /// The type of the next item without consuming it; kEnd at the end of the input or after an error.
    [[nodiscard]] Type peek() const;

    std::uint64_t read_unsigned();
    /// An unsigned or negative integer that std::int64_t can hold.
    std::int64_t read_integer();
    /// A definite-length byte string; at most `bytes_max` long.
    ByteView read_bytes(std::size_t bytes_max);
    /// A definite-length text string; at most `bytes_max` long and valid UTF-8.
    std::string_view read_text(std::size_t bytes_max);
    bool read_bool();
    std::uint64_t read_tag();

    /// Opens an array; its number of items, or nothing for an indefinite-length one (then read until
    /// at_break(), which consumes the break).
    std::optional<std::uint64_t> open_array();
    /// Opens a definite-length array that must have between `min` and `max` items; their number.
    std::uint64_t open_array(std::uint64_t min, std::uint64_t max);
    /// Ends what open_array() opened after `items_read` items: they must be all for a definite-length array,
    /// and the break must follow for an indefinite-length one.
    void close_array(const std::optional<std::uint64_t>& opened, std::uint64_t items_read);
    /// Opens a definite-length map; its number of pairs, at most `pairs_max`.
    std::uint64_t open_map(std::uint64_t pairs_max);
    /// True, consuming it, when the next byte is the break of an indefinite-length item.
    bool at_break();
    /// True, consuming it, when the next item is null.
    bool at_null();
    /// Skips one whole item of any type.
    void skip();

    [[nodiscard]] std::size_t offset() const { return offset_; }
    [[nodiscard]] bool at_end() const { return offset_ == input_.size(); }
    /// The input between two offsets obtained from offset().
    [[nodiscard]] ByteView between(std::size_t from, std::size_t to) const {
        return input_.subspan(from, to - from);
    }

    /// False once a head was longer than its value needs (RFC 8949 4.2.1); such input is read all the same.
    [[nodiscard]] bool shortest() const { return shortest_; }

    [[nodiscard]] bool ok() const { return !error_; }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    /// Records a failure found by the caller (the first one wins); the message gets the offset added.
    void fail(ErrorCode code, std::string_view message);

  private:
    struct Head {
        std::uint8_t major = 0;
        std::uint8_t info = 0;
        std::uint64_t value = 0;
    };
    std::optional<Head> read_head();
    std::optional<Head> expect(std::uint8_t major, std::string_view what);
    ByteView read_string(std::uint8_t major, std::string_view what, std::size_t bytes_max);
    void skip_nested(std::size_t depth);
    void skip_chunks(std::uint8_t major);
    void skip_items(const Head& head, std::size_t depth);

    ByteView input_;
    std::size_t offset_ = 0;
    std::size_t depth_max_;
    bool shortest_ = true;
    std::optional<Error> error_;
};

}  // namespace tram::cbor
