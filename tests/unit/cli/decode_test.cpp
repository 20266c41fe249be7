#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/status_report.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli::test;
namespace json = boost::json;

namespace {

bpv7::Eid eid(const char* text) {
    return bpv7::Eid::parse(text).value();
}

bpv7::Bundle sample_bundle() {
    bpv7::Bundle bundle;
    bundle.primary.flags = bpv7::bundle_flag::kMustNotFragment | bpv7::bundle_flag::kReportDelivery;
    bundle.primary.destination = eid("dtn://18904-srv/requests");
    bundle.primary.source = eid("dtn://18904-ks07/");
    bundle.primary.report_to = eid("ipn:7.1");
    bundle.primary.timestamp = {.time = {86'400'123}, .sequence = 5};
    bundle.primary.lifetime_ms = 60'000;
    bundle.blocks.push_back(
        {.type = bpv7::block_type::kPayload, .number = 1, .data = Bytes::copy_of(as_bytes("xin chao"))});
    const auto add = [&](std::uint64_t type, Bytes data) {
        bundle.set_block(type, 0, bpv7::CrcType::kCrc16, std::move(data));
    };
    add(bpv7::block_type::kPreviousNode, bpv7::encode_previous_node(eid("dtn://18904-lt01/")));
    add(bpv7::block_type::kBundleAge, bpv7::encode_bundle_age(4'200));
    add(bpv7::block_type::kHopCount, bpv7::encode_hop_count({.limit = 32, .count = 2}));
    add(bpv7::block_type::kClass, bpv7::encode_class({.urgency = bpv7::Urgency::kExpress,
                                                      .kind = bpv7::Kind::kRequest,
                                                      .message_id = {0xab, 0xcd},
                                                      .chunk_index = 1,
                                                      .chunk_count = 3}));
    return bundle;
}

std::string binary(const bpv7::Bundle& bundle) {
    return std::string{as_text(bpv7::encode(bundle))};
}

Ran decode(const std::string& input, std::vector<std::string> more = {"-o", "json"}) {
    std::vector<std::string> arguments = {"bundle", "decode", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tram(nullptr, arguments, {.input = input});
}

json::object block(const json::value& bundle, std::string_view type_name) {
    for (const auto& item : bundle.at("blocks").as_array()) {
        if (item.at("type_name").as_string() == type_name) return item.as_object();
    }
    FAIL("no block " << type_name);
    return {};
}

}  // namespace

TEST_CASE("decode shows the whole structure", "[cli]") {
    const Ran ran = decode(binary(sample_bundle()));
    REQUIRE(ran.err.empty());
    REQUIRE(ran.exit_code == 0);
    REQUIRE(ran.lines().size() == 1);
    const json::value bundle = json::parse(ran.out);
    CHECK(bundle.at("bundle_id") == "dtn://18904-ks07/ 86400123-5");
    CHECK(bundle.at("version") == 7);
    CHECK(bundle.at("flags") == 0x20004);
    CHECK(bundle.at("flag_names") == json::value({"must_not_fragment", "report_delivery"}));
    CHECK(bundle.at("crc_type") == "crc32c");
    CHECK(bundle.at("destination") == "dtn://18904-srv/requests");
    CHECK(bundle.at("report_to") == "ipn:7.1");
    CHECK(bundle.at("timestamp") ==
          json::value({{"time_ms", 86'400'123}, {"time", "2000-01-02T00:00:00.123Z"}, {"sequence", 5}}));
    CHECK(bundle.at("lifetime_ms") == 60'000);
    CHECK(bundle.at("fragment").is_null());
    CHECK(block(bundle, "previous_node").at("previous_node") == "dtn://18904-lt01/");
    CHECK(block(bundle, "bundle_age").at("age_ms") == 4'200);
    CHECK(block(bundle, "hop_count").at("hop_count") == json::value({{"limit", 32}, {"count", 2}}));
    CHECK(block(bundle, "hop_count").at("crc_type") == "crc16");
    const json::value shown_class = block(bundle, "class").at("class");
    CHECK(shown_class.at("urgency") == 3);
    CHECK(shown_class.at("kind") == "request");
    CHECK(shown_class.at("message_id") == "abcd0000000000000000000000000000");
    CHECK(shown_class.at("chunk_count") == 3);
    CHECK(block(bundle, "payload").at("data_hex") == json::value(to_hex(as_bytes("xin chao"))));
}

TEST_CASE("decode reads binary and hexadecimal alike", "[cli]") {
    const std::string wire = binary(sample_bundle());
    std::string hex = to_hex(as_bytes(wire));
    hex.insert(20, "\n  ").append("\r\n");
    REQUIRE(decode(hex).out == decode(wire).out);
}

TEST_CASE("decode limits the data shown, not its size", "[cli]") {
    const Ran ran = decode(binary(sample_bundle()), {"-o", "json", "--data-max", "3 B"});
    const auto payload = block(json::parse(ran.out), "payload");
    CHECK(payload.at("data_hex") == "78696e");
    CHECK(payload.at("data_complete") == false);
    CHECK(payload.at("size") == 8);
}

TEST_CASE("decode shows a status report", "[cli]") {
    bpv7::StatusReport report;
    report.items[1] = {.asserted = true, .time = DtnTime{1'000}};
    report.reason = bpv7::ReportReason::kLifetimeExpired;
    report.subject = sample_bundle().id();
    bpv7::Bundle bundle = sample_bundle();
    bundle.primary.flags = bpv7::bundle_flag::kAdministrativeRecord;
    bundle.blocks.back().data = bpv7::encode_status_report(report);

    const Ran ran = decode(binary(bundle));
    const auto payload = block(json::parse(ran.out), "payload");
    const auto& shown = payload.at("status_report");
    CHECK(shown.at("forwarded").at("asserted") == true);
    CHECK(shown.at("forwarded").at("time") == "2000-01-01T00:00:01.000Z");
    CHECK(shown.at("received").at("asserted") == false);
    CHECK(shown.at("reason_code") == 1);
    CHECK(shown.at("subject").at("source") == "dtn://18904-ks07/");
}

TEST_CASE("decode says so when a block of a known type cannot be read", "[cli]") {
    bpv7::Bundle bundle = sample_bundle();
    bundle.set_block(bpv7::block_type::kClass, 0, bpv7::CrcType::kNone, Bytes::copy_of(as_bytes("theirs")));
    const Ran ran = decode(binary(bundle));
    REQUIRE(ran.exit_code == 0);
    const auto shown = block(json::parse(ran.out), "class");
    CHECK_FALSE(shown.contains("class"));
    CHECK(shown.contains("unreadable"));
}

TEST_CASE("decode shows who signed a bundle and what the signature covers", "[cli]") {
    bpv7::Bundle bundle = sample_bundle();
    const auto key = cose::SigningKey::from_seed(Buffer(cose::kSeedBytes, 1));
    const cose::CertificateId signer = cose::certificate_id(as_bytes("a certificate"));
    bpsec::sign(bundle, *key, signer);

    const auto shown = block(json::parse(decode(binary(bundle)).out), "block_integrity");
    const json::object security = shown.at("security").as_object();
    CHECK(security.at("targets") == json::value({1}));
    CHECK(security.at("context") == 3);
    CHECK(security.at("context_name") == "COSE");
    CHECK(security.at("source") == "dtn://18904-ks07/");
    CHECK(security.at("parameters").at(0).at("name") == "aad_scope");
    const json::array& covered = security.at("covered").as_array();
    REQUIRE(covered.size() == 4);
    CHECK(covered[0] == json::value({{"block", "primary"}, {"metadata", true}, {"data", false}}));
    CHECK(covered[1] == json::value({{"block", 5}, {"metadata", true}, {"data", true}}));
    CHECK(covered[2].at("block") == "target");
    CHECK(covered[3].at("block") == "security_block");
    const json::value& result = security.at("results").at(0);
    CHECK(result.at("name") == "COSE_Sign1");
    CHECK(result.at("target") == 1);
    CHECK(result.at("algorithm") == "EdDSA");
    CHECK(result.at("certificate_sha256") == json::value(to_hex(signer)));
}

TEST_CASE("decode shows the contexts of RFC 9173, and says what is encrypted", "[cli]") {
    bpv7::Bundle bundle = sample_bundle();
    const Buffer key(32, 7);
    bpsec::HmacTerms integrity{.targets = {1}, .source = eid("ipn:3.0"), .wrapped_key = {}};
    REQUIRE(bpsec::add_bib_hmac(bundle, integrity, key));
    const auto signed_block = block(json::parse(decode(binary(bundle)).out), "block_integrity");
    const auto& hmac = signed_block.at("security");
    CHECK(hmac.at("context_name") == "BIB-HMAC-SHA2");
    CHECK(hmac.at("source") == "ipn:3.0");
    CHECK(hmac.at("parameters").at(0) == json::value({{"id", 1}, {"name", "sha_variant"}, {"value", 6}}));
    CHECK(hmac.at("parameters").at(1) == json::value({{"id", 3}, {"name", "scope_flags"}, {"value", 7}}));
    CHECK(hmac.at("results").at(0).at("name") == "hmac");
    CHECK(hmac.at("results").at(0).at("value").as_string().size() == 96);

    const std::uint64_t bib = bundle.find(bpv7::block_type::kBlockIntegrity)->number;
    bpsec::AesTerms terms{
        .targets = {1, bib}, .source = eid("ipn:3.0"), .iv = Bytes{Buffer(12, 1)}, .wrapped_key = {}};
    REQUIRE(bpsec::add_bcb_aes_gcm(bundle, terms, key));
    const json::value both = json::parse(decode(binary(bundle)).out);
    const auto gcm = block(both, "block_confidentiality").at("security");
    CHECK(gcm.at("targets") == json::value({1, bib}));
    CHECK(gcm.at("context_name") == "BCB-AES-GCM");
    CHECK(gcm.at("parameters").at(0).at("name") == "iv");
    CHECK(gcm.at("parameters").at(0).at("value") == "010101010101010101010101");
    CHECK(block(both, "block_integrity").at("unreadable") == "the security block is encrypted");
}

TEST_CASE("decode refuses with code and reason on standard error", "[cli]") {
    std::string wire = binary(sample_bundle());
    const auto [input, code] =
        GENERATE_COPY(table<std::string, std::string>({{wire.substr(0, wire.size() - 5), "truncated"},
                                                       {wire + "\x01", "trailing_data"},
                                                       {"9f", "truncated"},
                                                       {"9f8", "truncated"},
                                                       {"", "truncated"},
                                                       {"not a bundle", "malformed"}}));
    CAPTURE(input);
    const Ran ran = decode(input);
    CHECK(ran.exit_code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("error: " + code + ": "));
}

TEST_CASE("decode warns of an unprotected primary block and refuses it when strict", "[cli]") {
    bpv7::Bundle bundle = sample_bundle();
    bundle.primary.crc_type = bpv7::CrcType::kNone;
    const Ran lax = decode(binary(bundle));
    CHECK(lax.exit_code == 0);
    CHECK(lax.err.starts_with("warning: "));
    const Ran strict = decode(binary(bundle), {"-o", "json", "--strict"});
    CHECK(strict.exit_code == 1);
    CHECK(strict.err.starts_with("error: forbidden: "));
    CHECK(strict.out.empty());
}

TEST_CASE("decode agrees with the index of the shared vectors", "[cli][vectors]") {
    const char* shared = std::getenv("TRAM_SHARED");
    const std::filesystem::path root =
        std::filesystem::path{shared == nullptr ? "" : shared} / "data/vectors";
    std::ifstream index{root / "INDEX.tsv"};
    if (!index) {
        WARN("skipped: no vectors at " << root);
        return;
    }
    std::string line;
    std::getline(index, line);
    int seen = 0;
    while (std::getline(index, line)) {
        std::istringstream fields{line};
        std::string file;
        std::string size;
        std::string verdict;
        std::getline(fields, file, '\t');
        std::getline(fields, size, '\t');
        std::getline(fields, verdict, '\t');
        if (!file.ends_with(".hex")) continue;
        CAPTURE(file, verdict);
        const Ran ran = run_tram(nullptr, {"bundle", "decode", (root / file).string(), "-o", "json"});
        if (verdict == "accept") CHECK(ran.exit_code == 0);
        if (verdict == "refuse") CHECK(ran.exit_code == 1);
        if (ran.exit_code == 0) CHECK(json::parse(ran.out).at("blocks").as_array().size() > 0);
        CHECK((ran.exit_code == 0 || ran.exit_code == 1));
        ++seen;
    }
    CHECK(seen > 90);
}
