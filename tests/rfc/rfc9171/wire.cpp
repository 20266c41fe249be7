#include "wire.h"

#include <catch2/catch.hpp>

namespace tram::rfc9171 {

Buffer head(std::uint8_t major, std::uint64_t value) {
    const auto first = static_cast<std::uint8_t>(major << 5U);
    int extra = 0;
    std::uint8_t info = 0;
    if (value < 24) {
        return {static_cast<std::uint8_t>(first | value)};
    }
    if (value <= 0xff) {
        extra = 1, info = 24;
    } else if (value <= 0xffff) {
        extra = 2, info = 25;
    } else if (value <= 0xffff'ffff) {
        extra = 4, info = 26;
    } else {
        extra = 8, info = 27;
    }
    Buffer out{static_cast<std::uint8_t>(first | info)};
    for (int i = extra - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return out;
}

Buffer num(std::uint64_t value) {
    return head(0, value);
}

Buffer bytes(ByteView value) {
    Buffer out = head(2, value.size());
    append(out, value);
    return out;
}

Buffer text(std::string_view value) {
    Buffer out = head(3, value.size());
    append(out, as_bytes(value));
    return out;
}

Buffer boolean(bool value) {
    return {static_cast<std::uint8_t>(value ? 0xf5 : 0xf4)};
}

Buffer array(const std::vector<Buffer>& items) {
    Buffer out = head(4, items.size());
    for (const auto& item : items)
        append(out, item);
    return out;
}

Buffer array(std::initializer_list<Buffer> items) {
    return array(std::vector<Buffer>{items});
}

Buffer indefinite(const std::vector<Buffer>& items) {
    Buffer out{0x9f};
    for (const auto& item : items)
        append(out, item);
    out.push_back(0xff);
    return out;
}

Buffer join(std::initializer_list<Buffer> parts) {
    Buffer out;
    for (const auto& part : parts)
        append(out, part);
    return out;
}

Buffer hex(std::string_view digits) {
    auto out = from_hex(digits);
    REQUIRE(out);
    return *out;
}

// ITU-T X.25: polynomial x^16+x^12+x^5+1, bits reflected, all ones at first, complemented at the end.
std::uint16_t crc16_x25(ByteView data) {
    unsigned crc = 0xffff;
    for (const auto byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x8408U : crc >> 1U;
    }
    return static_cast<std::uint16_t>(~crc);
}

// Castagnoli (RFC 7143): polynomial 0x1EDC6F41, bits reflected, all ones at first, complemented at the end.
std::uint32_t crc32c(ByteView data) {
    std::uint32_t crc = 0xffff'ffff;
    for (const auto byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x82f6'3b78U : crc >> 1U;
    }
    return ~crc;
}

Buffer dtn_none() {
    return array({num(1), num(0)});
}
Buffer dtn(std::string_view ssp) {
    return array({num(1), text(ssp)});
}
Buffer ipn2(std::uint64_t node, std::uint64_t service) {
    return array({num(2), array({num(node), num(service)})});
}
Buffer ipn3(std::uint64_t allocator, std::uint64_t node, std::uint64_t service) {
    return array({num(2), array({num(allocator), num(node), num(service)})});
}

Buffer block_with_crc(std::vector<Buffer> items, std::uint64_t crc_type) {
    if (crc_type == 0) return array(items);
    const std::size_t width = crc_type == 1 ? 2 : 4;
    items.push_back(bytes(Buffer(width, 0)));
    Buffer out = array(items);
    const std::uint32_t crc = crc_type == 1 ? crc16_x25(out) : crc32c(out);
    for (std::size_t i = 0; i < width; ++i) {
        out[out.size() - 1 - i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
    return out;
}

std::vector<Buffer> Primary::items() const {
    std::vector<Buffer> out{num(version),
                            num(flags),
                            num(crc_type),
                            destination,
                            source,
                            report_to,
                            array({num(time), num(sequence)}),
                            num(lifetime)};
    if (fragment) {
        out.push_back(num(fragment->first));
        out.push_back(num(fragment->second));
    }
    return out;
}

Buffer Primary::wire() const {
    return block_with_crc(items(), crc_type);
}

Buffer Canonical::wire() const {
    return block_with_crc({num(type), num(number), num(flags), num(crc_type), bytes(data)}, crc_type);
}

Canonical payload(std::string_view content, std::uint64_t crc_type) {
    const auto view = as_bytes(content);
    return {1, 1, 0, crc_type, Buffer(view.begin(), view.end())};
}

Buffer bundle(const Buffer& primary, const std::vector<Buffer>& blocks) {
    std::vector<Buffer> items{primary};
    items.insert(items.end(), blocks.begin(), blocks.end());
    return indefinite(items);
}

Buffer bundle(const Primary& primary) {
    return bundle(primary.wire(), {payload("hello").wire()});
}

Buffer bundle_with(const std::vector<Canonical>& extensions, const Primary& primary) {
    std::vector<Buffer> blocks;
    for (const auto& block : extensions)
        blocks.push_back(block.wire());
    blocks.push_back(payload("hello").wire());
    return bundle(primary.wire(), blocks);
}

Result<bpv7::Decoded> decoded(const Buffer& wire, bool strict) {
    bpv7::DecodeOptions options;
    options.strict = strict;
    return bpv7::decode(Bytes::copy_of(wire), options);
}

std::optional<ErrorCode> refusal(const Buffer& wire) {
    const auto result = decoded(wire);
    if (result) return std::nullopt;
    CHECK_FALSE(result.error().message.empty());
    return result.error().code;
}

bool noticed(const Buffer& wire) {
    const auto result = decoded(wire);
    return !result || !result->warnings.empty();
}

}  // namespace tram::rfc9171
