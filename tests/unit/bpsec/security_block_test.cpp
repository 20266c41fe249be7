#include "proto/bpsec/security_block.h"

#include <catch2/catch.hpp>

using namespace tram;
using bpsec::decode_security_block;
using bpsec::SecurityBlock;

namespace {

// RFC 9173 A.1.3.2: targets [1], BIB-HMAC-SHA2, parameters, ipn:2.1, SHA-512 and no scope, one HMAC.
constexpr std::string_view kTargets = "8101";
constexpr std::string_view kContext = "01";
constexpr std::string_view kSource = "82028202 01";
constexpr std::string_view kParameters = "82 820107 820300";
constexpr std::string_view kResults = "81 81 820142abcd";

Result<SecurityBlock> decode(const std::string& hex) {
    const auto bytes = from_hex(hex);
    REQUIRE(bytes);
    return decode_security_block(*bytes, Limits{});
}

std::string block(std::string_view targets, std::string_view flags = "01",
                  std::string_view parameters = kParameters, std::string_view results = kResults) {
    std::string hex;
    for (const std::string_view part : {targets, kContext, flags, kSource, parameters, results})
        hex += part;
    return hex;
}

}  // namespace

TEST_CASE("a security block is read field by field and written as it came", "[bpsec][rfc9172]") {
    const std::string hex = block(kTargets);
    const auto read = decode(hex);
    REQUIRE(read);
    CHECK(read->targets == std::vector<std::uint64_t>{1});
    CHECK(read->context == bpsec::context::kBibHmacSha2);
    CHECK(read->source.to_string() == "ipn:2.1");
    REQUIRE(read->parameters.size() == 2);
    CHECK(read->parameters[0].id == 1);
    CHECK(to_hex(read->parameters[0].value) == "07");
    CHECK(read->parameters[1].id == 3);
    REQUIRE(read->results.size() == 1);
    REQUIRE(read->results[0].size() == 1);
    CHECK(read->results[0][0].id == 1);
    CHECK(to_hex(read->results[0][0].value) == "42abcd");
    CHECK(to_hex(bpsec::encode_security_block(*read)) == to_hex(*from_hex(hex)));
}

TEST_CASE("without parameters the field is not there", "[bpsec][rfc9172]") {
    const std::string hex = block("820102", "00", "", "82 80 80");
    const auto read = decode(hex);
    REQUIRE(read);
    CHECK(read->parameters.empty());
    CHECK(read->results.size() == 2);
    CHECK(to_hex(bpsec::encode_security_block(*read)) == to_hex(*from_hex(hex)));
}

TEST_CASE("arrays of indefinite length are read in a security block", "[bpsec]") {
    CHECK(decode(block("9f01ff", "01", "9f 9f0107ff 820300 ff", "9f 9f 820142abcd ff ff")));
}

TEST_CASE("a security block that is none is malformed", "[bpsec][rfc9172]") {
    const std::string hex = GENERATE_COPY(values<std::string>({
        "", "01", block("80", "01", kParameters, "80"),  // no target
        block("820101", "01", kParameters, "82 80 80"),  // a target twice
        block("8120"),                                   // a negative target
        block("820102"),                                 // two targets, one set of results
        block(kTargets, "01", kParameters, "82 80 80"),  // one target, two sets
        block(kTargets, "00"),                           // parameters without the flag
        block(kTargets, "01", ""),                       // the flag without parameters
        block(kTargets, "01", "81 83010203"),            // three items in a parameter
        block(kTargets, "01", "81 8101"),                // one item
        block(kTargets, "01", "81 822001"),              // a negative id
        block(kTargets, "01", kParameters, "81 8101"),   // a result that is no pair
        block(kTargets) + "00",                          // bytes behind
    }));
    INFO(hex);
    const auto read = decode(hex);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::kMalformed);
}

TEST_CASE("a cut security block is malformed", "[bpsec]") {
    const Buffer whole = *from_hex(block(kTargets));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto read = decode_security_block(ByteView{whole}.first(size), Limits{});
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::kMalformed);
    }
}

TEST_CASE("a security block has at most 16 targets, parameters and results", "[bpsec]") {
    const auto repeat = [](std::string_view head, std::string_view item, int times) {
        std::string hex{head};
        for (int i = 0; i < times; ++i)
            hex += item;
        return hex;
    };
    std::string targets = "91";
    for (int i = 1; i <= 17; ++i)
        targets += to_hex(Buffer{static_cast<std::uint8_t>(i)});
    const std::string hex = GENERATE_COPY(values<std::string>({
        block(targets, "01", kParameters, repeat("91", "80", 17)),
        block(kTargets, "01", repeat("91", "820107", 17)),
        block(kTargets, "01", kParameters, "81" + repeat("91", "820107", 17)),
        block(kTargets, "01", repeat("9b00ffffffffffffff", "820107", 17)),
        block(kTargets, "01", repeat("81 8201", "81", 20) + "01"),  // nests too deep
    }));
    const auto read = decode(hex);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::kTooLarge);
    CHECK(decode(block(kTargets, "01", repeat("90", "820107", 16))));
}
