#include "daemon/node/short_id.h"

#include <catch2/catch.hpp>

namespace tram::node {

TEST_CASE("a short id is three groups of four and the same for the same id", "[node]") {
    const std::string id = short_id(as_bytes("one"));
    CHECK(id.size() == 14);
    CHECK(id[4] == '-');
    CHECK(id[9] == '-');
    CHECK(id == short_id(as_bytes("one")));
    CHECK(id != short_id(as_bytes("two")));
}

TEST_CASE("a typed short id is read leniently", "[node]") {
    const std::string id = short_id(as_bytes("one"));
    const auto plain = normalized_short_id(id);
    REQUIRE(plain);
    CHECK(short_id_begins(id, *plain));
    CHECK(short_id_begins(id, plain->substr(0, 5)));
    CHECK_FALSE(short_id_begins(short_id(as_bytes("two")), *plain));
    CHECK(normalized_short_id("ilo") == "110");
    CHECK_FALSE(normalized_short_id("7K?4"));
    CHECK_FALSE(normalized_short_id(id + "0"));
}

TEST_CASE("the check digit notices a changed digit and swapped neighbours", "[node]") {
    const std::string alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    int changed_noticed = 0;
    int changed = 0;
    for (const char* seed : {"one", "two", "three", "four"}) {
        const std::string plain = *normalized_short_id(short_id(as_bytes(seed)));
        for (std::size_t i = 0; i + 1 < plain.size(); ++i) {
            for (const char digit : alphabet) {
                std::string wrong = plain;
                if (wrong[i] == digit) continue;
                wrong[i] = digit;
                ++changed;
                changed_noticed += normalized_short_id(wrong) ? 0 : 1;
            }
            std::string swapped = plain;
            if (i + 2 < plain.size() && swapped[i] != swapped[i + 1]) {
                std::swap(swapped[i], swapped[i + 1]);
                const bool same_value =
                    (plain[i] == '0' && plain[i + 1] == 'Z') || (plain[i] == 'Z' && plain[i + 1] == '0');
                CHECK((!normalized_short_id(swapped) || same_value));
            }
        }
    }
    // 0 and Z differ by the modulus; every other change is noticed.
    CHECK(changed_noticed * 100 >= changed * 99);
}

}  // namespace tram::node
