#include "proto/bpv7/eid.h"

#include <catch2/catch.hpp>

#include "proto/base/bytes.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

using namespace tram;
using namespace tram::bpv7;

namespace {

Eid eid(std::string_view text) {
    const auto parsed = Eid::parse(text);
    INFO(text);
    REQUIRE(parsed);
    return *parsed;
}

Result<Eid> from_cbor(std::string_view hex, const Limits& limits = {}) {
    const auto bytes = from_hex(hex);
    REQUIRE(bytes);
    cbor::Reader in{*bytes};
    Eid value = Eid::decode(in, limits);
    if (!in.ok()) return std::unexpected{*in.error()};
    REQUIRE(in.at_end());
    return value;
}

std::string to_cbor(const Eid& value) {
    cbor::Writer out;
    value.encode(out);
    return to_hex(out.take());
}

}  // namespace

TEST_CASE("endpoint ids have one text form and one encoding", "[bpv7][rfc9171][rfc9758]") {
    struct Case {
        std::string text;
        std::string canonical;
        std::string cbor;
    };
    const auto one = GENERATE(values<Case>({
        {"dtn:none", "dtn:none", "82 01 00"},
        {"DTN:none", "dtn:none", "82 01 00"},
        {"dtn://a/", "dtn://a/", "82 01 64 2f2f612f"},
        {"dtn://a/~g/h", "dtn://a/~g/h", "82 01 68 2f2f612f7e672f68"},
        {"dtn://a%20b/", "dtn://a%20b/", "82 01 68 2f2f61253230622f"},
        {"ipn:0.0", "ipn:0.0", "82 02 82 00 00"},
        {"ipn:0.0.0", "ipn:0.0", "82 02 82 00 00"},
        {"ipn:0.7", "ipn:0.0", "82 02 82 00 00"},  // RFC 9758 3.1: to be considered the null URI
        {"ipn:12.7", "ipn:12.7", "82 02 82 0c 07"},
        {"ipn:0.12.7", "ipn:12.7", "82 02 82 0c 07"},
        {"ipn:!.7", "ipn:!.7", "82 02 82 1affffffff 07"},
        {"ipn:4294967295.7", "ipn:!.7", "82 02 82 1affffffff 07"},
        {"ipn:977000.100.1", "ipn:977000.100.1", "82 02 82 1b000ee86800000064 01"},
        {"ipn:1.18446744073709551615", "ipn:1.18446744073709551615", "82 02 82 01 1bffffffffffffffff"},
    }));
    const Eid value = eid(one.text);
    CHECK(value.to_string() == one.canonical);
    CHECK(to_cbor(value) == to_hex(*from_hex(one.cbor)));
    CHECK(from_cbor(one.cbor).value() == value);
}

TEST_CASE("both encodings of an ipn EID are the same endpoint", "[bpv7][rfc9758]") {
    const auto two = from_cbor("82 02 82 1b000ee86800000064 01");
    const auto three = from_cbor("82 02 83 1a000ee868 1864 01");
    REQUIRE(two);
    REQUIRE(three);
    CHECK(*two == *three);
    CHECK(std::hash<Eid>{}(*two) == std::hash<Eid>{}(*three));
    CHECK(three->fully_qualified_node() == 0x000e'e868'0000'0064);
    CHECK(three->service() == 1);
    CHECK(from_cbor("82 02 83 00 00 00").value().is_none());
}

TEST_CASE("arrays of indefinite length are read in endpoint ids", "[bpv7][rfc9171]") {
    CHECK(from_cbor("9f 01 00 ff").value() == Eid{});
    CHECK(from_cbor("9f 02 9f 0c 07 ff ff").value() == eid("ipn:12.7"));
    CHECK(from_cbor("82 02 9f 01 0c 07 ff").value() == eid("ipn:1.12.7"));
}

TEST_CASE("text that is no endpoint id is refused", "[bpv7][rfc9171][rfc9758]") {
    const auto text = GENERATE(
        as<std::string>{}, "", "dtn", "dtn:", "none", "dtn:nonesuch", "dtn:/a/", "dtn:a/b", "dtn://a",
        "dtn:///x", "dtn://a b/", "dtn://a%2/", "dtn://a%zz/", "dtn://a/b c", "dtn://a/\x7f",
        "dtn://\xc3\xa9/", "http://a/", "ipn:", "ipn:1", "ipn:1.", "ipn:.1", "ipn:1.2.3.4", "ipn:01.1",
        "ipn:1.00", "ipn:-1.1", "ipn:4294967296.1", "ipn:4294967296.1.1", "ipn:1.4294967296.1",
        "ipn:1.18446744073709551616", "ipn:!.1.1", "ipn:1.!.1", "ipn:!", "ipn:1.2 ", " ipn:1.2");
    const auto parsed = Eid::parse(text);
    INFO(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("CBOR that is no endpoint id is refused", "[bpv7][rfc9171][rfc9758]") {
    struct Case {
        std::string hex;
        ErrorCode code;
    };
    const auto one = GENERATE(values<Case>({
        {"82 01 01", ErrorCode::kMalformed},                           // dtn with a number other than 0
        {"82 01 64 6e6f6e65", ErrorCode::kMalformed},                  // dtn:none as text
        {"82 01 63 2f2f61", ErrorCode::kMalformed},                    // no slash after the node name
        {"82 01 44 2f2f612f", ErrorCode::kMalformed},                  // bytes, not text
        {"82 00 f6", ErrorCode::kMalformed},                           // reserved scheme
        {"82 03 00", ErrorCode::kMalformed},                           // unknown scheme
        {"82 02 81 01", ErrorCode::kTruncated},                        // one number
        {"82 02 84 01 02 03 04", ErrorCode::kMalformed},               // four numbers
        {"82 02 83 1b0000000100000000 01 01", ErrorCode::kMalformed},  // allocator above 2^32-1
        {"82 02 83 01 1b0000000100000000 01", ErrorCode::kMalformed},  // node above 2^32-1
        {"81 01", ErrorCode::kTruncated},
        {"83 01 00 00", ErrorCode::kMalformed},
        {"82 01", ErrorCode::kTruncated},
    }));
    const auto value = from_cbor(one.hex);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == one.code);
}

TEST_CASE("endpoint ids have a limit", "[bpv7]") {
    const Limits limits{.eid_bytes_max = 10};
    CHECK(Eid::parse("dtn://abc/", limits));
    CHECK(Eid::parse("dtn://abcd/", limits).error().code == ErrorCode::kTooLarge);
    CHECK(from_cbor("82 01 6b 2f2f61626364656667682f", limits).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("endpoint ids know what they name", "[bpv7][rfc9171]") {
    struct Case {
        std::string text;
        bool none, singleton, node;
        std::string node_id, node_name, demux;
    };
    const auto one = GENERATE(values<Case>({
        {"dtn:none", true, false, false, "dtn:none", "", ""},
        {"ipn:0.0", true, false, false, "ipn:0.0", "", ""},
        {"dtn://18904-srv/", false, true, true, "dtn://18904-srv/", "18904-srv", ""},
        {"dtn://18904-srv/requests", false, true, false, "dtn://18904-srv/", "18904-srv", "requests"},
        {"dtn://18904/~notice/dh-07", false, false, false, "dtn://18904/", "18904", "~notice/dh-07"},
        {"dtn://a//", false, true, false, "dtn://a/", "a", "/"},
        {"ipn:12.0", false, true, true, "ipn:12.0", "", ""},
        {"ipn:3.12.7", false, true, false, "ipn:3.12.0", "", ""},
        {"ipn:3.0.7", false, true, false, "ipn:3.0.0", "", ""},
        {"ipn:!.7", false, true, false, "ipn:!.0", "", ""},
    }));
    const Eid value = eid(one.text);
    CHECK(value.is_none() == one.none);
    CHECK(value.is_singleton() == one.singleton);
    CHECK(value.is_node_id() == one.node);
    CHECK(value.node_id().to_string() == one.node_id);
    CHECK(value.node_name() == one.node_name);
    CHECK(value.demux() == one.demux);
}

TEST_CASE("patterns match whole endpoint ids", "[bpv7]") {
    struct Case {
        std::string pattern, text;
        bool match;
    };
    const auto one = GENERATE(values<Case>({
        {"dtn://a/b", "dtn://a/b", true},
        {"dtn://a/b", "dtn://a/bc", false},
        {"dtn://18904-*/~notice", "dtn://18904-ks07/~notice", true},
        {"dtn://18904-*/~notice", "dtn://18904/~notice", false},
        {"dtn://18904-*/~notice", "dtn://18904-ks07/~notices", false},
        {"ipn:12.*", "ipn:12.7", true},
        {"ipn:12.*", "ipn:120.7", false},
        {"ipn:0.12.7", "ipn:12.7", true},  // another spelling
        {"*", "dtn:none", true},
        {"", "dtn:none", false},
        {"dtn://*/*box", "dtn://a/inbox", true},
        {"dtn://*/*box", "dtn://a/boxes", false},
        {"*ab*ab", "dtn://ab/ab", true},
        {"*ab*ab*", "dtn://x/ab", false},  // pieces do not share characters
        {"dtn://aa*aa/", "dtn://aaa/", false},
        {"dtn://a**/", "dtn://abc/", true},
    }));
    INFO(one.pattern << " against " << one.text);
    CHECK(matches(one.pattern, eid(one.text)) == one.match);
}

TEST_CASE("endpoint ids that differ have different hashes", "[bpv7]") {
    const std::hash<Eid> hash;
    CHECK(hash(eid("ipn:1.2")) != hash(eid("ipn:2.1")));
    CHECK(hash(eid("ipn:1.1")) != hash(eid("ipn:1.2")));
    CHECK(hash(eid("dtn://a/")) != hash(eid("dtn://a/b")));
    CHECK(hash(eid("dtn://a/b")) == hash(eid("dtn://a/b")));
}
