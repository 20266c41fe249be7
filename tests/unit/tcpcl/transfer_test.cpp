// Transfers: RFC 9174 5.2.
#include <catch2/catch.hpp>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

TEST_CASE("bundles travel both ways at once in any chunking", "[tcpcl][rfc9174]") {
    const std::size_t chunk = GENERATE(1U, 3U, 100U, 1U << 16);
    auto a = options("dtn://a/");
    auto b = options("dtn://b/");
    a.segment_mru = 1000;
    b.segment_bytes_max = 700;
    Pair pair{a, b};
    pair.chunk_bytes_max = chunk;
    pair.establish();
    const std::vector<std::size_t> sizes{0, 1, 699, 700, 701, 5000, 20'000};
    for (const std::size_t size : sizes) {
        REQUIRE(pair.active.session.send_transfer(pattern(size, 3)));
        REQUIRE(pair.passive.session.send_transfer(pattern(size, 9)));
    }
    CHECK(pair.active.session.unsent_bytes() == 27'101);
    pair.pump();
    CHECK(pair.active.session.unsent_bytes() == 0);
    for (auto [end, seed] : {std::pair{&pair.active, 9}, std::pair{&pair.passive, 3}}) {
        const auto received = end->all<event::Received>();
        REQUIRE(received.size() == sizes.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            CHECK(received[i].transfer == i);
            CHECK(received[i].bundle == pattern(sizes[i], static_cast<std::uint8_t>(seed)));
            end->session.accept_transfer(i);
        }
    }
    CHECK_FALSE(pair.active.has<event::Acknowledged>());
    pair.pump();
    CHECK(pair.active.all<event::Acknowledged>().size() == sizes.size());
    CHECK(pair.passive.all<event::Acknowledged>().size() == sizes.size());
}

}  // namespace tram::tcpcl::test
