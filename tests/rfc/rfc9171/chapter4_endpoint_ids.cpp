// RFC 9171 4.2.5 (endpoint ids) with the changes of RFC 9758 to the ipn scheme.
#include <catch2/catch.hpp>

#include "proto/bpv7/eid.h"
#include "wire.h"

namespace tram::rfc9171 {
namespace {

using bpv7::Eid;

const Buffer kPayload = payload("hello").wire();

/// The EID that our decoder reads in the destination field, or nothing.
std::optional<Eid> read(const Buffer& eid) {
    const auto result = decoded(bundle(Primary{.destination = eid}));
    if (!result) return std::nullopt;
    return result->bundle.primary.destination;
}

/// How our encoder writes `eid`: the destination field of a block encoded by us.
std::string written(const Eid& eid) {
    auto result = decoded(bundle(Primary{.crc_type = 1}));
    REQUIRE(result);
    result->bundle.primary_wire = {};
    result->bundle.primary.destination = eid;
    const auto all = to_hex(bpv7::encode(result->bundle));
    // 9f (outer) 89 (primary) 07 (version) 00 (flags) 01 (CRC type), then the destination up to the source
    const auto from = std::string("9f89070001").size();
    const auto source = to_hex(dtn("//a/out"));
    const auto to = all.find(source, from);
    REQUIRE(to != std::string::npos);
    return all.substr(from, to - from);
}

Eid parsed(std::string_view uri) {
    const auto eid = Eid::parse(uri);
    INFO(uri);
    REQUIRE(eid);
    return *eid;
}

TEST_CASE("4.2.5.1: an endpoint id is an array of scheme code and scheme-specific part",
          "[rfc9171][4.2.5.1]") {
    CHECK(read(dtn("//b/in")) == parsed("dtn://b/in"));
    CHECK_FALSE(read(array({num(1)})));
    CHECK_FALSE(read(array({num(1), text("//b/in"), num(0)})));
    CHECK_FALSE(read(text("dtn://b/in")));
    CHECK_FALSE(read(array({text("dtn"), text("//b/in")})));
    CHECK_FALSE(read(array({Buffer{0x20}, text("//b/in")})));
}

TEST_CASE("4.2.5.1: only registered scheme code numbers name a scheme", "[rfc9171][4.2.5.1]") {
    CHECK_FALSE(read(array({num(0), num(0)})));
    CHECK_FALSE(read(array({num(3), text("//b/in")})));
    CHECK_FALSE(read(array({num(0xffff), array({num(1), num(1)})})));
}

TEST_CASE("4.2.5.1.1: 'dtn:none' has the SSP 0, any other dtn EID a text string", "[rfc9171][4.2.5.1.1]") {
    const auto none = read(dtn_none());
    REQUIRE(none);
    CHECK(none->is_none());
    CHECK(*none == Eid{});
    CHECK(none->to_string() == "dtn:none");
    CHECK(written(Eid{}) == "820100");
    CHECK(written(parsed("dtn:none")) == "820100");
    CHECK(written(parsed("dtn://b/in")) == "8201662f2f622f696e");
    CHECK_FALSE(read(array({num(1), num(1)})));
    CHECK_FALSE(read(array({num(1), bytes(hex("2f2f622f"))})));
    const auto spelled = read(dtn("none"));
    CHECK((!spelled || spelled->is_none()));
}

TEST_CASE("4.2.5.1.1: dtn-hier-part = \"//\" node-name name-delim demux", "[rfc9171][4.2.5.1.1]") {
    SECTION("what the grammar allows") {
        const auto* const ssp = GENERATE("//b/", "//b/in", "//b/a/b/c", "//b//", "//b/~group",
                                         "//b/!\"#$%&'()*+,-.:;<=>?@[]^_`{|}", "//18904-ks07/inbox",
                                         "//a.b-c_d~e/x", "//%41/x", "//!$&'()*+,;=/x");
        CAPTURE(ssp);
        const auto eid = read(dtn(ssp));
        REQUIRE(eid);
        CHECK(eid->to_string() == std::string("dtn:") + ssp);
        CHECK(parsed(std::string("dtn:") + ssp) == *eid);
        CHECK(written(*eid) == to_hex(dtn(ssp)));
    }
    SECTION("what it does not") {
        const auto* const ssp = GENERATE("", "b/in", "/b/in", "//b", "//", "//b c/in", "//b/in x", "//b/in\t",
                                         "//b/\x7f", "//b/\xc3\xa9", "//b\xc3\xa9/in", "//b/in\n", "//b?/in",
                                         "//%4/in", "//b#/in", "//[b/in");
        CAPTURE(ssp);
        CHECK_FALSE(read(dtn(ssp)));
        CHECK_FALSE(Eid::parse(std::string("dtn:") + ssp));
    }
    SECTION("invalid UTF-8 is no text string") {
        CHECK_FALSE(read(dtn("//b/\xff\xfe")));
    }
    SECTION("a scheme in capitals is the same scheme (RFC 3986 3.1) or is refused") {
        const auto eid = Eid::parse("DTN://b/in");
        CHECK((!eid || *eid == parsed("dtn://b/in")));
    }
}

TEST_CASE("4.2.5.1.1: demux beginning with '~' is not a singleton, any other is", "[rfc9171][4.2.5.1.1]") {
    CHECK(parsed("dtn://b/in").is_singleton());
    CHECK(parsed("dtn://b/").is_singleton());
    CHECK(parsed("dtn://b/a~").is_singleton());
    CHECK(parsed("dtn://b/a/~c").is_singleton());
    CHECK_FALSE(parsed("dtn://b/~").is_singleton());
    CHECK_FALSE(parsed("dtn://b/~in").is_singleton());
    CHECK_FALSE(parsed("dtn:none").is_singleton());
}

TEST_CASE("4.2.5.1.1, 4.2.5.2: only a dtn EID with an empty demux may be a node id",
          "[rfc9171][4.2.5.1.1][4.2.5.2]") {
    CHECK(parsed("dtn://b/").is_node_id());
    CHECK_FALSE(parsed("dtn://b/in").is_node_id());
    CHECK_FALSE(parsed("dtn://b/~in").is_node_id());
    CHECK_FALSE(parsed("dtn:none").is_node_id());
    CHECK(parsed("dtn://b/in").node_id() == parsed("dtn://b/"));
    CHECK(parsed("dtn://b/in").node_name() == "b");
    CHECK(parsed("dtn://b/in/x").demux() == "in/x");
    CHECK(parsed("dtn://b/").demux().empty());
}

TEST_CASE("4.2.5.1.2: an ipn SSP is an array of node number and service number", "[rfc9171][4.2.5.1.2]") {
    const auto eid = read(ipn2(977, 5));
    REQUIRE(eid);
    CHECK(eid->to_string() == "ipn:977.5");
    CHECK(*eid == Eid::ipn(0, 977, 5));
    CHECK(*eid == parsed("ipn:977.5"));
    CHECK(eid->service() == 5);
    CHECK(written(*eid) ==
          "82028219"
          "03d1"
          "05");
    CHECK_FALSE(read(array({num(2), array({num(1)})})));
    CHECK_FALSE(read(array({num(2), array({num(0), num(0), num(1), num(1)})})));
    CHECK_FALSE(read(array({num(2), text("977.5")})));
    CHECK_FALSE(read(array({num(2), num(0)})));
    CHECK_FALSE(read(array({num(2), array({num(1), text("5")})})));
    CHECK_FALSE(read(array({num(2), array({Buffer{0x20}, num(5)})})));
}

TEST_CASE("4.2.5.1.2: all ipn endpoints are singletons; service 0 may be a node id", "[rfc9171][4.2.5.1.2]") {
    CHECK(parsed("ipn:977.5").is_singleton());
    CHECK(parsed("ipn:977.0").is_singleton());
    CHECK(parsed("ipn:977.0").is_node_id());
    CHECK_FALSE(parsed("ipn:977.5").is_node_id());
    CHECK(parsed("ipn:977.5").node_id() == parsed("ipn:977.0"));
}

TEST_CASE("4.2.5.1.2: ipn-hier-part = node-nbr \".\" service-nbr, both 1*DIGIT", "[rfc9171][4.2.5.1.2]") {
    const auto* const bad = GENERATE("ipn:", "ipn:1", "ipn:1.", "ipn:.1", "ipn:1.2.", "ipn:a.1", "ipn:1.x",
                                     "ipn:-1.1", "ipn:1 .1", "ipn:1.2.3.4", "ipn:1.18446744073709551616",
                                     "ipn:99999999999999999999.1", "ipn://1.1", "ipn:1.+1", "ipn:0x1.1");
    CAPTURE(bad);
    CHECK_FALSE(Eid::parse(bad));
}

TEST_CASE("RFC 9758: a numeric component has no leading zeros", "[rfc9758]") {
    CHECK_FALSE(Eid::parse("ipn:01.2"));
    CHECK_FALSE(Eid::parse("ipn:1.02"));
    CHECK_FALSE(Eid::parse("ipn:00.0"));
    CHECK(Eid::parse("ipn:10.20"));
}

TEST_CASE("RFC 9758: two- and three-element encodings of one ipn EID are equal", "[rfc9758]") {
    const auto three = read(ipn3(977'000, 100, 1));
    const auto two = read(ipn2((std::uint64_t{977'000} << 32U) | 100, 1));
    REQUIRE(three);
    REQUIRE(two);
    CHECK(*three == *two);
    CHECK(*three == Eid::ipn(977'000, 100, 1));
    CHECK(std::hash<Eid>{}(*three) == std::hash<Eid>{}(*two));
    CHECK(three->to_string() == "ipn:977000.100.1");
    CHECK(parsed("ipn:977000.100.1") == *three);
    CHECK(read(ipn3(0, 100, 1)) == read(ipn2(100, 1)));
    CHECK(read(ipn3(0, 100, 1))->to_string() == "ipn:100.1");
    CHECK(parsed("ipn:0.100.1") == parsed("ipn:100.1"));
    CHECK(three->node_id() == Eid::ipn(977'000, 100, 0));
}

TEST_CASE("RFC 9758: our encoding of an ipn EID is one of the two and reads back the same", "[rfc9758]") {
    const auto eid = Eid::ipn(977'000, 100, 1);
    const auto own = written(eid);
    const auto two = to_hex(ipn2((std::uint64_t{977'000} << 32U) | 100, 1));
    CHECK((own == two || own == to_hex(ipn3(977'000, 100, 1))));
    CHECK(read(hex(own)) == eid);
}

TEST_CASE("RFC 9758: allocator and node number have 32 bits, the service number 64", "[rfc9758]") {
    constexpr std::uint64_t kMax32 = 0xffff'ffff;
    CHECK_FALSE(read(ipn3(kMax32 + 1, 1, 1)));
    CHECK_FALSE(read(ipn3(1, kMax32 + 1, 1)));
    const auto largest = read(ipn3(kMax32, kMax32, ~std::uint64_t{0}));
    REQUIRE(largest);
    CHECK(*largest == read(ipn2(~std::uint64_t{0}, ~std::uint64_t{0})));
    CHECK(largest->to_string() == "ipn:4294967295.4294967295.18446744073709551615");
    CHECK_FALSE(Eid::parse("ipn:4294967296.1.1"));
    CHECK_FALSE(Eid::parse("ipn:1.4294967296.1"));
}

TEST_CASE("RFC 9758: ipn:0.0 in every encoding is the null endpoint", "[rfc9758]") {
    for (const auto& wire : {ipn2(0, 0), ipn3(0, 0, 0)}) {
        const auto eid = read(wire);
        REQUIRE(eid);
        CHECK(eid->is_none());
        CHECK_FALSE(eid->is_singleton());
        CHECK_FALSE(eid->is_node_id());
    }
    CHECK(parsed("ipn:0.0").is_none());
    CHECK_FALSE(parsed("ipn:1.0").is_none());
}

TEST_CASE("RFC 9758: node 0 of allocator 0 with a service number never names an endpoint", "[rfc9758]") {
    const auto eid = read(ipn2(0, 5));
    CHECK((!eid || eid->is_none()));
    const auto typed = Eid::parse("ipn:0.5");
    CHECK((!typed || typed->is_none()));
}

TEST_CASE("RFC 9758: \"!\" is the LocalNode, node number 2^32-1", "[rfc9758]") {
    const auto local = parsed("ipn:!.7");
    CHECK(local == Eid::ipn(0, 0xffff'ffff, 7));
    CHECK(local == read(ipn2(0xffff'ffff, 7)));
    CHECK(parsed(local.to_string()) == local);
    CHECK_FALSE(Eid::parse("ipn:!!.7"));
    CHECK_FALSE(Eid::parse("ipn:!"));
    CHECK_FALSE(Eid::parse("ipn:1.!.7"));
}

TEST_CASE("4.2.5.1: source and report-to fields are endpoint ids of any scheme", "[rfc9171][4.2.5.1]") {
    const auto result = decoded(bundle(Primary{.source = ipn3(977'000, 4, 0), .report_to = dtn_none()}));
    REQUIRE(result);
    CHECK(result->bundle.primary.source == Eid::ipn(977'000, 4, 0));
    CHECK(result->bundle.primary.report_to.is_none());
}

}  // namespace
}  // namespace tram::rfc9171
