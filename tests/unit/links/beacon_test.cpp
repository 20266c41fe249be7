#include "daemon/links/beacon.h"

#include <catch2/catch.hpp>
#include <random>

using namespace tram;
using namespace tram::links;

namespace {

Beacon sample() {
    return {.node_id = "dtn://18904-ks07/",
            .port = 4'556,
            .instance = {1, 2, 3, 4, 5, 6, 7, 8},
            .root = RootHint{9, 10, 11, 12, 13, 14, 15, 16}};
}

/// "TRAM", then these bytes.
Buffer beacon_of(const std::string& hex) {
    Buffer wire{'T', 'R', 'A', 'M'};
    append(wire, *from_hex(hex));
    return wire;
}

// dtn://b/, instance 0102030405060708
const std::string kId = "68 64746e3a2f2f622f";
const std::string kInstance = "48 0102030405060708";

}  // namespace

TEST_CASE("a beacon comes back as it was", "[links][discovery]") {
    Beacon beacon = sample();
    const bool open = GENERATE(false, true);
    if (open) beacon.root.reset();
    const auto wire = encode(beacon);
    CHECK(wire.size() < 64);
    const auto decoded = decode_beacon(wire);
    REQUIRE(decoded);
    CHECK(*decoded == beacon);
}

TEST_CASE("a beacon is these bytes", "[links][discovery]") {
    // array of 5: version 1, text of 8, port 4556, 8 bytes, null
    const Buffer wire = beacon_of("85 01" + kId + "19 11cc" + kInstance + "f6");
    const Beacon beacon{
        .node_id = "dtn://b/", .port = 4'556, .instance = {1, 2, 3, 4, 5, 6, 7, 8}, .root = {}};
    CHECK(encode(beacon) == wire);
    CHECK(decode_beacon(wire).value() == beacon);
}

TEST_CASE("what a later version adds to a beacon is skipped", "[links][discovery]") {
    const auto beacon = decode_beacon(beacon_of("87 01" + kId + "19 11cc" + kInstance + "f6 a10203 820405"));
    REQUIRE(beacon);
    CHECK(beacon->port == 4'556);
}

TEST_CASE("what is no beacon is refused with its reason", "[links][discovery]") {
    const auto [wire, code] = GENERATE_COPY(table<Buffer, ErrorCode>({
        {Buffer{}, ErrorCode::kMalformed},
        {Buffer{'T', 'R', 'A', 'P', 0x80}, ErrorCode::kMalformed},
        {beacon_of(""), ErrorCode::kTruncated},
        {beacon_of("80"), ErrorCode::kMalformed},
        {beacon_of("81 02"), ErrorCode::kUnsupportedVersion},
        {beacon_of("84 01" + kId + "19 11cc" + kInstance), ErrorCode::kTruncated},
        {beacon_of("84 01" + kId + "19 11cc" + kInstance + "f6"), ErrorCode::kMalformed},
        {beacon_of("85 01" + kId + "1a 00010000" + kInstance + "f6"), ErrorCode::kMalformed},
        {beacon_of("85 01" + kId + "19 11cc" + "47 01020304050607" + "f6"), ErrorCode::kMalformed},
        {beacon_of("85 01" + kId + "19 11cc" + kInstance + "42 0102"), ErrorCode::kMalformed},
        {beacon_of("85 01" + kId + "19 11cc" + kInstance + "f6 00"), ErrorCode::kTrailingData},
        // "nonsense", and dtn://b/x, which is an endpoint and no node
        {beacon_of("85 01"
                   "68 6e6f6e73656e7365"
                   "19 11cc" +
                   kInstance + "f6"),
         ErrorCode::kInvalidArgument},
        {beacon_of("85 01"
                   "69 64746e3a2f2f622f78"
                   "19 11cc" +
                   kInstance + "f6"),
         ErrorCode::kInvalidArgument},
        {beacon_of("85 01"
                   "68 64746e3a6e6f6e65"
                   "19 11cc" +
                   kInstance + "f6"),
         ErrorCode::kInvalidArgument},
        {Buffer(513, std::uint8_t{'T'}), ErrorCode::kTooLarge},
    }));
    const auto refused = decode_beacon(wire);
    REQUIRE_FALSE(refused);
    CHECK(code_name(refused.error().code) == code_name(code));
}

TEST_CASE("any bytes are a beacon or an error", "[links][discovery]") {
    std::mt19937_64 random{20'261'122};
    const Buffer good = encode(sample());
    std::size_t accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        Buffer wire = good;
        const auto changes = 1 + random() % 4;
        for (std::uint64_t i = 0; i < changes; ++i)
            wire[random() % wire.size()] = static_cast<std::uint8_t>(random());
        wire.resize(random() % 8 == 0 ? random() % (wire.size() + 1) : wire.size());
        const auto decoded = decode_beacon(wire);
        if (!decoded) continue;
        ++accepted;
        CHECK(decode_beacon(encode(*decoded)).value() == *decoded);
    }
    CHECK(accepted > 0);
}
