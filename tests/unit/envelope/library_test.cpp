// The library is what we take it for: published vectors for every primitive that messages rest on.
#include <catch2/catch.hpp>
#include <sodium.h>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/envelope/envelope.h"

using namespace tram;

namespace {

Buffer hex(std::string_view text) {
    const auto bytes = from_hex(text);
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace

TEST_CASE("XChaCha20-Poly1305 gives the vector of draft-irtf-cfrg-xchacha A.3.1", "[envelope][vectors]") {
    const std::string_view plain =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        "sunscreen "
        "would be it.";
    const Buffer key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const Buffer nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
    const Buffer data = hex("50515253c0c1c2c3c4c5c6c7");
    Buffer sealed(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
    const ByteView message = as_bytes(plain);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, message.data(), message.size(),
                                               data.data(), data.size(), nullptr, nonce.data(), key.data());
    CHECK(
        to_hex(sealed) ==
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64"
        "c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c"
        "97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49");  // tag
}

TEST_CASE("X25519 gives the vectors of RFC 7748 5.2 and 6.1", "[envelope][vectors][rfc7748]") {
    std::array<std::uint8_t, 32> out;
    const Buffer scalar = hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    const Buffer point = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    REQUIRE(crypto_scalarmult(out.data(), scalar.data(), point.data()) == 0);
    CHECK(to_hex(out) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");

    const Buffer bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    const auto bobs = envelope::SealingKey::from_secret(bob);
    REQUIRE(bobs);
    CHECK(to_hex(bobs->public_key()) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const Buffer alice_public = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    REQUIRE(crypto_scalarmult(out.data(), bob.data(), alice_public.data()) == 0);
    CHECK(to_hex(out) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST_CASE("BLAKE2b gives the vector of RFC 7693 appendix A", "[envelope][vectors][rfc7693]") {
    const ByteView abc = as_bytes("abc");
    std::array<std::uint8_t, 64> whole;
    crypto_generichash(whole.data(), whole.size(), abc.data(), abc.size(), nullptr, 0);
    CHECK(to_hex(whole) ==
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
          "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST_CASE("SHA-256 gives the vector of FIPS 180-4 for 'abc'", "[envelope][vectors]") {
    const ByteView abc = as_bytes("abc");
    std::array<std::uint8_t, 32> digest;
    crypto_hash_sha256(digest.data(), abc.data(), abc.size());
    CHECK(to_hex(digest) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
