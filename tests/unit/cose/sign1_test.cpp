#include "proto/cose/sign1.h"

#include <catch2/catch.hpp>
#include <random>

#include "proto/cbor/writer.h"

using namespace tram;
using cose::Payload;
using cose::SigningKey;

namespace {

const SigningKey& key() {
    static const SigningKey kKey = *SigningKey::from_seed(Buffer(cose::kSeedBytes, 5));
    return kKey;
}

cose::CertificateId signer() {
    return cose::certificate_id(as_bytes("a certificate"));
}

/// A protected header of hand-made pairs, in a COSE_Sign1 whose other parts are good.
Buffer with_protected(std::string_view header_hex, std::string_view unprotected_hex = "a0",
                      std::size_t signature_bytes = 64) {
    cbor::Writer out;
    out.open_array(4);
    out.write_bytes(*from_hex(header_hex));
    out.write_encoded(*from_hex(unprotected_hex));
    out.write_null();
    out.write_bytes(Buffer(signature_bytes, 0));
    return out.take();
}

/// x5t by SHA-256.
const std::string kX5t = "1822822f5820" + std::string(64, '1');

}  // namespace

TEST_CASE("a certificate id is the SHA-256 of its encoding", "[cose][rfc9360]") {
    // FIPS 180-4 example "abc".
    CHECK(to_hex(cose::certificate_id(as_bytes("abc"))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("signed bytes and signature are those of the working group's EdDSA example", "[cose][rfc9052]") {
    // eddsa-sig-01: key "11" is that of RFC 8032 TEST 1.
    const auto example_key =
        SigningKey::from_seed(*from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    const Buffer wire = *from_hex(
        "d284"                                         // tag 18, array of 4
        "45 a201270300"                                // protected: EdDSA, content type 0
        "a1044231 31"                                  // kid "11"
        "54 546869732069732074686520636f6e74656e742e"  // "This is the content."
        "5840 7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
        "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d");
    cose::Sign1 message;
    message.protected_header = Bytes{*from_hex("a201270300")};
    message.payload = Bytes::copy_of(as_bytes("This is the content."));
    message.signature = example_key->sign(cose::signed_bytes(message, {}));
    CHECK(to_hex(message.signature) == to_hex(ByteView{wire}.last(64)));
    CHECK(cose::verify_sign1(message, example_key->public_key(), {}));
    // It names no certificate, so nobody here could say whose it is.
    const auto decoded = cose::decode_sign1(wire);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("a COSE_Sign1 is encoded byte for byte as RFC 9052 wants it", "[cose][rfc9052]") {
    const Bytes wire = cose::sign1(key(), signer(), {}, as_bytes("hi"), Payload::kAttached);
    const std::string hex = to_hex(wire);
    // 84                                array of 4
    //   58 29                           protected header, 41 bytes
    //     a2 01 27                        alg (1): EdDSA (-8)
    //     18 22 82 2f 58 20 ...           x5t (34): [SHA-256 (-16), 32 bytes]
    //   a0                              nothing unprotected
    //   42 6869                         payload
    //   58 40 ...                       signature
    CHECK(hex.substr(0, 24) ==
          "845829a20127182282"
          "2f5820");
    CHECK(hex.substr(24, 64) == to_hex(signer()));
    CHECK(hex.substr(88, 12) ==
          "a0426869"
          "5840");
    CHECK(wire.size() == 114);
}

TEST_CASE("what was signed is read and verified again", "[cose]") {
    const auto how = GENERATE(Payload::kAttached, Payload::kDetached);
    const auto size = GENERATE(as<std::size_t>{}, 0, 1, 23, 24, 1000, 70'000);
    const Buffer payload(size, 0x5a);
    const Buffer aad{1, 2, 3};
    const bool tagged = GENERATE(false, true);
    Buffer wire;
    if (tagged) wire.push_back(0xd2);
    append(wire, cose::sign1(key(), signer(), aad, payload, how));

    const auto message = cose::decode_sign1(wire);
    REQUIRE(message);
    CHECK(message->signer == signer());
    CHECK(message->payload.has_value() == (how == Payload::kAttached));
    const ByteView given = how == Payload::kDetached ? ByteView{payload} : ByteView{};
    CHECK(cose::verify_sign1(*message, key().public_key(), aad, given));

    const auto refused = [](const Result<void>& result) {
        return !result && result.error().code == ErrorCode::kBadSignature;
    };
    CHECK(refused(cose::verify_sign1(*message, key().public_key(), {}, given)));
    const auto other = SigningKey::from_seed(Buffer(cose::kSeedBytes, 6));
    CHECK(refused(cose::verify_sign1(*message, other->public_key(), aad, given)));
    if (how == Payload::kDetached) {
        Buffer longer = payload;
        longer.push_back(0);
        CHECK(refused(cose::verify_sign1(*message, key().public_key(), aad, longer)));
    }
}

TEST_CASE("a byte cannot move between payload and external data", "[cose]") {
    const Bytes wire = cose::sign1(key(), signer(), Buffer{1, 2}, Buffer{3, 4}, Payload::kDetached);
    const auto message = cose::decode_sign1(wire);
    REQUIRE(message);
    CHECK(cose::verify_sign1(*message, key().public_key(), Buffer{1, 2}, Buffer{3, 4}));
    CHECK_FALSE(cose::verify_sign1(*message, key().public_key(), Buffer{1}, Buffer{2, 3, 4}));
    CHECK_FALSE(cose::verify_sign1(*message, key().public_key(), Buffer{1, 2, 3}, Buffer{4}));
}

TEST_CASE("headers that are not ours are read or passed over", "[cose][rfc9052]") {
    struct Case {
        std::string what;
        std::string header;
        std::string unprotected;
    };
    const auto one = GENERATE_COPY(values<Case>({
        {"as ours", "a20127" + kX5t, "a0"},
        {"in another order", "a2" + kX5t + "0127", "a0"},
        {"a kid besides", "a20127" + kX5t, "a104423131"},
        {"an unknown header", "a30127190384f4" + kX5t, "a0"},
        {"an unknown header of text", "a30127616101" + kX5t, "a1616202"},
        {"critical headers that are known", "a3012702820118 22" + kX5t, "a0"},
    }));
    INFO(one.what);
    CHECK(cose::decode_sign1(with_protected(one.header, one.unprotected)));
}

TEST_CASE("headers that another signature would have are not supported", "[cose][rfc9052]") {
    struct Case {
        std::string what;
        std::string header;
        std::string unprotected;
    };
    const auto one = GENERATE_COPY(values<Case>({
        {"an unknown critical header", "a401270281190384190384f4" + kX5t, "a0"},
        {"an unknown critical header that is missing", "a301270281190384" + kX5t, "a0"},
        {"a critical header of text", "a40127028161616161f4" + kX5t, "a0"},
        {"ES256", "a20126" + kX5t, "a0"},
        {"an algorithm of text", "a201654564445341" + kX5t, "a0"},
        {"no algorithm", "a1" + kX5t, "a0"},
        {"the algorithm unprotected", "a1" + kX5t, "a10127"},
        {"nothing protected", "", "a10127"},
        {"an empty map protected", "a0", "a0"},
        {"no certificate", "a10127", "a0"},
        {"the certificate unprotected", "a10127", "a1" + kX5t},
        {"a certificate by SHA-256/64", "a201271822822e48" + std::string(16, '1'), "a0"},
    }));
    INFO(one.what);
    const auto message = cose::decode_sign1(with_protected(one.header, one.unprotected));
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("headers that break the rules are malformed", "[cose][rfc9052]") {
    struct Case {
        std::string what;
        std::string header;
        std::string unprotected;
    };
    const auto one = GENERATE_COPY(values<Case>({
        {"a critical header that is missing", "a30127028104" + kX5t, "a0"},
        {"a critical header that is unprotected", "a30127028104" + kX5t, "a10440"},
        {"an empty list of critical headers", "a301270280" + kX5t, "a0"},
        {"critical headers unprotected", "a20127" + kX5t, "a1028101"},
        {"a short hash", "a201271822822f4111", "a0"},
        {"an algorithm twice", "a301270127" + kX5t, "a0"},
        {"an unprotected header twice", "a20127" + kX5t, "a204400440"},
        {"a header in both maps", "a20127" + kX5t, "a10127"},
        {"bytes after the map", "a20127" + kX5t + "00", "a0"},
        {"no map", "8101", "a0"},
        {"a cut map", "a20127", "a0"},
        {"a label that is a list", "a201278001" + kX5t, "a0"},
        {"17 headers", "b10127" + kX5t, "a0"},
    }));
    INFO(one.what);
    const auto message = cose::decode_sign1(with_protected(one.header, one.unprotected));
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::kMalformed);
}

TEST_CASE("what is no COSE_Sign1 of EdDSA is malformed", "[cose]") {
    const std::string header = "a20127" + kX5t;
    const Buffer wire = GENERATE_COPY(values<Buffer>({
        {},
        {0x83, 0x40, 0xa0, 0xf6},
        {0xf6},
        {0xd1, 0x84, 0x40, 0xa0, 0xf6, 0x40},
        with_protected(header, "a0", 63),
        with_protected(header, "a0", 65),
        with_protected(header, "80"),
    }));
    INFO(to_hex(wire));
    const auto message = cose::decode_sign1(wire);
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::kMalformed);
}

TEST_CASE("altered messages never verify, cut ones are never read", "[cose]") {
    const Buffer payload(40, 7);
    const Bytes wire = cose::sign1(key(), signer(), {}, payload, Payload::kAttached);
    for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
        Buffer altered{wire.data(), wire.data() + wire.size()};
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto message = cose::decode_sign1(altered);
        if (message) CHECK_FALSE(cose::verify_sign1(*message, key().public_key(), {}));
    }
    for (std::size_t size = 0; size < wire.size(); ++size)
        CHECK_FALSE(cose::decode_sign1(wire.view().first(size)));
}

TEST_CASE("random damage to a message neither crashes nor verifies", "[cose][fuzz]") {
    std::mt19937_64 random{20'270'117};
    const Bytes wire = cose::sign1(key(), signer(), {}, Buffer(30, 1), Payload::kAttached);
    for (int round = 0; round < 20'000; ++round) {
        Buffer altered{wire.data(), wire.data() + wire.size()};
        for (std::uint64_t i = random() % 4 + 1; i > 0; --i) {
            const auto at = static_cast<std::size_t>(random() % altered.size());
            switch (random() % 3) {
                case 0: altered[at] = static_cast<std::uint8_t>(random()); break;
                case 1: altered.erase(altered.begin() + static_cast<std::ptrdiff_t>(at)); break;
                default:
                    altered.insert(altered.begin() + static_cast<std::ptrdiff_t>(at),
                                   static_cast<std::uint8_t>(random()));
            }
        }
        const auto message = cose::decode_sign1(altered);
        const bool same = std::ranges::equal(altered, wire.view());
        if (message && !same) CHECK_FALSE(cose::verify_sign1(*message, key().public_key(), {}));
    }
}
