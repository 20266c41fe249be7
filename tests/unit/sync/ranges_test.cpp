// Reconciliation messages as bytes, item sets and keyed ids.
#include "proto/sync/ranges.h"

#include <catch2/catch.hpp>
#include <random>

#include "proto/cbor/writer.h"

namespace tram::sync {

namespace {

using What = Range::What;

std::vector<Range> sample() {
    return {{.what = What::kFingerprint, .end = {1'700'000'000'000, 0}, .fingerprint = 0x0123456789abcdef},
            {.what = What::kSame, .end = {1'700'000'000'000, 0x8000000000000000}},
            {.what = What::kIds, .end = {1'800'000'000'000, 0}, .ids = {1, UINT64_MAX}},
            {.what = What::kWant, .end = kEnd, .want = {0x80}}};
}

ErrorCode code_of(const Result<std::vector<Range>>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

}  // namespace

TEST_CASE("ranges survive the way there", "[sync]") {
    const auto ranges = sample();
    const Bytes wire = encode_ranges(ranges);
    CHECK(decode_ranges(wire).value() == ranges);
    std::size_t bound = 16;
    for (const Range& range : ranges)
        bound += bytes_of(range);
    CHECK(wire.size() <= bound);
}

TEST_CASE("random ranges survive the way there", "[sync]") {
    std::mt19937_64 chance{GENERATE(range(1, 40))};
    std::vector<Bound> bounds;
    for (int i = 0; i < 200; ++i) {
        const int shift = static_cast<int>(chance() % 60);
        bounds.push_back({chance() >> shift, chance() % 3 == 0 ? chance() << shift : 0});
    }
    std::ranges::sort(bounds);
    const auto repeated = std::ranges::unique(bounds);
    bounds.erase(repeated.begin(), repeated.end());
    if (bounds.front() == Bound{}) bounds.erase(bounds.begin());
    std::vector<Range> ranges;
    for (const Bound& bound : bounds)
        ranges.push_back({.what = What::kFingerprint, .end = bound, .fingerprint = chance()});
    ranges.push_back({.what = What::kSame, .end = kEnd});
    CHECK(decode_ranges(encode_ranges(ranges)).value() == ranges);
}

TEST_CASE("no prefix of a message is one, and no changed byte does harm", "[sync]") {
    const Bytes wire = encode_ranges(sample());
    for (std::size_t size = 0; size < wire.size(); ++size)
        CHECK_FALSE(decode_ranges(wire.view().first(size)));
    for (std::size_t at = 0; at < wire.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            Buffer changed(wire.view().begin(), wire.view().end());
            changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1U << bit));
            const auto read = decode_ranges(changed);
            if (!read) continue;
            // What is read is good whatever it says: bounds rise, and the last is the end.
            CHECK(read->back().end == kEnd);
            CHECK(std::ranges::is_sorted(*read, {}, &Range::end));
        }
    }
}

TEST_CASE("messages that break the rules are refused", "[sync]") {
    auto ranges = sample();
    SECTION("bounds that fall") {
        ranges[1].end = {1, 0};
        CHECK(code_of(decode_ranges(encode_ranges(ranges))) == ErrorCode::kMalformed);
    }
    SECTION("no end") {
        ranges.pop_back();
        CHECK(code_of(decode_ranges(encode_ranges(ranges))) == ErrorCode::kMalformed);
    }
    SECTION("something after the end") {
        ranges[0].end = kEnd;
        CHECK(code_of(decode_ranges(encode_ranges(ranges))) == ErrorCode::kMalformed);
    }
    SECTION("too long") {
        CHECK(code_of(decode_ranges(Buffer(kMessageBytesMax + 1, 0x80))) == ErrorCode::kTooLarge);
    }
    SECTION("another version") {
        cbor::Writer out;
        out.open_array(2);
        out.write_unsigned(2);
        out.open_array(1);
        out.write_unsigned(8);
        CHECK(code_of(decode_ranges(out.take())) == ErrorCode::kUnsupportedVersion);
    }
    SECTION("a shift that leaves no bits, and a sum that does not fit") {
        const auto [shift, delta] = GENERATE(table<std::uint64_t, std::uint64_t>(
            {{64, 1}, {UINT64_MAX, 1}, {63, 2}, {1, UINT64_MAX}, {0, UINT64_MAX}}));
        cbor::Writer out;
        out.open_array(3);
        out.write_unsigned(1);
        for (const std::uint64_t d : {std::uint64_t{1}, delta}) {
            out.open_array(3);
            out.write_unsigned(0);
            out.write_unsigned(d == delta ? shift : 0);
            out.write_unsigned(d);
        }
        CHECK_FALSE(decode_ranges(out.take()));
    }
}

TEST_CASE("fingerprints tell sets apart, and know nothing of the order in which items came", "[sync]") {
    const ItemSet a{{{1, 10}, {2, 20}, {3, 30}, {2, 20}}};
    const ItemSet b{{{3, 30}, {2, 20}, {1, 10}}};
    REQUIRE(a.size() == 3);
    CHECK(a.fingerprint(0, 3) == b.fingerprint(0, 3));
    CHECK(a.fingerprint(0, 2) != a.fingerprint(0, 3));
    CHECK(a.fingerprint(0, 0) == b.fingerprint(2, 2));
    const ItemSet other_time{{{1, 10}, {2, 20}, {4, 30}}};
    CHECK(other_time.fingerprint(0, 3) != a.fingerprint(0, 3));
    const ItemSet swapped{{{1, 20}, {2, 10}, {3, 30}}};
    CHECK(swapped.fingerprint(0, 3) != a.fingerprint(0, 3));
}

TEST_CASE("a bound parts exactly what it should", "[sync]") {
    std::mt19937_64 chance{7};
    std::vector<Item> items;
    for (int i = 0; i < 2'000; ++i)
        items.push_back({chance() % 64 == 0 ? 0 : 1'700'000'000'000 + chance() % 500, chance()});
    const ItemSet set{items};
    for (std::size_t i = 1; i < set.size(); ++i)
        CHECK(set.index_of(set.bound_before(i)) == i);
    CHECK(set.index_of(kEnd) == set.size());
    CHECK(set.index_of({}) == 0);
}

TEST_CASE("keyed ids need both nonces, in their order", "[sync]") {
    const Nonce a{1}, b{2};
    const Buffer id{1, 2, 3};
    CHECK(keyed_id(make_key(a, b), id) == keyed_id(make_key(a, b), id));
    CHECK(keyed_id(make_key(a, b), id) != keyed_id(make_key(b, a), id));
    CHECK(keyed_id(make_key(a, b), id) != keyed_id(make_key(a, a), id));
    CHECK(keyed_id(make_key(a, b), id) != keyed_id(make_key(a, b), Buffer{1, 2}));
}

}  // namespace tram::sync
