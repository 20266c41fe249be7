#include "proto/identity/request.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "proto/cbor/writer.h"
#include "proto/identity/check_groups.h"
#include "proto/identity/pem.h"
#include "tests/identities.h"

using namespace tram;
using namespace tram::identity;
using namespace tram::test;

namespace {

const std::string kKiosk = "dtn://18904-ks07/";

DeviceRequest device_request(bool sealing = true) {
    const auto tls = key_of("tls");
    std::optional<std::array<std::uint8_t, 32>> key;
    if (sealing) key = sealing_public_key_of("seal");
    return make_request(kKiosk, "Kiosk Đồng Văn", &tls, key_of("sign"), key);
}

ErrorCode refusal(const Result<DeviceRequest>& read) {
    REQUIRE_FALSE(read);
    UNSCOPED_INFO(read.error().message);
    CHECK(read.error().message.size() > 10);
    return read.error().code;
}

// A request put together by hand, signed as the format wants it unless `after` changes the items.
struct Parts {
    std::uint64_t items = 8;
    std::uint64_t version = 1;
    std::string eid = kKiosk;
    std::string name = "n";
    const char* tls = "tls";  // labels of keys; null: none
    const char* signing = "sign";
    Buffer sealing = {};  // empty: null
    const char* tls_signer = "tls";
    const char* signing_signer = "sign";
    std::string tls_prefix = "TRAM request, TLS key:";
    std::string signing_prefix = "TRAM request, signing key:";
};

Buffer proof(const std::string& prefix, const char* label, const Buffer& before) {
    Buffer text;
    append(text, as_bytes(prefix));
    append(text, before);
    const auto signature = key_of(label).sign(text);
    return {signature.begin(), signature.end()};
}

Buffer build(const Parts& parts) {
    cbor::Writer out;
    out.open_array(parts.items);
    out.write_unsigned(parts.version);
    out.write_text(parts.eid);
    out.write_text(parts.name);
    if (parts.tls != nullptr) {
        out.write_bytes(key_of(parts.tls).public_key());
    } else {
        out.write_null();
    }
    out.write_bytes(key_of(parts.signing).public_key());
    if (parts.sealing.empty()) {
        out.write_null();
    } else {
        out.write_bytes(parts.sealing);
    }
    const Buffer before = out.buffer();
    if (parts.tls != nullptr) out.write_bytes(proof(parts.tls_prefix, parts.tls_signer, before));
    out.write_bytes(proof(parts.signing_prefix, parts.signing_signer, before));
    return out.take();
}

Buffer key_bytes(const char* label) {
    const auto key = key_of(label).public_key();
    return {key.begin(), key.end()};
}

}  // namespace

TEST_CASE("a device's request says what is to be certified", "[identity]") {
    const bool sealing = GENERATE(true, false);
    const DeviceRequest made = device_request(sealing);
    const auto read = read_request(made.wire);
    REQUIRE(read);
    CHECK(read->eid == kKiosk);
    CHECK(read->name == "Kiosk Đồng Văn");
    CHECK(read->tls_key == key_of("tls").public_key());
    CHECK(read->signing_key == key_of("sign").public_key());
    CHECK(read->sealing_key.has_value() == sealing);
    CHECK_FALSE(read->for_authority());
    CHECK(read->wire == made.wire);
    CHECK(build({.name = "Kiosk Đồng Văn",
                 .sealing = sealing ? Buffer{made.sealing_key->begin(), made.sealing_key->end()}
                                    : Buffer{}}) == Buffer(made.wire.view().begin(), made.wire.view().end()));
}

TEST_CASE("an authority's request has one key and one proof", "[identity]") {
    const DeviceRequest made = make_request("dtn://18904/", "", nullptr, key_of("sign"), std::nullopt);
    const auto read = read_request(made.wire);
    REQUIRE(read);
    CHECK(read->for_authority());
    CHECK(read->eid == "dtn://18904/");
    CHECK(made.wire.view()[0] == 0x87);
}

TEST_CASE("requests that break the format or its rules are refused", "[identity]") {
    struct Case {
        const char* what;
        Parts parts;
        ErrorCode code;
    };
    const Buffer seal(32, 9);
    const auto [what, parts, code] = GENERATE_COPY(values<Case>({
        {"another version", {.version = 2}, ErrorCode::kUnsupportedVersion},
        {"a name that is none", {.eid = "dtn://ks07/"}, ErrorCode::kInvalidArgument},
        {"a commune with the keys of a device", {.eid = "dtn://18904/"}, ErrorCode::kInvalidArgument},
        {"a device with the key of a commune", {.items = 7, .tls = nullptr}, ErrorCode::kInvalidArgument},
        {"a name that cannot be shown", {.name = "a\x1b[0m"}, ErrorCode::kInvalidArgument},
        {"a long name", {.name = std::string(65, 'n')}, ErrorCode::kTooLarge},
        {"a long EID", {.eid = "dtn://18904-" + std::string(60, 'n') + "/"}, ErrorCode::kTooLarge},
        {"one item missing", {.items = 7}, ErrorCode::kMalformed},
        {"one item more than there are",
         {.items = 8, .eid = "dtn://18904/", .tls = nullptr},
         ErrorCode::kMalformed},
        {"one key for TLS and signing", {.tls = "sign", .tls_signer = "sign"}, ErrorCode::kMalformed},
        {"one key for sealing and signing", {.sealing = key_bytes("sign")}, ErrorCode::kMalformed},
        {"one key for sealing and TLS", {.sealing = key_bytes("tls")}, ErrorCode::kMalformed},
        {"a commune that receives",
         {.items = 7, .eid = "dtn://18904/", .tls = nullptr, .sealing = seal},
         ErrorCode::kMalformed},
        {"a short sealing key", {.sealing = Buffer(31, 9)}, ErrorCode::kMalformed},
        {"a long sealing key", {.sealing = Buffer(33, 9)}, ErrorCode::kTooLarge},
        {"no proof of the TLS key", {.tls_signer = "sign"}, ErrorCode::kBadSignature},
        {"no proof of the signing key", {.signing_signer = "tls"}, ErrorCode::kBadSignature},
        {"a proof for another purpose",
         {.tls_prefix = "TRAM request, signing key:"},
         ErrorCode::kBadSignature},
        {"a signature for something else", {.signing_prefix = ""}, ErrorCode::kBadSignature},
    }));
    INFO(what);
    CHECK(refusal(read_request(build(parts))) == code);
}

TEST_CASE("a request has one encoding", "[identity]") {
    const Buffer good = build({});
    REQUIRE(read_request(good));
    Buffer bad = good;
    SECTION("bytes behind it") {
        bad.push_back(0);
        CHECK(refusal(read_request(bad)) == ErrorCode::kMalformed);
    }
    SECTION("a longer head than needed") {
        bad[1] = 0x18;
        bad.insert(bad.begin() + 2, 1);
        CHECK(refusal(read_request(bad)) == ErrorCode::kMalformed);
    }
    SECTION("cut off") {
        for (std::size_t length = 0; length < good.size(); ++length)
            CHECK_FALSE(read_request(ByteView{good}.first(length)));
    }
    SECTION("too large") {
        bad.resize(kRequestBytesMax + 1);
        CHECK(refusal(read_request(bad)) == ErrorCode::kTooLarge);
    }
}

TEST_CASE("a request travels as text for a QR code", "[identity]") {
    const bool sealing = GENERATE(true, false);
    const DeviceRequest request = device_request(sealing);
    const std::string text = request_to_text(request);
    CHECK(text.starts_with("TRAM-REQUEST:"));
    CHECK(text.size() < 520);  // version 13 of QR codes holds 619 such characters at level L
    CHECK(text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") == std::string::npos);
    CHECK(request_from_text(text)->wire == request.wire);
    CHECK(request_from_text(" \r\n\t" + text + "\n\n")->wire == request.wire);
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    CHECK(request_from_text(lower)->wire == request.wire);

    CHECK(refusal(request_from_text(text.substr(0, text.size() - 8))) == ErrorCode::kTruncated);
    CHECK(refusal(request_from_text(text + "A")) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text(text + "=")) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text("TRAM-REQUEST:")) == ErrorCode::kTruncated);
    CHECK(refusal(request_from_text("TRAM-REQUEST:1")) == ErrorCode::kMalformed);
    std::string altered = text;
    altered[100] = altered[100] == 'A' ? 'B' : 'A';
    CHECK_FALSE(request_from_text(altered));
}

TEST_CASE("a request travels as a file", "[identity]") {
    const DeviceRequest request = device_request();
    const std::string pem = request_to_pem(request);
    CHECK(pem.starts_with("-----BEGIN TRAM DEVICE REQUEST-----\n"));
    CHECK(request_from_text(pem)->wire == request.wire);
    CHECK(request_from_text("Kiosk 7\r\n\r\n" + pem + "thank you\n")->wire == request.wire);
    CHECK(refusal(request_from_text("")) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text("hello")) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text(pem.substr(0, pem.size() - 10))) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text(to_pem("CERTIFICATE", request.wire))) == ErrorCode::kMalformed);
    CHECK(refusal(request_from_text(std::string(kRequestTextMax + 1, ' '))) == ErrorCode::kTooLarge);
}

TEST_CASE("check groups of a request change with any bit of it", "[identity]") {
    const DeviceRequest request = device_request();
    const std::string groups = check_groups(request.wire);
    CHECK(compare_check_groups(groups, request.wire));
    CHECK_FALSE(compare_check_groups(groups, device_request(false).wire));
}
