#include "proto/cbor/writer.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace tram;
using cbor::Writer;

TEST_CASE("writer uses the shortest head for every number", "[cbor][rfc8949]") {
    struct Case {
        std::uint64_t value;
        std::string hex;
    };
    // RFC 8949 appendix A, and both sides of every width.
    const auto one = GENERATE(values<Case>({{0, "00"},
                                            {23, "17"},
                                            {24, "1818"},
                                            {255, "18ff"},
                                            {256, "190100"},
                                            {65'535, "19ffff"},
                                            {65'536, "1a00010000"},
                                            {1'000'000, "1a000f4240"},
                                            {4'294'967'295, "1affffffff"},
                                            {4'294'967'296, "1b0000000100000000"},
                                            {1'000'000'000'000, "1b000000e8d4a51000"},
                                            {18'446'744'073'709'551'615U, "1bffffffffffffffff"}}));
    Writer out;
    out.write_unsigned(one.value);
    CHECK(to_hex(out.take()) == one.hex);
}

TEST_CASE("writer chooses the type of an integer by its sign", "[cbor][rfc8949]") {
    struct Case {
        std::int64_t value;
        std::string hex;
    };
    // RFC 8949 appendix A, COSE algorithms, and the ends of the range.
    const auto one =
        GENERATE(values<Case>({{0, "00"},
                               {1'000'000, "1a000f4240"},
                               {std::numeric_limits<std::int64_t>::max(), "1b7fffffffffffffff"},
                               {-1, "20"},
                               {-8, "27"},
                               {-16, "2f"},
                               {-24, "37"},
                               {-25, "3818"},
                               {-100, "3863"},
                               {-1000, "3903e7"},
                               {std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff"}}));
    Writer out;
    out.write_integer(one.value);
    CHECK(to_hex(out.take()) == one.hex);
}

TEST_CASE("writer puts items one after the other and is empty once taken", "[cbor]") {
    Writer out;
    out.open_indefinite_array();            // 9f
    out.open_array(2);                      // 82
    out.write_bytes(Buffer{1, 2, 3});       // 43 010203
    out.write_text("IETF");                 // 64 49455446
    out.open_map(1);                        // a1
    out.write_bool(false);                  // f4
    out.write_bool(true);                   // f5
    out.write_tag(32);                      // d8 20
    out.write_encoded(Buffer{0x18, 0x2a});  // 18 2a
    out.write_break();                      // ff
    out.write_null();                       // f6
    CHECK(out.size() == 20);
    CHECK(to_hex(out.take()) == "9f82430102036449455446a1f4f5d820182afff6");
    CHECK(out.size() == 0);
}

TEST_CASE("writer writes long strings with their length", "[cbor]") {
    Writer out;
    out.write_bytes(Buffer(300, 0xaa));
    const Buffer bytes = out.take();
    REQUIRE(bytes.size() == 303);
    CHECK(to_hex(ByteView{bytes}.first(4)) == "59012caa");
}
