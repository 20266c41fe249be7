#include "proto/cbor/reader.h"

#include <catch2/catch.hpp>
#include <limits>

#include "proto/cbor/writer.h"

using namespace tram;
using cbor::Reader;
using cbor::Type;

namespace {

Buffer hex(std::string_view text) {
    auto bytes = from_hex(text);
    REQUIRE(bytes);
    return *bytes;
}

ErrorCode code_of(const Reader& in) {
    REQUIRE(in.error());
    return in.error()->code;
}

}  // namespace

TEST_CASE("reader reads what the writer wrote", "[cbor]") {
    const auto value = GENERATE(as<std::uint64_t>{}, 0, 23, 24, 255, 256, 65'535, 65'536, 0xffff'ffff,
                                0x1'0000'0000, 0xffff'ffff'ffff'ffff);
    cbor::Writer out;
    out.write_unsigned(value);
    out.write_tag(value);
    const Buffer bytes = out.take();
    Reader in{bytes};
    CHECK(in.read_unsigned() == value);
    CHECK(in.read_tag() == value);
    CHECK(in.ok());
    CHECK(in.at_end());
    CHECK(in.shortest());
}

TEST_CASE("reader reads integers of both signs", "[cbor][rfc8949]") {
    static constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    static constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const auto value =
        GENERATE(as<std::int64_t>{}, 0, 1, 23, 24, -1, -8, -16, -24, -25, -256, -257, kLeast, kMost);
    cbor::Writer out;
    out.write_integer(value);
    const Buffer bytes = out.take();
    Reader in{bytes};
    CHECK(in.read_integer() == value);
    CHECK(in.ok());
    CHECK(in.at_end());
    CHECK(in.shortest());
}

TEST_CASE("reader refuses what is no integer of 64 bits with a sign", "[cbor]") {
    struct Case {
        std::string hex;
        ErrorCode code;
    };
    const auto one = GENERATE(values<Case>({{"1b8000000000000000", ErrorCode::kTooLarge},
                                            {"3b8000000000000000", ErrorCode::kTooLarge},
                                            {"3bffffffffffffffff", ErrorCode::kTooLarge},
                                            {"3f", ErrorCode::kMalformed},
                                            {"1f", ErrorCode::kMalformed},
                                            {"41", ErrorCode::kMalformed},
                                            {"39", ErrorCode::kTruncated},
                                            {"", ErrorCode::kTruncated}}));
    const Buffer bytes = hex(one.hex);
    Reader in{bytes};
    CHECK(in.read_integer() == 0);
    CHECK(code_of(in) == one.code);
    CHECK(in.offset() == 0);
}

TEST_CASE("reader consumes null only where it stands", "[cbor]") {
    const Buffer bytes = hex("f6 f4");
    Reader in{bytes};
    CHECK(in.at_null());
    CHECK_FALSE(in.at_null());
    CHECK(in.offset() == 1);
    CHECK_FALSE(in.read_bool());
    CHECK(in.ok());
}

TEST_CASE("reader accepts long heads and remembers them", "[cbor][rfc8949]") {
    const auto text = GENERATE(as<std::string>{}, "1817", "190017", "1a00000017", "1b0000000000000017");
    const Buffer bytes = hex(text);
    Reader in{bytes};
    CHECK(in.read_unsigned() == 23);
    CHECK(in.ok());
    CHECK_FALSE(in.shortest());
}

TEST_CASE("reader tells the type of the next item without consuming it", "[cbor]") {
    struct Case {
        std::string hex;
        Type type;
    };
    const auto one = GENERATE(values<Case>({{"00", Type::kUnsigned},
                                            {"20", Type::kNegative},
                                            {"40", Type::kBytes},
                                            {"60", Type::kText},
                                            {"80", Type::kArray},
                                            {"9f", Type::kArray},
                                            {"a0", Type::kMap},
                                            {"c0", Type::kTag},
                                            {"f6", Type::kSimple},
                                            {"ff", Type::kBreak},
                                            {"", Type::kEnd}}));
    const Buffer bytes = hex(one.hex);
    const Reader in{bytes};
    CHECK(in.peek() == one.type);
    CHECK(in.offset() == 0);
}

TEST_CASE("reader keeps the first error and does nothing afterwards", "[cbor]") {
    const Buffer bytes = hex("01 6161 02");
    Reader in{bytes};
    CHECK(in.read_unsigned() == 1);
    CHECK(in.read_unsigned() == 0);  // finds text
    REQUIRE_FALSE(in.ok());
    const Error first = *in.error();
    CHECK(first.code == ErrorCode::kMalformed);
    CHECK(first.message == "expected an unsigned integer, found a text string (byte 1)");
    CHECK(in.read_text(10).empty());
    CHECK_FALSE(in.at_break());
    CHECK(in.open_array() == 0);
    in.skip();
    in.fail(ErrorCode::kForbidden, "later");
    CHECK(in.offset() == 1);
    CHECK(in.error()->message == first.message);
    CHECK(in.peek() == Type::kEnd);
}

TEST_CASE("reader reports every way in which an item can end too early", "[cbor]") {
    const auto text = GENERATE(as<std::string>{}, "", "18", "1901", "1a010203", "1b01020304050607", "42ff",
                               "5a00000002ff", "61", "82", "8201", "a101", "9f01", "bf0102", "5f4101", "c1");
    const Buffer bytes = hex(text);
    Reader in{bytes};
    in.skip();
    CHECK(code_of(in) == ErrorCode::kTruncated);
}

TEST_CASE("reader refuses what is not well-formed CBOR", "[cbor][rfc8949]") {
    const auto text =
        GENERATE(as<std::string>{},                                  // RFC 8949 appendix F
                 "1c", "3d", "5e", "7c", "9d", "bc", "dd", "fe",     // reserved additional information
                 "1f", "3f", "df00",                                 // indefinite where there is none
                 "f800", "f81f",                                     // simple values below 32 in two bytes
                 "ff", "82ff00", "a1ff", "bf01ff",                   // a break in the wrong place
                 "5f00ff", "5f6100ff", "5f5f4100ffff", "7f4100ff");  // chunks of another kind
    const Buffer bytes = hex(text);
    Reader in{bytes};
    in.skip();
    CHECK(code_of(in) == ErrorCode::kMalformed);
}

TEST_CASE("reader skips one whole item of any type", "[cbor]") {
    const auto text =
        GENERATE(as<std::string>{}, "00", "3903e7", "43010203", "6449455446", "83010203", "826161a161626163",
                 "9f018202039f0405ffff", "bf6346756ef563416d7421ff", "5f42010243030405ff",
                 "7f657374726561646d696e67ff", "c06a323031332d30332d3231", "f4", "f6", "f7", "f0", "f8ff",
                 "f93c00", "fa47c35000", "fb3ff199999999999a", "80", "a0");
    Buffer bytes = hex(text);
    const std::size_t length = bytes.size();
    bytes.push_back(0x07);
    Reader in{bytes};
    in.skip();
    REQUIRE(in.ok());
    CHECK(in.offset() == length);
    CHECK(in.read_unsigned() == 7);
}

TEST_CASE("reader bounds nesting", "[cbor]") {
    Buffer bytes(17, 0x81);
    bytes.push_back(0x00);
    Reader deep{bytes, 16};
    deep.skip();
    CHECK(code_of(deep) == ErrorCode::kTooLarge);
    Reader enough{bytes, 17};
    enough.skip();
    CHECK(enough.ok());
    Buffer tags(100'000, 0xc1);
    Reader tower{tags};
    tower.skip();
    CHECK(code_of(tower) == ErrorCode::kTooLarge);
}

TEST_CASE("reader does not believe a huge count", "[cbor]") {
    const auto text =
        GENERATE(as<std::string>{}, "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff");
    const Buffer bytes = hex(text);
    Reader in{bytes};
    in.skip();
    CHECK_FALSE(in.ok());
}

TEST_CASE("reader bounds strings before it looks for their bytes", "[cbor]") {
    const Buffer bytes = hex("5bffffffffffffffff");
    Reader in{bytes};
    CHECK(in.read_bytes(100).empty());
    CHECK(code_of(in) == ErrorCode::kTooLarge);
    const Buffer exact = hex("43010203");
    Reader fits{exact};
    CHECK(to_hex(fits.read_bytes(3)) == "010203");
    Reader above{exact};
    above.read_bytes(2);
    CHECK(code_of(above) == ErrorCode::kTooLarge);
}

TEST_CASE("reader wants valid UTF-8", "[cbor][rfc3629]") {
    struct Case {
        std::string hex;
        bool valid;
    };
    const auto one = GENERATE(values<Case>({{"63e1baa3", true},     // ả
                                            {"64f09f8c8d", true},   // beyond the basic plane
                                            {"62c080", false},      // a longer form of U+0000
                                            {"63e08080", false},    // a longer form
                                            {"63eda080", false},    // a surrogate
                                            {"64f4908080", false},  // above U+10FFFF
                                            {"6180", false},        // a continuation alone
                                            {"62e1ba", false},      // ends in a character
                                            {"61ff", false}}));
    const Buffer bytes = hex(one.hex);
    Reader in{bytes};
    in.read_text(100);
    CHECK(in.ok() == one.valid);
}

TEST_CASE("reader closes arrays of both kinds", "[cbor]") {
    struct Case {
        std::string hex;
        bool valid;
    };
    const auto one = GENERATE(values<Case>({{"820102", true},
                                            {"9f0102ff", true},
                                            {"83010203", false},    // more items than are read
                                            {"9f010203ff", false},  // no break after two
                                            {"9f0102", false}}));   // the input ends
    const Buffer bytes = hex(one.hex);
    Reader in{bytes};
    const auto opened = in.open_array();
    in.read_unsigned();
    in.read_unsigned();
    in.close_array(opened, 2);
    CHECK(in.ok() == one.valid);
    if (one.valid) CHECK(in.at_end());
}

TEST_CASE("reader holds arrays and maps to the counts asked for", "[cbor]") {
    const Buffer three = hex("83010203");
    CHECK(Reader{three}.open_array(2, 3) == 3);
    Reader few{three};
    few.open_array(4, 5);
    CHECK(code_of(few) == ErrorCode::kMalformed);
    const Buffer indefinite = hex("9fff");
    Reader endless{indefinite};
    endless.open_array(0, 5);
    CHECK(code_of(endless) == ErrorCode::kMalformed);
    const Buffer map = hex("a201020304");
    CHECK(Reader{map}.open_map(2) == 2);
    Reader small{map};
    small.open_map(1);
    CHECK(code_of(small) == ErrorCode::kTooLarge);
}

TEST_CASE("reader reads booleans and nothing else as such", "[cbor]") {
    const Buffer bytes = hex("f5f4f6");
    Reader in{bytes};
    CHECK(in.read_bool());
    CHECK_FALSE(in.read_bool());
    CHECK(in.ok());
    in.read_bool();
    CHECK(code_of(in) == ErrorCode::kMalformed);
}
