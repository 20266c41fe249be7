#include "proto/bpv7/fragments.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "proto/bpv7/codec.h"
#include "tests/fuzz/random_bundle.h"

using namespace tram;
using namespace tram::bpv7;

namespace {

constexpr std::uint64_t kReplicated = 193;
constexpr std::uint64_t kOnce = 194;

Bundle bundle_of(std::size_t payload_bytes) {
    Bundle bundle;
    bundle.primary.destination = Eid::parse("dtn://b/in").value();
    bundle.primary.source = Eid::parse("dtn://a/out").value();
    bundle.primary.timestamp = {.time = {0}, .sequence = 5};
    bundle.primary.lifetime_ms = 1000;
    Buffer payload(payload_bytes);
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = kPayloadBlockNumber,
                             .flags = 0,
                             .crc_type = CrcType::kCrc32c,
                             .data = Bytes{std::move(payload)}});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kNone, encode_bundle_age(9));
    bundle.set_block(kReplicated, block_flag::kReplicateInFragments, CrcType::kCrc16, Bytes{Buffer{1}});
    bundle.set_block(kOnce, 0, CrcType::kCrc16, Bytes{Buffer{2}});
    return bundle;
}

std::vector<Bundle> cut(const Bundle& bundle, std::size_t bytes_max) {
    auto parts = fragment(bundle, bytes_max);
    REQUIRE(parts);
    return std::move(*parts);
}

}  // namespace

TEST_CASE("fragments stay below the size asked for and are valid bundles", "[bpv7][rfc9171]") {
    const std::size_t bytes_max = GENERATE(120, 200, 255, 256, 300, 1000);
    const Bundle bundle = bundle_of(5000);
    const auto parts = cut(bundle, bytes_max);
    REQUIRE(parts.size() > 1);
    std::uint64_t at = 0;
    for (const Bundle& part : parts) {
        const Bytes wire = encode(part);
        CHECK(wire.size() <= bytes_max);
        const auto decoded = decode(wire, {.limits = {}, .strict = true});
        REQUIRE(decoded);
        REQUIRE(decoded->bundle.primary.fragment);
        CHECK(decoded->bundle.primary.fragment->offset == at);
        CHECK(decoded->bundle.primary.fragment->total_length == 5000);
        at += part.payload().size();
    }
    CHECK(at == 5000);
}

TEST_CASE("blocks go where RFC 9171 5.8 wants them", "[bpv7][rfc9171]") {
    const auto parts = cut(bundle_of(1000), 300);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        CHECK((parts[i].find(kOnce) != nullptr) == (i == 0));
        CHECK(parts[i].find(kReplicated) != nullptr);
        CHECK(parts[i].find(block_type::kBundleAge) != nullptr);  // 4.4.2 wants it where there is no clock
    }
}

TEST_CASE("a BCB goes into every fragment, which could not be read without it", "[bpv7][rfc9172]") {
    Bundle bundle = bundle_of(5000);
    const std::uint64_t age = bundle.find(block_type::kBundleAge)->number;
    bundle.find(block_type::kBundleAge)->data = Bytes{Buffer(17, 0xc2)};  // as a BCB leaves it
    Buffer security = *from_hex("81000200820201008180");                  // [age], context 2, no parameters
    security[1] = static_cast<std::uint8_t>(age);
    bundle.set_block(block_type::kBlockConfidentiality, 0, CrcType::kNone, Bytes{std::move(security)});
    for (const Bundle& part : cut(bundle, 300)) {
        CHECK(part.find(block_type::kBlockConfidentiality));
        CHECK(decode(encode(part)));
    }
}

TEST_CASE("a bundle that fits stays whole", "[bpv7]") {
    const Bundle bundle = bundle_of(100);
    const std::size_t size = encode(bundle).size();
    const auto whole = cut(bundle, size);
    REQUIRE(whole.size() == 1);
    CHECK_FALSE(whole.front().primary.fragment);
    CHECK(cut(bundle, size - 1).size() == 2);
}

TEST_CASE("bundles that must not or cannot be fragmented are not", "[bpv7][rfc9171]") {
    Bundle bundle = bundle_of(1000);
    CHECK(fragment(bundle, 40).error().code == ErrorCode::kTooLarge);
    bundle.primary.flags |= bundle_flag::kMustNotFragment;
    CHECK(fragment(bundle, 300).error().code == ErrorCode::kForbidden);
    CHECK(fragment(bundle_of(0), 60).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a received bundle's fragments get a primary block of their own", "[bpv7][rfc9171]") {
    Bundle received = bundle_of(1000);
    received.primary.crc_type = CrcType::kNone;
    const auto decoded = decode(encode(received));
    REQUIRE(decoded);
    for (const Bundle& part : cut(decoded->bundle, 300)) {
        CHECK(part.primary_wire.empty());
        CHECK(part.primary.crc_type == CrcType::kCrc32c);
    }
}

TEST_CASE("fragments of fragments give the original bundle back in any order", "[bpv7][rfc9171]") {
    const Bundle bundle = bundle_of(5000);
    std::vector<Bundle> pieces;
    for (const Bundle& part : cut(bundle, 1000)) {
        for (Bundle& piece : cut(part, 250))
            pieces.push_back(std::move(piece));
    }
    fuzz::Random random{1};
    std::ranges::shuffle(pieces, random);
    const auto whole = reassemble(pieces);
    REQUIRE(whole);
    CHECK(encode(*whole) == encode(bundle));
}

TEST_CASE("overlapping and repeated fragments are put together", "[bpv7][rfc9171]") {
    const Bundle bundle = bundle_of(5000);
    std::vector<Bundle> pieces = cut(bundle, 400);
    for (Bundle& part : cut(bundle, 1234))
        pieces.push_back(std::move(part));
    pieces.push_back(pieces.front());
    std::ranges::reverse(pieces);
    const auto whole = reassemble(pieces);
    REQUIRE(whole);
    CHECK(whole->payload() == bundle.payload());
    CHECK_FALSE(whole->primary.fragment);
    CHECK_FALSE(whole->primary.has(bundle_flag::kIsFragment));
    CHECK(whole->find(kOnce) != nullptr);
}

TEST_CASE("a missing fragment is missed", "[bpv7]") {
    const auto parts = cut(bundle_of(2000), 300);
    for (std::size_t without = 0; without < parts.size(); ++without) {
        std::vector<Bundle> some = parts;
        some.erase(some.begin() + static_cast<std::ptrdiff_t>(without));
        const auto whole = reassemble(some);
        REQUIRE_FALSE(whole);
        CHECK(whole.error().code == ErrorCode::kNotFound);
    }
}

TEST_CASE("fragments that do not belong together are refused", "[bpv7]") {
    const auto parts = cut(bundle_of(1000), 300);
    const auto code = [](std::vector<Bundle> fragments, const Limits& limits = {}) {
        return reassemble(fragments, limits).error().code;
    };
    auto other = parts;
    other[1].primary.source = Eid::parse("dtn://c/").value();
    CHECK(code(other) == ErrorCode::kInvalidArgument);
    other = parts;
    other[1].primary.timestamp.sequence = 6;
    CHECK(code(other) == ErrorCode::kInvalidArgument);
    other = parts;
    other[1].primary.fragment->total_length = 1001;
    CHECK(code(other) == ErrorCode::kInvalidArgument);
    other = parts;
    other[1].primary.fragment->offset = 990;
    CHECK(code(other) == ErrorCode::kInvalidArgument);
    CHECK(code({bundle_of(10)}) == ErrorCode::kInvalidArgument);
    CHECK(code({}) == ErrorCode::kInvalidArgument);
    CHECK(code(parts, Limits{.adu_bytes_max = 999}) == ErrorCode::kTooLarge);
    CHECK(code(parts, Limits{.fragments_max = 2}) == ErrorCode::kTooLarge);
}

TEST_CASE("coverage agrees with a naive model over random operations", "[bpv7]") {
    fuzz::Random random{GENERATE(range(1U, 40U))};
    const std::uint64_t total = fuzz::below_or_equal(random, 200);
    Coverage coverage{total};
    std::vector<bool> model(total);
    for (int step = 0; step < 40; ++step) {
        const std::uint64_t offset = fuzz::below_or_equal(random, total + 3);
        const std::uint64_t length = fuzz::below_or_equal(random, 25);
        const auto slots = [&](std::uint64_t i) { return model.begin() + static_cast<std::ptrdiff_t>(i); };
        const bool inside = offset + length <= total;
        if (inside) {
            CHECK(coverage.covers(offset, length) ==
                  std::all_of(slots(offset), slots(offset + length), [](bool there) { return there; }));
        }
        REQUIRE(coverage.add(offset, length).has_value() == inside);
        if (inside) std::fill(slots(offset), slots(offset + length), true);
        std::vector<bool> shown(total, true);
        std::uint64_t last_end = 0;
        for (const auto& [from, count] : coverage.missing()) {
            REQUIRE(count > 0);
            REQUIRE((from > last_end || from == 0));  // ascending, and a covered byte between two gaps
            last_end = from + count;
            for (std::uint64_t i = from; i < last_end; ++i)
                shown[i] = false;
        }
        REQUIRE(shown == model);
        CHECK(coverage.complete() == std::ranges::all_of(model, [](bool there) { return there; }));
    }
}

TEST_CASE("coverage takes numbers near the end of their range", "[bpv7]") {
    constexpr std::uint64_t kMax = ~std::uint64_t{0};
    Coverage coverage{kMax};
    CHECK(coverage.add(kMax - 1, 1));
    CHECK_FALSE(coverage.add(kMax, 1));
    CHECK_FALSE(coverage.add(2, kMax));
    CHECK_FALSE(coverage.complete());
    CHECK(coverage.add(0, kMax - 1));
    CHECK(coverage.complete());
    CHECK(Coverage{0}.complete());
}
