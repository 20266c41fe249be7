#include "daemon/links/receive_budget.h"

#include <catch2/catch.hpp>

namespace tram::links {

TEST_CASE("the link that holds most is named when unfinished transfers exceed the budget", "[links]") {
    ReceiveBudget budget{100};
    CHECK_FALSE(budget.hold(1, 60));
    CHECK_FALSE(budget.hold(2, 40));
    CHECK(budget.hold(3, 1) == 1);
    CHECK(budget.hold(2, 70) == 2);
    CHECK_FALSE(budget.hold(2, 0));
    CHECK_FALSE(budget.hold(1, 99));
    CHECK_FALSE(budget.hold(1, 10));
    CHECK_FALSE(budget.hold(2, 80));
}

}  // namespace tram::links
