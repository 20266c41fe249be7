#include "tests/rfc/rfc9172_9173/bundles.h"

#include <catch2/catch.hpp>
#include <utility>

#include "proto/bpv7/codec.h"

namespace tram::rfc9173 {

Buffer hex(std::string_view digits) {
    auto bytes = from_hex(digits);
    REQUIRE(bytes);
    return std::move(*bytes);
}

bpv7::Bundle bundle_of(std::string_view digits) {
    auto decoded = bpv7::decode(Bytes{hex(digits)});
    REQUIRE(decoded);
    return std::move(decoded->bundle);
}

std::string wire_of(const bpv7::Bundle& bundle) {
    return to_hex(bpv7::encode(bundle));
}

ErrorCode code_of(const Result<void>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

namespace {

Buffer text(std::string_view characters) {
    const ByteView bytes = as_bytes(characters);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

Buffer hmac_key() {
    return hex("1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b");
}

Buffer aes128_key() {
    return text("qwertyuiopasdfgh");
}

Buffer aes256_key() {
    return text("qwertyuiopasdfghqwertyuiopasdfgh");
}

Buffer wrapping_key() {
    return text("abcdefghijklmnop");
}

Bytes iv() {
    return Bytes{text("Twelve121212")};
}

}  // namespace tram::rfc9173
