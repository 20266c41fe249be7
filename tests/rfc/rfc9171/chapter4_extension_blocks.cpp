// RFC 9171 4.4: previous node, bundle age, hop count, and blocks that nobody here knows.
#include <catch2/catch.hpp>

#include "wire.h"

namespace tram::rfc9171 {
namespace {

TEST_CASE("4.4: an unknown extension block is carried on unchanged", "[rfc9171][4.4]") {
    const auto type = GENERATE(std::uint64_t{11}, std::uint64_t{99}, std::uint64_t{192}, std::uint64_t{255},
                               std::uint64_t{256}, ~std::uint64_t{0});
    if (type == 11) return;  // a BIB has contents of its own to be right
    const auto wire = bundle_with({{type, 7, 0x01, 1, hex("ff00ff")}});
    const auto result = decoded(wire);
    REQUIRE(result);
    CHECK(result->bundle.blocks[0].type == type);
    CHECK(to_hex(bpv7::encode(result->bundle)) == to_hex(wire));
}

TEST_CASE("4.4: a BPA may insert and remove extension blocks", "[rfc9171][4.4]") {
    auto result = decoded(bundle_with({{99, 2, 0, 0, hex("00")}, {98, 4, 0, 0, hex("00")}}));
    REQUIRE(result);
    auto& edited = result->bundle;
    CHECK(edited.free_block_number() == 3);
    edited.remove_block(2);
    CHECK(edited.find(99) == nullptr);
    edited.set_block(10, 0, bpv7::CrcType::kNone, bpv7::encode_hop_count({.limit = 4, .count = 0}));
    const auto again = bpv7::decode(bpv7::encode(edited));
    REQUIRE(again);
    CHECK(again->bundle.blocks.back().type == 1);
    CHECK(again->bundle.find(10) != nullptr);
    CHECK(again->bundle.find(98) != nullptr);
    CHECK(again->warnings.empty());
}

TEST_CASE("4.4.1: previous node is block type 6 with a node id as data", "[rfc9171][4.4.1]") {
    CHECK(bpv7::block_type::kPreviousNode == 6);
    const auto node = bpv7::decode_previous_node(dtn("//carrier/"), {});
    REQUIRE(node);
    CHECK(node->to_string() == "dtn://carrier/");
    CHECK(to_hex(bpv7::encode_previous_node(*node)) == to_hex(dtn("//carrier/")));
    CHECK(bpv7::decode_previous_node(ipn2(5, 0), {}));
    CHECK_FALSE(bpv7::decode_previous_node(num(5), {}));
    CHECK_FALSE(bpv7::decode_previous_node({}, {}));
    CHECK_FALSE(bpv7::decode_previous_node(join({dtn("//carrier/"), num(0)}), {}));
}

TEST_CASE("4.4.1: 'That node ID SHALL conform to Section 4.2.5.2': a group or nobody is no node",
          "[rfc9171][4.4.1]") {
    CHECK_FALSE(bpv7::decode_previous_node(dtn("//carrier/~group"), {}));
    CHECK_FALSE(bpv7::decode_previous_node(dtn_none(), {}));
}

TEST_CASE("4.4.1: a bundle 'MUST NOT contain more than one' previous node block", "[rfc9171][4.4.1]") {
    const auto one = Canonical{6, 2, 0, 0, dtn("//carrier/")};
    const auto two = Canonical{6, 3, 0, 0, dtn("//carrier/")};
    CHECK_FALSE(noticed(bundle_with({one})));
    CHECK(noticed(bundle_with({one, two})));
}

TEST_CASE("4.4.2: bundle age is block type 7 with an unsigned integer of milliseconds", "[rfc9171][4.4.2]") {
    CHECK(bpv7::block_type::kBundleAge == 7);
    const auto age = GENERATE(std::uint64_t{0}, std::uint64_t{23}, std::uint64_t{24}, std::uint64_t{63'000},
                              ~std::uint64_t{0});
    CHECK(bpv7::decode_bundle_age(num(age)) == age);
    CHECK(to_hex(bpv7::encode_bundle_age(age)) == to_hex(num(age)));
    CHECK_FALSE(bpv7::decode_bundle_age(Buffer{0x20}));
    CHECK_FALSE(bpv7::decode_bundle_age({}));
    CHECK_FALSE(bpv7::decode_bundle_age(join({num(age), num(age)})));
    CHECK_FALSE(bpv7::decode_bundle_age(array({num(age)})));
}

TEST_CASE("4.4.2: creation time zero demands exactly one bundle age block", "[rfc9171][4.4.2]") {
    const Primary clockless{.time = 0};
    CHECK(noticed(bundle(clockless)));
    CHECK_FALSE(noticed(bundle_with({{7, 2, 0, 0, num(5)}}, clockless)));
    CHECK(noticed(bundle_with({{7, 2, 0, 0, num(5)}, {7, 3, 0, 0, num(6)}}, clockless)));
}

TEST_CASE("4.4.2: 'A bundle MUST NOT contain multiple occurrences of the Bundle Age Block'",
          "[rfc9171][4.4.2]") {
    CHECK_FALSE(noticed(bundle_with({{7, 2, 0, 0, num(5)}})));
    CHECK(noticed(bundle_with({{7, 2, 0, 0, num(5)}, {7, 3, 0, 0, num(5)}})));
}

TEST_CASE("4.4.3: hop count is block type 10 with the array of limit and count", "[rfc9171][4.4.3]") {
    CHECK(bpv7::block_type::kHopCount == 10);
    const auto hops = bpv7::decode_hop_count(array({num(30), num(4)}));
    REQUIRE(hops);
    CHECK(hops->limit == 30);
    CHECK(hops->count == 4);
    CHECK(to_hex(bpv7::encode_hop_count(*hops)) == "82181e04");
    CHECK_FALSE(bpv7::decode_hop_count(array({num(30)})));
    CHECK_FALSE(bpv7::decode_hop_count(array({num(30), num(4), num(0)})));
    CHECK_FALSE(bpv7::decode_hop_count(array({num(30), Buffer{0x20}})));
    CHECK_FALSE(bpv7::decode_hop_count(join({array({num(30), num(4)}), num(0)})));
    CHECK_FALSE(bpv7::decode_hop_count(num(30)));
    CHECK_FALSE(bpv7::decode_hop_count({}));
}

TEST_CASE("4.4.3: 'The hop limit MUST be in the range 1 through 255'", "[rfc9171][4.4.3]") {
    CHECK_FALSE(bpv7::decode_hop_count(array({num(0), num(0)})));
    CHECK_FALSE(bpv7::decode_hop_count(array({num(256), num(0)})));
    CHECK(bpv7::decode_hop_count(array({num(1), num(0)})));
    CHECK(bpv7::decode_hop_count(array({num(255), num(0)})));
}

TEST_CASE("4.4.3: a hop count above its limit is still a well-formed block", "[rfc9171][4.4.3]") {
    // The node deletes such a bundle and reports why (5.10); it can only do so when it was decoded.
    const auto hops = bpv7::decode_hop_count(array({num(5), num(6)}));
    REQUIRE(hops);
    CHECK(hops->count > hops->limit);
    CHECK_FALSE(refusal(bundle_with({{10, 2, 0, 0, array({num(5), num(6)})}})));
}

TEST_CASE("4.4.3: a bundle 'MUST NOT contain more than one' hop count block", "[rfc9171][4.4.3]") {
    const auto hops = array({num(5), num(1)});
    CHECK_FALSE(noticed(bundle_with({{10, 2, 0, 0, hops}})));
    CHECK(noticed(bundle_with({{10, 2, 0, 0, hops}, {10, 3, 0, 0, hops}})));
}

TEST_CASE("4.4, 5.6: a known extension block whose data is malformed is not passed over in silence",
          "[rfc9171][4.4][5.6]") {
    CHECK(noticed(bundle_with({{6, 2, 0, 0, num(3)}})));
    CHECK(noticed(bundle_with({{7, 2, 0, 0, text("old")}})));
    CHECK(noticed(bundle_with({{10, 2, 0, 0, array({num(0), num(0)})}})));
}

}  // namespace
}  // namespace tram::rfc9171
