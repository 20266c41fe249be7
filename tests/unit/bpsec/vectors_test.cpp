// Bundles with security blocks from other implementations' tests (data/vectors/bundles and bpsec-cose), with
// the keys of RFC 9173 appendix A and of the COSE draft, which they all use.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "proto/bpsec/mac0.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"

using namespace tram;
using bpv7::Bundle;
namespace fs = std::filesystem;

namespace {

std::optional<fs::path> vectors() {
    const char* shared = std::getenv("TRAM_SHARED");
    if (shared == nullptr) return std::nullopt;
    fs::path folder = fs::path{shared} / "data" / "vectors";
    if (!fs::exists(folder)) return std::nullopt;
    return folder;
}

std::string contents(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    REQUIRE(in);
    return {std::istreambuf_iterator<char>{in}, {}};
}

Bundle bundle_in(const fs::path& file) {
    const std::string text = contents(file);
    const ByteView raw = as_bytes(text);
    auto bytes = file.extension() == ".hex" ? from_hex(text) : std::optional{Buffer(raw.begin(), raw.end())};
    REQUIRE(bytes);
    auto decoded = bpv7::decode(Bytes{std::move(*bytes)});
    REQUIRE(decoded);
    return std::move(decoded->bundle);
}

/// The symmetric key of a COSE_Key: label -1.
Buffer cose_key(const fs::path& file) {
    const std::string text = contents(file);
    cbor::Reader in{as_bytes(text)};
    Buffer key;
    for (std::uint64_t left = in.open_map(10); left > 0 && in.ok(); --left) {
        if (in.read_integer() == -1) {
            append(key, in.read_bytes(64));
        } else {
            in.skip();
        }
    }
    REQUIRE(in.ok());
    return key;
}

Buffer key_named(const std::string& name) {
    const auto text = [](std::string_view characters) {
        const ByteView bytes = as_bytes(characters);
        return Buffer(bytes.begin(), bytes.end());
    };
    if (name == "hmac") return *from_hex("1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b");
    if (name == "aes128") return text("qwertyuiopasdfgh");
    if (name == "aes256") return text("qwertyuiopasdfghqwertyuiopasdfgh");
    return text("abcdefghijklmnop");
}

enum class Do : std::uint8_t { kDecrypt, kVerify };

struct Step {
    Do what;
    std::uint64_t block;
    std::string key;
    std::optional<ErrorCode> refused = std::nullopt;
};

struct Case {
    std::string file;
    std::vector<Step> steps;
};

/// What is done to each bundle, in order. The keys are hmac for every BIB unless it carries a wrapped one.
std::vector<Case> cases() {
    const Step bib2{Do::kVerify, 2, "hmac"};
    const Step bib3{Do::kVerify, 3, "hmac"};
    const auto decrypt = [](std::uint64_t block, const std::string& key) {
        return Step{Do::kDecrypt, block, key};
    };
    return {
        {"BSL/DefaultScUtils_c_L179_914788", {decrypt(2, "kek"), bib3}},
        {"BSL/test_DefaultSecurityContext_c_L375_ffef87", {{Do::kVerify, 2, "kek"}}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L455_4e6f63", {bib2}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L908_e97f52", {decrypt(2, "kek")}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L1633_413a4d", {bib3, decrypt(4, "aes128"), bib3}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L2365_8377cc", {decrypt(2, "aes256"), bib3}},
        {"HDTN/TestBpsecDefault_cpp_L287_5e43ca", {bib3}},
        // These have the results of an early draft, without an array for each target.
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L467_52bd0f",
         {{Do::kVerify, 2, "hmac", ErrorCode::kMalformed}}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L935_9ee330",
         {{Do::kDecrypt, 2, "kek", ErrorCode::kMalformed}}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L1663_998b88",
         {{Do::kVerify, 3, "hmac", ErrorCode::kMalformed}}},
        {"HDTN/TestBpsecDefaultSecurityContexts_cpp_L2424_5162c7",
         {{Do::kDecrypt, 2, "aes256", ErrorCode::kMalformed}}},
        // Hardy leaves out parameters that have their default, and keeps tags in the ciphertext.
        {"hardy/cmp_rs_L102_26a712", {bib3}},
        {"hardy/cmp_rs_L125_bb4c70", {decrypt(3, "aes256")}},
        {"hardy/cmp_rs_L169_d6adc5", {decrypt(3, "aes256")}},
        {"hardy/cmp_rs_L185_20866b", {decrypt(4, "aes256"), bib3}},
        {"hardy/cmp_rs_L192_fe2bdc", {decrypt(4, "aes256"), bib3}},
        {"hardy/cmp_rs_L34_7c7add", {bib3}},
        {"hardy/cmp_rs_L46_7f80e3", {decrypt(3, "aes256")}},
        {"hardy/cmp_rs_L71_cdfd7e", {bib3}},
        {"hardy/cmp_rs_L78_41e889", {bib3}},
        {"hardy/pics_default_rs_L370_54ecc8", {decrypt(4, "aes256"), bib3, {Do::kVerify, 6, "hmac"}}},
        // Block 5 was split off block 3, whose header its HMAC covers.
        {"hardy/pics_default_rs_L664_bd97f3",
         {decrypt(4, "aes256"), bib3, {Do::kVerify, 5, "hmac", ErrorCode::kBadSignature}}},
        // The payload block's flags were altered.
        {"hardy/pics_default_rs_L721_f7103f", {{Do::kVerify, 3, "hmac", ErrorCode::kBadSignature}}},
        {"hardy/pics_default_rs_L75_099717", {decrypt(3, "aes256")}},
        {"hardy/pics_default_rs_L834_3f5bf1", {decrypt(3, "aes256")}},
        {"hardy/pics_default_rs_L902_648917", {decrypt(4, "aes256"), bib3}},
    };
}

}  // namespace

TEST_CASE("other implementations' bundles of RFC 9173 are verified and decrypted", "[bpsec][vectors]") {
    const auto folder = vectors();
    if (!folder) return;
    for (const Case& one : cases()) {
        INFO(one.file);
        Bundle bundle = bundle_in(*folder / "bundles" / (one.file + ".hex"));
        for (const Step& step : one.steps) {
            const Buffer key = key_named(step.key);
            const auto result = step.what == Do::kDecrypt
                                    ? bpsec::remove_bcb_aes_gcm(bundle, step.block, key, Limits{})
                                    : bpsec::verify_bib_hmac(bundle, step.block, key, Limits{});
            CHECK(result.has_value() == !step.refused.has_value());
            if (!result) CHECK(result.error().code == step.refused);
        }
        if (!one.steps.back().refused && bundle.find(bpv7::block_type::kBlockConfidentiality) == nullptr)
            CHECK(as_text(bundle.payload()).starts_with("Ready to generate a 3"));
    }
}

TEST_CASE("other implementations' COSE_Mac0 bundles give what their names say", "[bpsec][vectors]") {
    const auto folder = vectors();
    if (!folder) return;
    struct Expected {
        std::string file;
        std::uint64_t block;
        std::uint64_t target;
        std::optional<ErrorCode> refused;
    };
    const auto one = GENERATE(values<Expected>({
        {"bpsec-cose/exampleA.1.cbor", 3, 1, std::nullopt},
        {"bundles/BSL/test_CoseContext_c_L192_d200e8.hex", 3, 1, std::nullopt},
        {"bpsec-cose/interop-integrity-full.cbor", 5, 2, std::nullopt},
        // A COSE_Mac with a wrapped key, which is another message.
        {"bpsec-cose/interop-integrity-full.cbor", 5, 1, ErrorCode::kUnsupportedSecurity},
        // The payload block's flags, which are in scope, were altered from 0 to 3.
        {"bpsec-cose/interop-altered-aad.cbor", 5, 1, ErrorCode::kBadSignature},
        {"bpsec-cose/interop-critical-header.cbor", 5, 1, ErrorCode::kUnsupportedSecurity},
        {"bpsec-cose/interop-integrity-base.cbor", 5, 1, ErrorCode::kNotFound},
    }));
    INFO(one.file);
    const Buffer key = cose_key(*folder / "bpsec-cose" / "key-ExampleA.1.cbor");
    const auto result =
        bpsec::verify_mac0(bundle_in(*folder / one.file), one.block, one.target, key, Limits{});
    CHECK(result.has_value() == !one.refused.has_value());
    if (!result) CHECK(result.error().code == one.refused);
}
