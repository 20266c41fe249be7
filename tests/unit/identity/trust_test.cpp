#include <algorithm>
#include <catch2/catch.hpp>

#include "proto/cbor/writer.h"
#include "proto/identity/pem.h"
#include "proto/identity/trust_bundle.h"
#include "tests/identities.h"

using namespace tram;
using namespace tram::identity;
using namespace tram::test;

namespace {

struct World {
    Authority root = make_root();
    Authority commune = make_authority(root, "18904");
    Device kiosk = make_device(commune, "dtn://18904-ks07/");
    RevocationList list = make_revocation_list(commune.key, commune.certificate, 3, kNow,
                                               {serial_of("b"), serial_of("a"), serial_of("b")});
    TrustBundle bundle{{root.certificate, commune.certificate, kiosk.tls, kiosk.signing}, {list}};
};

template <typename T>
ErrorCode refusal(const Result<T>& read) {
    REQUIRE_FALSE(read);
    UNSCOPED_INFO(read.error().message);
    CHECK(read.error().message.size() > 10);
    return read.error().code;
}

// What a list's payload holds, put together by hand and signed.
struct Payload {
    std::uint64_t items = 5;
    std::uint64_t version = 1;
    std::string authority = "dtn://18904/";
    std::uint64_t number = 1;
    std::uint64_t issued = 1'793'000'000;
    std::vector<Buffer> serials = {{1}, {1, 2}, {2}};
    Buffer behind = {};
};

Bytes sign_payload(const Payload& payload, cose::Payload how = cose::Payload::kAttached) {
    cbor::Writer out;
    out.open_array(payload.items);
    out.write_unsigned(payload.version);
    out.write_text(payload.authority);
    out.write_unsigned(payload.number);
    out.write_unsigned(payload.issued);
    out.open_array(payload.serials.size());
    for (const Buffer& serial : payload.serials)
        out.write_bytes(serial);
    append(out.buffer(), payload.behind);
    return cose::sign1(key_of("k"), {}, {}, out.take(), how);
}

}  // namespace

TEST_CASE("revocation lists are read as they were made", "[identity]") {
    const World world;
    CHECK(world.list.number == 3);
    CHECK(world.list.authority == "dtn://18904/");
    CHECK(world.list.issued == kNow);
    CHECK(world.list.serials.size() == 2);  // sorted, no doubles
    CHECK(world.list.names(serial_of("a")));
    CHECK_FALSE(world.list.names(serial_of("c")));
    CHECK_FALSE(world.list.names(Bytes{}));
    const auto read = read_revocation_list(world.list.wire);
    REQUIRE(read);
    CHECK(read->serials.size() == 2);
    CHECK(read->message.signer == world.commune.certificate.id);
    CHECK(verify_revocation_list(*read, world.commune.key.public_key()));
    CHECK(refusal(verify_revocation_list(*read, world.root.key.public_key())) == ErrorCode::kBadSignature);
    CHECK(revocation_name(world.commune.certificate) == "dtn://18904/");
    CHECK(revocation_name(world.root.certificate) == "root:" + to_hex(world.root.certificate.key_id));
}

TEST_CASE("a signature for something else is none for a revocation list", "[identity]") {
    const World world;
    const auto elsewhere = cose::sign1(world.commune.key, world.commune.certificate.id, {},
                                       *world.list.message.payload, cose::Payload::kAttached);
    const auto read = read_revocation_list(elsewhere);
    REQUIRE(read);
    CHECK(refusal(verify_revocation_list(*read, world.commune.key.public_key())) == ErrorCode::kBadSignature);
}

TEST_CASE("revocation lists that break the format are refused", "[identity]") {
    REQUIRE(read_revocation_list(sign_payload({})));
    REQUIRE(read_revocation_list(sign_payload({.authority = "root:0a"})));
    REQUIRE(read_revocation_list(sign_payload({.serials = {}})));
    const Payload payload = GENERATE(values<Payload>({
        {.items = 4},
        {.items = 6},
        {.authority = "dtn://18904-ks07/"},
        {.authority = ""},
        {.authority = "root:"},
        {.authority = "root:XY"},
        {.number = 0},
        {.issued = 253'402'300'800},
        {.issued = ~0ULL},
        {.serials = {{2}, {1}}},
        {.serials = {{1}, {1}}},
        {.serials = {{1, 2}, {1}}},
        {.serials = {{}}},
        {.serials = {{0, 1}}},
        {.behind = {0}},
    }));
    CHECK(refusal(read_revocation_list(sign_payload(payload))) == ErrorCode::kMalformed);
}

TEST_CASE("revocation lists beyond their limits are refused", "[identity]") {
    CHECK(refusal(read_revocation_list(sign_payload({.version = 2}))) == ErrorCode::kUnsupportedVersion);
    CHECK(refusal(read_revocation_list(sign_payload({.serials = {Buffer(21, 1)}}))) == ErrorCode::kTooLarge);
    CHECK(refusal(read_revocation_list(sign_payload({}, cose::Payload::kDetached))) == ErrorCode::kMalformed);
    CHECK(refusal(read_revocation_list(Buffer(kRevocationListBytesMax + 1))) == ErrorCode::kTooLarge);
    CHECK(refusal(read_revocation_list({})) == ErrorCode::kMalformed);
    CHECK(refusal(read_revocation_list(Buffer{0x84, 0x40, 0xa0, 0x40, 0x40})) ==
          ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("the longest list fits into its bounds", "[identity]") {
    const World world;
    std::vector<Bytes> serials;
    for (std::size_t i = 0; i < kRevokedSerialsMax; ++i) {
        Buffer serial(kSerialBytesMax, 1);
        serial[18] = static_cast<std::uint8_t>(i >> 8);
        serial[19] = static_cast<std::uint8_t>(i);
        serials.emplace_back(serial);
    }
    const auto list =
        make_revocation_list(world.commune.key, world.commune.certificate, ~0ULL, kNow, serials);
    CHECK(list.wire.size() <= kRevocationListBytesMax);
    CHECK(list.serials.size() == kRevokedSerialsMax);
    CHECK(std::ranges::all_of(serials, [&](const Bytes& serial) { return list.names(serial); }));
}

TEST_CASE("trust bundles travel as PEM and as CBOR", "[identity]") {
    const World world;
    const std::string pem = trust_to_pem(world.bundle);
    const bool as_pem = GENERATE(true, false);
    const auto read = as_pem ? trust_from_pem(pem) : decode_trust(encode_trust(world.bundle));
    REQUIRE(read);
    REQUIRE(read->certificates.size() == 4);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(read->certificates[i].id == world.bundle.certificates[i].id);
    REQUIRE(read->lists.size() == 1);
    CHECK(read->lists.front().wire == world.list.wire);
    CHECK(decode_trust(encode_trust({{world.root.certificate}, {}})));
    CHECK(decode_trust(encode_trust({{}, {world.list}})));
}

TEST_CASE("trust bundles are sorted, and doubles are dropped", "[identity]") {
    const World world;
    const TrustBundle mixed{{world.kiosk.signing, world.kiosk.tls, world.root.certificate,
                             world.kiosk.signing, world.commune.certificate},
                            {}};
    const auto read = decode_trust(encode_trust(mixed));
    REQUIRE(read);
    REQUIRE(read->certificates.size() == 4);
    CHECK(read->certificates[0].usage == Usage::kRoot);
    CHECK(read->certificates[1].usage == Usage::kAuthority);
    CHECK(read->certificates[2].usage == Usage::kSign);
    CHECK(read->certificates[3].usage == Usage::kTls);
}

TEST_CASE("text around PEM blocks and other blocks do not matter", "[identity]") {
    const World world;
    std::string text =
        "Province -----BEGIN nothing\n" + to_pem("TRAM DEVICE REQUEST", Buffer{1}) + "in between\r\n";
    for (const char c : trust_to_pem(world.bundle)) {
        if (c == '\n') text += '\r';
        text += c;
    }
    CHECK(trust_from_pem(text)->certificates.size() == 4);
}

TEST_CASE("broken trust bundles are refused, and the item is named", "[identity]") {
    const World world;
    CHECK(refusal(trust_from_pem("")) == ErrorCode::kMalformed);
    CHECK(refusal(trust_from_pem(to_pem("OTHER", Buffer{1}))) == ErrorCode::kMalformed);
    CHECK(refusal(trust_from_pem(std::string(kTrustBundleBytesMax + 1, ' '))) == ErrorCode::kTooLarge);
    const std::string pem = trust_to_pem(world.bundle);
    const auto bad_certificate = trust_from_pem(pem + to_pem("CERTIFICATE", Buffer{1}));
    CHECK(refusal(bad_certificate) == ErrorCode::kMalformed);
    CHECK(bad_certificate.error().message.starts_with("certificate 5: "));
    const auto bad_list = trust_from_pem(pem + to_pem("TRAM REVOCATION LIST", Buffer{1}));
    CHECK(refusal(bad_list) == ErrorCode::kMalformed);
    CHECK(bad_list.error().message.starts_with("revocation list 2: "));
    CHECK(refusal(trust_from_pem(pem.substr(0, pem.size() - 5))) == ErrorCode::kMalformed);

    const TrustBundle many{{}, std::vector<RevocationList>(kTrustListsMax + 1, world.list)};
    CHECK(refusal(trust_from_pem(trust_to_pem(many))) == ErrorCode::kTooLarge);
    CHECK_FALSE(decode_trust(encode_trust(many)));

    CHECK(refusal(decode_trust(Buffer(kTrustBundleBytesMax + 1))) == ErrorCode::kTooLarge);
    CHECK(refusal(decode_trust(from_hex("83018080").value())) == ErrorCode::kMalformed);  // nothing in it
    CHECK(refusal(decode_trust(from_hex("83028080").value())) == ErrorCode::kUnsupportedVersion);
    CHECK_FALSE(decode_trust({}));
    CHECK_FALSE(decode_trust(from_hex("83019affffffff80").value()));
    CHECK_FALSE(decode_trust(from_hex("8301814101 80").value()));
    const Bytes keep = encode_trust(world.bundle);
    Buffer trailing{keep.view().begin(), keep.view().end()};
    trailing.push_back(0);
    CHECK(refusal(decode_trust(trailing)) == ErrorCode::kMalformed);
    Buffer longer{keep.view().begin(), keep.view().end()};
    longer[1] = 0x18;
    longer.insert(longer.begin() + 2, 1);
    CHECK(refusal(decode_trust(longer)) == ErrorCode::kMalformed);
}

TEST_CASE("PEM is base64 between two lines", "[identity]") {
    // RFC 4648 10: "foobar" is Zm9vYmFy.
    CHECK(to_pem("A B", Buffer{'f', 'o', 'o', 'b', 'a', 'r'}) ==
          "-----BEGIN A B-----\nZm9vYmFy\n-----END A B-----\n");
    const std::size_t size = GENERATE(0U, 1U, 2U, 47U, 48U, 49U, 96U, 1000U);
    const Buffer data(size, 0xa5);
    const std::string pem = to_pem("X", data);
    CHECK(from_pem("X", pem).value() == data);
    std::size_t begin = 0;
    for (std::size_t end = pem.find('\n'); end != std::string::npos;
         begin = end + 1, end = pem.find('\n', begin))
        CHECK(end - begin <= 64);
    CHECK(refusal(from_pem("Y", pem)) == ErrorCode::kNotFound);
    CHECK(from_pem("X", to_pem("Y", Buffer{1}) + pem).value() == data);
}

TEST_CASE("damaged PEM is refused", "[identity]") {
    const char* text =
        GENERATE("-----BEGIN X-----\nZm9v\n", "-----BEGIN X-----\nZm9v\n-----END Y-----\n",
                 "-----BEGIN X-----\nZm9\n-----END X-----\n", "-----BEGIN X-----\nZ!9v\n-----END X-----\n",
                 "-----BEGIN X-----\nZm9v=\n-----END X-----\n", "-----BEGIN X", "-----BEGIN -----\n",
                 "-----BEGIN x-----\nZm9v\n-----END x-----\n",
                 "-----BEGIN X-----\nZm9v\n-----BEGIN X-----\nZm9v\n-----END X-----\n");
    INFO(text);
    CHECK(refusal(from_pem("X", text)) == ErrorCode::kMalformed);
}
