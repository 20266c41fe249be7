// Every vector of the shared INDEX.tsv: its verdict, and what an independent decoder says is in it.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "proto/bpv7/codec.h"
#include "proto/bpv7/fragments.h"
#include "proto/bpv7/status_report.h"
#include "proto/cbor/reader.h"

using namespace tram;
using namespace tram::bpv7;

namespace {

std::optional<std::filesystem::path> vectors() {
    const char* shared = std::getenv("TRAM_SHARED");
    if (shared == nullptr) return std::nullopt;
    const std::filesystem::path folder = std::filesystem::path{shared} / "data" / "vectors";
    if (!std::filesystem::exists(folder / "INDEX.tsv")) return std::nullopt;
    return folder;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    REQUIRE(in);
    return {std::istreambuf_iterator<char>{in}, {}};
}

Bytes read_hex(const std::filesystem::path& path) {
    auto bytes = from_hex(read_file(path));
    REQUIRE(bytes);
    return Bytes{std::move(*bytes)};
}

struct Vector {
    std::string file;
    std::string verdict;
    std::string note;
    std::string summary;
};

std::vector<Vector> read_index(const std::filesystem::path& folder) {
    std::istringstream in{read_file(folder / "INDEX.tsv")};
    std::vector<Vector> index;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::vector<std::string> fields(1);
        for (const char c : line) {
            if (c == '\t') {
                fields.emplace_back();
            } else {
                fields.back().push_back(c);
            }
        }
        REQUIRE(fields.size() == 6);
        index.push_back({.file = fields[0], .verdict = fields[2], .note = fields[3], .summary = fields[5]});
    }
    return index;
}

std::string crc_text(CrcType type) {
    return type == CrcType::kNone ? "0" : std::to_string(static_cast<int>(type)) + "(ok)";
}

std::string primary_summary(const PrimaryBlock& p) {
    std::ostringstream out;
    out << "v7 fl=0x" << std::hex << p.flags << std::dec << " crc=" << crc_text(p.crc_type)
        << " dst=" << p.destination.to_string() << " src=" << p.source.to_string()
        << " rpt=" << p.report_to.to_string() << " ts=[" << p.timestamp.time.milliseconds << ", "
        << p.timestamp.sequence << "] life=" << p.lifetime_ms;
    if (p.fragment) out << " frag=" << p.fragment->offset << "/" << p.fragment->total_length;
    if (p.has(bundle_flag::kAdministrativeRecord)) out << " ADMIN";
    return out.str();
}

std::string block_summary(const CanonicalBlock& block) {
    static const std::map<std::uint64_t, std::string> kNames{
        {block_type::kPayload, "payload"},    {block_type::kPreviousNode, "prevnode"},
        {block_type::kBundleAge, "age"},      {block_type::kHopCount, "hop"},
        {block_type::kBlockIntegrity, "BIB"}, {block_type::kBlockConfidentiality, "BCB"}};
    std::ostringstream out;
    const auto name = kNames.find(block.type);
    out << " [" << (name == kNames.end() ? "type" + std::to_string(block.type) : name->second) << "#"
        << block.number << " fl=" << block.flags << " crc=" << crc_text(block.crc_type)
        << " len=" << block.data.size();
    return out.str();
}

// The value of an extension block in the notation of the index; empty where there is none.
std::string value_summary(const CanonicalBlock& block) {
    if (block.type == block_type::kBundleAge) {
        const auto age = decode_bundle_age(block.data);
        return age ? " " + std::to_string(*age) : "";
    }
    if (block.type == block_type::kHopCount) {
        const auto hops = decode_hop_count(block.data);
        return hops ? " [" + std::to_string(hops->limit) + ", " + std::to_string(hops->count) + "]" : "";
    }
    if (block.type == block_type::kPreviousNode) {
        const auto node = decode_previous_node(block.data, {});
        if (!node || node->scheme() != Eid::Scheme::kIpn) return "";
        return " [2, [" + std::to_string(node->fully_qualified_node()) + ", " +
               std::to_string(node->service()) + "]]";
    }
    return "";
}

// The summary with the values of encrypted blocks, which the index shows in its own way, left out.
std::string without_encrypted_values(std::string text) {
    for (const std::string_view value : {" ?]", " CBORTag(18, 14)]"}) {
        for (auto at = text.find(value); at != std::string::npos; at = text.find(value)) {
            text.replace(at, value.size(), "]");
        }
    }
    return text;
}

std::string summary(const Bundle& bundle) {
    std::string text = primary_summary(bundle.primary);
    for (const CanonicalBlock& block : bundle.blocks)
        text += block_summary(block) + value_summary(block) + "]";
    return text;
}

}  // namespace

TEST_CASE("decode agrees with the index of vectors on every verdict and content",
          "[bpv7][vectors][rfc9171]") {
    const auto folder = vectors();
    if (!folder) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    std::map<std::string, int> seen;
    for (const Vector& vector : read_index(*folder)) {
        INFO(vector.file << " (" << vector.verdict << " " << vector.note << ")");
        const Bytes wire = read_hex(*folder / vector.file);
        const auto decoded = decode(wire);
        INFO((decoded ? "accepted" : decoded.error().message));
        ++seen[vector.verdict];
        if (vector.verdict == "refuse") CHECK_FALSE(decoded);
        if (vector.verdict == "accept") {
            REQUIRE(decoded);
            CHECK(summary(decoded->bundle) == without_encrypted_values(vector.summary));
            // All of them are in deterministic CBOR, so nothing may change on the way through.
            CHECK(to_hex(encode(decoded->bundle)) == to_hex(wire));
            Bundle ours = decoded->bundle;
            ours.primary_wire = Bytes{};
            CHECK(to_hex(encode(ours)) == to_hex(wire));
        }
    }
    CHECK(seen["accept"] > 50);
    CHECK(seen["refuse"] > 10);
    CHECK(seen["either"] > 2);
}

TEST_CASE("decode takes these sides where practice differs", "[bpv7][vectors]") {
    const auto folder = vectors();
    if (!folder) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    struct Choice {
        std::string part;
        bool accepted;
    };
    const auto choice =
        GENERATE(values<Choice>({{"primary_tests_rs_L34", true},       // ipn:0.1 is the null endpoint
                                 {"http-client-api_md_L184", false},   // dtn://node1
                                 {"parse_rs_L1197", false},            // report flag, no source
                                 {"pics_default_rs_L1013", false}}));  // beyond the total length
    bool found = false;
    for (const Vector& vector : read_index(*folder)) {
        if (vector.file.find(choice.part) == std::string::npos) continue;
        found = true;
        INFO(vector.file);
        CHECK(vector.verdict == "either");
        CHECK(decode(read_hex(*folder / vector.file)).has_value() == choice.accepted);
    }
    CHECK(found);
}

TEST_CASE("a peer's status reports are read", "[bpv7][vectors][rfc9171]") {
    const auto folder = vectors();
    if (!folder) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    const auto first = decode(read_hex(*folder / "captured/ud3tn_status_report.0.hex"));
    REQUIRE(first);
    const auto report = decode_status_report(first->bundle.payload(), {});
    REQUIRE(report);
    CHECK(report->item(Assertion::kReceived).asserted);
    CHECK(report->item(Assertion::kReceived).time.has_value());
    CHECK_FALSE(report->item(Assertion::kForwarded).asserted);
    CHECK(report->reason == ReportReason::kNoInformation);
    const auto subject = decode(read_hex(*folder / "captured/ud3tn_status_report.1.hex"));
    REQUIRE(subject);
    CHECK(report->subject == subject->bundle.id());
    CHECK(encode_status_report(*report) == first->bundle.payload());
}

TEST_CASE("a peer's fragments are put together", "[bpv7][vectors][rfc9171]") {
    const auto folder = vectors();
    if (!folder) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    std::vector<Bundle> fragments;
    for (int i = 4; i >= 0; --i) {
        auto part = decode(read_hex(*folder / ("captured/ud3tn_frag_m400." + std::to_string(i) + ".hex")));
        REQUIRE(part);
        fragments.push_back(std::move(part->bundle));
    }
    const auto whole = reassemble(fragments);
    REQUIRE(whole);
    REQUIRE(whole->payload().size() == 1500);
    for (std::size_t i = 0; i < 1500; ++i)
        REQUIRE(whole->payload().data()[i] == i % 251);
}

TEST_CASE("endpoint ids of the vectors are read", "[bpv7][vectors][rfc9758]") {
    const auto folder = vectors();
    if (!folder) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    struct Case {
        std::string file;
        std::string text;  // empty: refused
    };
    const auto one =
        GENERATE(values<Case>({{"dtn-shortservice", "dtn://nodename/svc"},
                               {"ipn-2elem-small", "ipn:11.10"},
                               {"ipn-3elem-small", "ipn:11.10.10"},
                               {"ipn-2elem-max", "ipn:4294967295.4294967295.18446744073709551615"},
                               {"ipn-3elem-max", "ipn:4294967295.4294967295.18446744073709551615"},
                               {"private-struct", ""},
                               {"reserved", ""}}));
    const std::string content = read_file(*folder / "eid" / (one.file + ".cbor"));
    cbor::Reader in{as_bytes(content)};
    const Eid eid = Eid::decode(in, {});
    CHECK(in.ok() == !one.text.empty());
    if (in.ok()) {
        CHECK(in.at_end());
        CHECK(eid.to_string() == one.text);
        CHECK(Eid::parse(one.text).value() == eid);
    }
}
