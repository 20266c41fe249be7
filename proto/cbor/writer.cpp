#include "proto/cbor/writer.h"

#include <array>
#include <utility>

namespace tram::cbor {

void Writer::write_head(std::uint8_t major, std::uint64_t value) {
    const auto type = static_cast<std::uint8_t>(major << 5);
    if (value < 24) {
        out_.push_back(static_cast<std::uint8_t>(type | value));
        return;
    }
    const std::uint8_t width_log2 = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffff'ffff ? 2 : 3;
    const std::size_t width = std::size_t{1} << width_log2;
    std::array<std::uint8_t, 9> head;
    head[0] = static_cast<std::uint8_t>(type | (24 + width_log2));
    for (std::size_t i = 0; i < width; ++i) {
        head[1 + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
    }
    out_.insert(out_.end(), head.data(), head.data() + 1 + width);
}

void Writer::write_unsigned(std::uint64_t value) {
    write_head(0, value);
}

void Writer::write_integer(std::int64_t value) {
    // The argument of a negative integer n is -1 - n (RFC 8949 3.1), which is the complement of its bits.
    const auto bits = static_cast<std::uint64_t>(value);
    write_head(value < 0 ? 1 : 0, value < 0 ? ~bits : bits);
}

void Writer::write_bytes(ByteView value) {
    write_bytes_head(value.size());
    append(out_, value);
}

void Writer::write_bytes_head(std::size_t size) {
    write_head(2, size);
}

void Writer::write_text(std::string_view value) {
    write_head(3, value.size());
    append(out_, as_bytes(value));
}

void Writer::write_bool(bool value) {
    out_.push_back(value ? 0xf5 : 0xf4);
}

void Writer::write_null() {
    out_.push_back(0xf6);
}

void Writer::write_tag(std::uint64_t tag) {
    write_head(6, tag);
}

void Writer::open_array(std::uint64_t items) {
    write_head(4, items);
}

void Writer::open_map(std::uint64_t pairs) {
    write_head(5, pairs);
}

void Writer::open_indefinite_array() {
    out_.push_back(0x9f);
}

void Writer::write_break() {
    out_.push_back(0xff);
}

void Writer::write_encoded(ByteView item) {
    append(out_, item);
}

Buffer Writer::take() {
    return std::exchange(out_, Buffer{});
}

}  // namespace tram::cbor
