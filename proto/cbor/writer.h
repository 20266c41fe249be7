// A deterministic CBOR writer (RFC 8949 4.2.1): shortest heads, definite lengths unless asked otherwise.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/bytes.h"

namespace tram::cbor {

class Writer {
  public:
    Writer() = default;
    /// Makes room for `bytes` at once.
    explicit Writer(std::size_t bytes) { out_.reserve(bytes); }

    void write_unsigned(std::uint64_t value);
    /// An unsigned or a negative integer, as the sign wants it.
    void write_integer(std::int64_t value);
    void write_bytes(ByteView value);
    /// The head of a byte string of `size` bytes, for whoever has the bytes elsewhere.
    void write_bytes_head(std::size_t size);
    void write_text(std::string_view value);
    void write_bool(bool value);
    void write_null();
    void write_tag(std::uint64_t tag);
    void open_array(std::uint64_t items);
    void open_map(std::uint64_t pairs);
    void open_indefinite_array();
    void write_break();
    /// Appends bytes that are already CBOR.
    void write_encoded(ByteView item);

    [[nodiscard]] std::size_t size() const { return out_.size(); }
    [[nodiscard]] Buffer& buffer() { return out_; }
    /// The bytes written so far; the writer is empty afterwards.
    [[nodiscard]] Buffer take();

  private:
    void write_head(std::uint8_t major, std::uint64_t value);

    Buffer out_;
};

}  // namespace tram::cbor
