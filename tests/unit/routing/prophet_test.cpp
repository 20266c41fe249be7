#include "daemon/routing/prophet.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

double chance(const Router& router, const std::string& node) {
    const Letter letter{node};
    return router.worth(letter.carried({}), at(0));
}

}  // namespace

TEST_CASE("prophet follows the equations of RFC 6693 2.1.2", "[routing][rfc6693]") {
    const auto a = make_prophet(eid("a"));
    const auto b = make_prophet(eid("b"));
    const auto met = [&](std::uint64_t ms) { a->contact_began(eid("b"), at(ms)); };
    met(0);
    CHECK(chance(*a, "b") == Approx(0.5));
    met(900'000);  // half of the typical interval
    const double second = 0.5 + (1 - 0.01 - 0.5) * 0.35;
    CHECK(chance(*a, "b") == Approx(second));
    met(900'000 + 10 * kHour_ms);
    const double aged = second * std::pow(0.999, 10);
    const double third = aged + (1 - 0.01 - aged) * 0.7;
    CHECK(chance(*a, "b") == Approx(third));

    const Time now = at(11 * kHour_ms);
    b->contact_began(eid("c"), now);
    REQUIRE(a->hear(eid("b"), b->greet(eid("a"), now), now));
    CHECK(chance(*a, "c") == Approx(chance(*a, "b") * 0.5 * 0.9).epsilon(1e-3));
}

TEST_CASE("prophet gives to who meets the destination more often", "[routing][rfc6693]") {
    const auto a = make_prophet(eid("a"));
    const auto b = make_prophet(eid("b"));
    b->contact_began(eid("c"), at(0));
    a->contact_began(eid("b"), at(0));
    const Letter letter{"c"};
    CHECK(a->judge(letter.carried({}), eid("b"), at(0)).copy == Verdict::Copy::kNone);
    talk(*a, "a", *b, "b", at(0));
    CHECK(a->judge(letter.carried({}), eid("b"), at(0)).copy == Verdict::Copy::kUtility);
    CHECK(b->judge(letter.carried({}), eid("a"), at(0)).copy == Verdict::Copy::kNone);
    const auto again = make_prophet(eid("a"));
    again->restore(a->save(at(0)));
    CHECK(chance(*again, "c") == Approx(chance(*a, "c")).epsilon(1e-3));
}

}  // namespace tram::routing
