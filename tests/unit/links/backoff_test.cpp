#include "daemon/links/backoff.h"

#include <catch2/catch.hpp>

using namespace tram;
using links::Backoff;

TEST_CASE("pauses double up to the longest and start over after success", "[links]") {
    Backoff backoff{Duration{500}, Duration{3'000}};
    constexpr std::uint32_t kNoJitter = 0;
    CHECK(backoff.next(kNoJitter) == Duration{500});
    CHECK(backoff.next(kNoJitter) == Duration{1'000});
    CHECK(backoff.next(kNoJitter) == Duration{2'000});
    CHECK(backoff.next(kNoJitter) == Duration{3'000});
    CHECK(backoff.next(kNoJitter) == Duration{3'000});
    backoff.reset();
    CHECK(backoff.next(kNoJitter) == Duration{500});
}

TEST_CASE("jitter takes away less than half and uses the whole range", "[links]") {
    auto shortest = Duration::max();
    auto longest = Duration::min();
    for (std::uint32_t random = 0; random < 2'000; ++random) {
        const auto pause = Backoff{Duration{1'000}, Duration{1'000}}.next(random * 2'654'435'761U);
        shortest = std::min(shortest, pause);
        longest = std::max(longest, pause);
    }
    CHECK(shortest > Duration{500});
    CHECK(shortest < Duration{520});
    CHECK(longest <= Duration{1'000});
    CHECK(longest > Duration{980});
}

TEST_CASE("a pause is never zero, whatever the bounds", "[links]") {
    const auto random = GENERATE(0U, 1U, 7U, 4'294'967'295U);
    CHECK(Backoff(Duration{0}, Duration{0}).next(random) >= Duration{1});
    CHECK(Backoff(Duration{1}, Duration{1}).next(random) == Duration{1});
    CHECK(Backoff(Duration{100}, Duration{1}).next(random) > Duration{50});
}
