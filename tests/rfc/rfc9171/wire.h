// Bundles built by hand, independently of proto/cbor and proto/bpv7: a mistake shared by our encoder and
// decoder cannot hide behind these. Everything here follows RFC 8949 3 and RFC 9171 4 directly.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/bpv7/codec.h"

namespace tram::rfc9171 {

// CBOR items (RFC 8949 3.1), shortest heads.
Buffer head(std::uint8_t major, std::uint64_t value);
Buffer num(std::uint64_t value);
Buffer bytes(ByteView value);
Buffer text(std::string_view value);
Buffer boolean(bool value);
Buffer array(std::initializer_list<Buffer> items);
Buffer array(const std::vector<Buffer>& items);
/// The items between 9f and ff.
Buffer indefinite(const std::vector<Buffer>& items);
/// One item after the other.
Buffer join(std::initializer_list<Buffer> parts);
/// The bytes of a hexadecimal literal; the test fails when it is not one.
Buffer hex(std::string_view digits);

// Checksums bit by bit from their definitions.
std::uint16_t crc16_x25(ByteView data);
std::uint32_t crc32c(ByteView data);

// Endpoint ids, RFC 9171 4.2.5.1.
Buffer dtn_none();
Buffer dtn(std::string_view ssp);  ///< "//node/demux"
Buffer ipn2(std::uint64_t node, std::uint64_t service);
Buffer ipn3(std::uint64_t allocator, std::uint64_t node, std::uint64_t service);

/// The fields of a primary block (RFC 9171 4.3.1), each as it goes on the wire; the defaults are legal.
struct Primary {
    std::uint64_t version = 7;
    std::uint64_t flags = 0;
    std::uint64_t crc_type = 2;
    Buffer destination = dtn("//b/in");
    Buffer source = dtn("//a/out");
    Buffer report_to = dtn("//a/");
    std::uint64_t time = 819'280'839'425;
    std::uint64_t sequence = 7;
    std::uint64_t lifetime = 3'600'000;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> fragment = std::nullopt;  ///< offset, total

    [[nodiscard]] std::vector<Buffer> items() const;  ///< without the CRC
    [[nodiscard]] Buffer wire() const;
};

/// A canonical block (RFC 9171 4.3.2).
struct Canonical {
    std::uint64_t type = 1;
    std::uint64_t number = 1;
    std::uint64_t flags = 0;
    std::uint64_t crc_type = 0;
    Buffer data;

    [[nodiscard]] Buffer wire() const;
};

/// An array of `items` with, for CRC type 1 or 2, a CRC item added and computed as RFC 9171 4.2.2 says.
Buffer block_with_crc(std::vector<Buffer> items, std::uint64_t crc_type);
Canonical payload(std::string_view content, std::uint64_t crc_type = 0);
/// Primary block, then the canonical blocks in the order given, in an indefinite-length array.
Buffer bundle(const Buffer& primary, const std::vector<Buffer>& blocks);
/// A legal bundle with these primary fields and the payload "hello".
Buffer bundle(const Primary& primary);
/// A legal bundle with these extension blocks before the payload "hello".
Buffer bundle_with(const std::vector<Canonical>& extensions, const Primary& primary = {});

// What our decoder says about it.
Result<bpv7::Decoded> decoded(const Buffer& wire, bool strict = false);
/// The error code, or nothing when the decoder accepted the bytes.
std::optional<ErrorCode> refusal(const Buffer& wire);
/// True when the bytes were refused, or let pass with at least one warning (RFC 9171 4.1 leaves both open
/// for bytes that do not conform).
bool noticed(const Buffer& wire);

}  // namespace tram::rfc9171
