// RFC 9171 5.8 (fragmentation) and 5.9 (reassembly).
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "proto/bpv7/fragments.h"
#include "wire.h"

namespace tram::rfc9171 {
namespace {

using bpv7::Bundle;

std::string content(std::size_t length) {
    std::string out(length, '\0');
    for (std::size_t i = 0; i < length; ++i)
        out[i] = static_cast<char>('a' + (i * 7 + i / 26) % 26);
    return out;
}

Bundle big(std::size_t length, const Primary& primary = {}, const std::vector<Canonical>& extensions = {}) {
    std::vector<Buffer> blocks;
    for (const auto& block : extensions)
        blocks.push_back(block.wire());
    blocks.push_back(payload(content(length), 2).wire());
    auto result = decoded(bundle(primary.wire(), blocks));
    REQUIRE(result);
    return result->bundle;
}

/// Cuts and lets every piece go over the wire, so that what is checked is what a peer would see.
std::vector<Bundle> cut(const Bundle& original, std::size_t bytes_max) {
    const auto pieces = bpv7::fragment(original, bytes_max);
    REQUIRE(pieces);
    std::vector<Bundle> out;
    for (const auto& piece : *pieces) {
        const auto wire = bpv7::encode(piece);
        CHECK(wire.size() <= bytes_max);
        auto result = bpv7::decode(wire);
        REQUIRE(result);
        CHECK(result->warnings.empty());
        out.push_back(result->bundle);
    }
    return out;
}

std::uint64_t offset_of(const Bundle& fragment) {
    REQUIRE(fragment.primary.fragment);
    return fragment.primary.fragment->offset;
}

/// The fragment of `original` that covers [from, from + length), made by hand.
Bundle piece(std::size_t total, std::uint64_t from, std::size_t length,
             const std::vector<Canonical>& extensions = {}, const Primary& like = {}) {
    Primary primary = like;
    primary.flags |= 1;
    primary.fragment = {{from, total}};
    std::vector<Buffer> blocks;
    for (const auto& block : extensions)
        blocks.push_back(block.wire());
    blocks.push_back(payload(content(total).substr(from, length)).wire());
    auto result = decoded(bundle(primary.wire(), blocks));
    REQUIRE(result);
    return result->bundle;
}

TEST_CASE("5.8: fragments have the source and creation timestamp of the original", "[rfc9171][5.8]") {
    const auto original = big(1'000);
    for (const auto& fragment : cut(original, 300)) {
        CHECK(fragment.primary.source == original.primary.source);
        CHECK(fragment.primary.timestamp == original.primary.timestamp);
        CHECK(fragment.primary.destination == original.primary.destination);
        CHECK(fragment.primary.report_to == original.primary.report_to);
        CHECK(fragment.primary.lifetime_ms == original.primary.lifetime_ms);
    }
}

TEST_CASE("5.8: 'The concatenation of the payloads ... MUST always be identical to the payload'",
          "[rfc9171][5.8]") {
    const auto length = GENERATE(std::size_t{400}, std::size_t{1'000}, std::size_t{70'000});
    const auto fragments = cut(big(length), 350);
    REQUIRE(fragments.size() >= 2);
    std::string joined;
    for (const auto& fragment : fragments) {
        CHECK(offset_of(fragment) == joined.size());
        CHECK(fragment.payload().size() > 0);
        joined += as_text(fragment.payload());
    }
    CHECK(joined == content(length));
}

TEST_CASE("5.8: each fragment's primary block says so, with offset, total length and a CRC of its own",
          "[rfc9171][5.8]") {
    const auto crc = GENERATE(std::uint64_t{1}, std::uint64_t{2});
    const auto original = big(1'000, Primary{.flags = 0x20000, .crc_type = crc});
    const auto fragments = cut(original, 300);  // cut() decodes, so a wrong CRC fails there
    for (const auto& fragment : fragments) {
        CHECK(fragment.primary.has(bpv7::bundle_flag::kIsFragment));
        CHECK(fragment.primary.has(bpv7::bundle_flag::kReportDelivery));
        CHECK(fragment.primary.fragment->total_length == 1'000);
        CHECK(fragment.primary.crc_type == original.primary.crc_type);
        CHECK_FALSE(fragment.primary_wire == original.primary_wire);
    }
}

TEST_CASE("5.8: a bundle that must not be fragmented is not", "[rfc9171][5.8]") {
    const auto result = bpv7::fragment(big(1'000, Primary{.flags = 0x4}), 300);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kForbidden);
}

TEST_CASE("5.8: 0 < N < M, so there must be room for a byte of payload", "[rfc9171][5.8]") {
    const auto result = bpv7::fragment(big(1'000), 40);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("5.8: all extension blocks go into the fragment with offset zero", "[rfc9171][5.8]") {
    const auto original = big(1'000, {}, {{99, 2, 0x00, 0, hex("aa")}, {98, 3, 0x01, 1, hex("bb")}});
    const auto fragments = cut(original, 300);
    REQUIRE(offset_of(fragments[0]) == 0);
    REQUIRE(fragments[0].find(99) != nullptr);
    CHECK(to_hex(fragments[0].find(99)->data) == "aa");
    CHECK(fragments[0].find(98) != nullptr);
    for (std::size_t i = 1; i < fragments.size(); ++i)
        CHECK(fragments[i].find(99) == nullptr);
}

TEST_CASE("5.8: a block with the replicate flag goes into every fragment", "[rfc9171][5.8]") {
    const auto original = big(1'000, {}, {{99, 2, 0x00, 0, hex("aa")}, {98, 3, 0x01, 1, hex("bb")}});
    const auto fragments = cut(original, 300);
    for (const auto& fragment : fragments) {
        REQUIRE(fragment.find(98) != nullptr);
        CHECK(to_hex(fragment.find(98)->data) == "bb");
        CHECK(fragment.find(98)->flags == 0x01);
    }
}

TEST_CASE("5.8: fragments of a fragment keep offsets in the original application data unit",
          "[rfc9171][5.8]") {
    const auto parent =
        piece(5'000, 2'000, 1'500, {{99, 2, 0x00, 0, hex("aa")}, {98, 3, 0x01, 0, hex("bb")}});
    std::string joined;
    for (const auto& fragment : cut(parent, 300)) {
        CHECK(offset_of(fragment) == 2'000 + joined.size());
        CHECK(fragment.primary.fragment->total_length == 5'000);
        CHECK(fragment.find(98) != nullptr);
        joined += as_text(fragment.payload());
    }
    CHECK(joined == content(5'000).substr(2'000, 1'500));
}

TEST_CASE("5.9: fragments in any order give the original application data unit", "[rfc9171][5.9]") {
    const auto seed = GENERATE(range(0U, 10U));
    const auto original = big(2'000, Primary{.flags = 0x20020}, {{99, 2, 0x00, 0, hex("aa")}});
    auto fragments = cut(original, 300);
    std::shuffle(fragments.begin(), fragments.end(), std::mt19937{seed});
    const auto whole = bpv7::reassemble(fragments);
    REQUIRE(whole);
    CHECK(as_text(whole->payload()) == content(2'000));
    CHECK(whole->primary.flags == 0x20020);
    CHECK_FALSE(whole->primary.fragment);
    CHECK_FALSE(whole->id().fragment);
    CHECK(whole->find(99) != nullptr);
    CHECK(to_hex(bpv7::encode(*whole)).substr(2, 2 * original.primary_wire.size()) ==
          to_hex(original.primary_wire));
}

TEST_CASE("5.9: overlapping and repeated fragments reassemble too", "[rfc9171][5.9]") {
    const std::vector<Bundle> fragments{piece(100, 60, 40), piece(100, 30, 50), piece(100, 0, 40),
                                        piece(100, 30, 50), piece(100, 35, 5)};
    const auto whole = bpv7::reassemble(fragments);
    REQUIRE(whole);
    CHECK(as_text(whole->payload()) == content(100));
}

TEST_CASE("5.9: a fragment may cover the whole unit", "[rfc9171][5.9]") {
    const auto whole = bpv7::reassemble({piece(100, 0, 100)});
    REQUIRE(whole);
    CHECK(as_text(whole->payload()) == content(100));
}

TEST_CASE("5.9: while bytes are missing nothing is reassembled", "[rfc9171][5.9]") {
    const auto gap = bpv7::reassemble({piece(100, 0, 40), piece(100, 41, 59)});
    REQUIRE_FALSE(gap);
    CHECK(gap.error().code == ErrorCode::kNotFound);
    CHECK_FALSE(bpv7::reassemble({piece(100, 0, 99)}));
    CHECK_FALSE(bpv7::reassemble({piece(100, 1, 99)}));
    CHECK_FALSE(bpv7::reassemble({}));
}

TEST_CASE("5.9: only fragments with the same source, timestamp and total length belong together",
          "[rfc9171][5.9]") {
    const auto first = piece(100, 0, 50);
    const auto refused = [&](const Bundle& second) {
        const auto result = bpv7::reassemble({first, second});
        return !result && result.error().code == ErrorCode::kInvalidArgument;
    };
    CHECK(bpv7::reassemble({first, piece(100, 50, 50)}));
    CHECK(refused(piece(100, 50, 50, {}, Primary{.source = dtn("//a/other")})));
    CHECK(refused(piece(100, 50, 50, {}, Primary{.time = 5})));
    CHECK(refused(piece(100, 50, 50, {}, Primary{.sequence = 8})));
    CHECK(refused(piece(101, 50, 51)));
    CHECK(refused(big(100)));
}

TEST_CASE("5.9: the extension blocks are those of the fragment with offset zero", "[rfc9171][5.9]") {
    const auto whole = bpv7::reassemble({piece(100, 50, 50, {{97, 2, 0x01, 0, hex("01")}}),
                                         piece(100, 0, 60, {{99, 2, 0x00, 0, hex("aa")}})});
    REQUIRE(whole);
    CHECK(whole->find(99) != nullptr);
    CHECK(whole->find(97) == nullptr);
}

TEST_CASE("5.9: coverage counts every byte once, against a naive model", "[rfc9171][5.9]") {
    const auto seed = GENERATE(range(0U, 50U));
    std::mt19937 random{seed};
    constexpr std::uint64_t kTotal = 60;
    bpv7::Coverage coverage{kTotal};
    std::vector<bool> model(kTotal, false);
    for (int step = 0; step < 40; ++step) {
        const std::uint64_t offset = random() % kTotal;
        const std::uint64_t length = 1 + random() % std::min<std::uint64_t>(9, kTotal - offset);
        bool known = true;
        for (auto i = offset; i < offset + length; ++i)
            known = known && model[i];
        CHECK(coverage.covers(offset, length) == known);
        REQUIRE(coverage.add(offset, length));
        for (auto i = offset; i < offset + length; ++i)
            model[i] = true;
        std::vector<std::pair<std::uint64_t, std::uint64_t>> holes;
        for (std::uint64_t i = 0; i < kTotal; ++i) {
            if (model[i]) continue;
            if (holes.empty() || holes.back().first + holes.back().second != i) holes.emplace_back(i, 0);
            ++holes.back().second;
        }
        REQUIRE(coverage.missing() == holes);
        CHECK(coverage.complete() == holes.empty());
    }
}

TEST_CASE("5.9: a fragment that reaches beyond the total length is refused", "[rfc9171][5.9]") {
    bpv7::Coverage coverage{100};
    CHECK_FALSE(coverage.add(90, 11));
    CHECK_FALSE(coverage.add(101, 0));
    CHECK_FALSE(coverage.add(~std::uint64_t{0}, 2));
    CHECK(coverage.add(90, 10));
    CHECK_FALSE(coverage.complete());
}

}  // namespace
}  // namespace tram::rfc9171
