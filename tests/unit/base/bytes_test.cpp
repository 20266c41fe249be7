#include "proto/base/bytes.h"

#include <catch2/catch.hpp>

namespace tram {

TEST_CASE("a slice shares the allocation and keeps it alive", "[base]") {
    Bytes slice;
    {
        const Bytes whole{Buffer{1, 2, 3, 4, 5}};
        slice = whole.slice(1, 3);
        CHECK(slice.data() == whole.data() + 1);
        CHECK(whole.slice(slice.view()) == slice);
    }
    CHECK(slice == Bytes{Buffer{2, 3, 4}});
    CHECK_FALSE(slice == Bytes{Buffer{2, 3}});
}

TEST_CASE("hexadecimal is read leniently in layout and strictly in content", "[base]") {
    CHECK(from_hex("00 fF\n0a") == Buffer{0x00, 0xff, 0x0a});
    CHECK(from_hex("") == Buffer{});
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    CHECK(to_hex(Buffer{0x00, 0xff, 0x0a}) == "00ff0a");
}

}  // namespace tram
