#include "daemon/routing/holders.h"

#include <catch2/catch.hpp>
#include <random>

#include "daemon/routing/router.h"

namespace tram::routing {

TEST_CASE("holders are kept by time and read back the same", "[routing]") {
    Holders holders;
    holders.spare = 300;
    for (Tag tag = 1; tag <= 12; ++tag)
        holders.put(tag, 6'000.0 * (13 - tag));
    REQUIRE(holders.all().size() == Holders::kMax);
    CHECK(holders.has(12));
    CHECK_FALSE(holders.has(1));
    const Bytes note = holders.encode();
    CHECK(note.size() <= Router::kNoteBytesMax);
    const auto read = Holders::decode(note, 0);
    REQUIRE(read);
    CHECK(read->spare == 300);
    CHECK(read->encode() == note);
}

TEST_CASE("an expected time that has passed no longer counts", "[routing]") {
    Holders holders;
    holders.put(1, 600);
    holders.put(2, 6'000);
    const auto later = Holders::decode(holders.encode(), 700);
    REQUIRE(later);
    CHECK_FALSE(later->has(1));
    CHECK(later->has(2));
}

TEST_CASE("times in a shared note are those of the reader's clock", "[routing]") {
    Holders holders;
    holders.put(1, 10'000 + 6'000);
    const auto read = Holders::decode_shared(holders.encode_shared(10'000), 500'000);
    REQUIRE(read);
    REQUIRE(read->all().size() == 1);
    CHECK(read->all().front().at_s == Approx(506'000).margin(60));
}

}  // namespace tram::routing
