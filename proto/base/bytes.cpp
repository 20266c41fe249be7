#include "proto/base/bytes.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "proto/base/check.h"

namespace tram {

Bytes::Bytes(Buffer buffer)
    : owner_{std::make_shared<const Buffer>(std::move(buffer))}, view_{owner_->data(), owner_->size()} {}

Bytes Bytes::copy_of(ByteView view) {
    return Bytes{Buffer(view.begin(), view.end())};
}

Bytes Bytes::slice(std::size_t offset, std::size_t length) const {
    TRAM_CHECK(offset <= view_.size() && length <= view_.size() - offset);
    Bytes part;
    part.owner_ = owner_;
    part.view_ = view_.subspan(offset, length);
    return part;
}

Bytes Bytes::slice(ByteView inside) const {
    if (inside.empty()) return Bytes{};
    TRAM_CHECK(inside.data() >= view_.data() && inside.data() <= view_.data() + view_.size());
    return slice(static_cast<std::size_t>(inside.data() - view_.data()), inside.size());
}

bool operator==(const Bytes& a, const Bytes& b) {
    return std::ranges::equal(a.view_, b.view_);
}

ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 0xf]);
    }
    return text;
}

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<Buffer> from_hex(std::string_view text) {
    Buffer out;
    out.reserve(text.size() / 2);
    int high = -1;
    for (const char c : text) {
        if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
        const int digit = hex_digit(c);
        if (digit < 0) return std::nullopt;
        if (high < 0) {
            high = digit;
        } else {
            out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
            high = -1;
        }
    }
    if (high >= 0) return std::nullopt;
    return out;
}

void append(Buffer& out, ByteView tail) {
    out.insert(out.end(), tail.begin(), tail.end());
}

}  // namespace tram
