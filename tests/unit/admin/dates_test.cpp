#include "proto/admin/dates.h"

#include <catch2/catch.hpp>

using namespace tram::admin;

TEST_CASE("times are read with any offset and written as Vietnam's", "[admin][dates]") {
    CHECK(parse_time("2026-11-24T09:12:00+07:00") == 1'795'486'320);
    CHECK(parse_time("2026-11-24T02:12:00Z") == 1'795'486'320);
    CHECK(parse_time("2026-11-23T21:42:00-04:30") == 1'795'486'320);
    CHECK(print_time(1'795'486'320) == "2026-11-24T09:12:00+07:00");
    CHECK(print_time(0) == "1970-01-01T07:00:00+07:00");
    CHECK(print_day(*parse_day("2028-02-29")) == "2028-02-29");
    CHECK(parse_day("1970-01-02") == 1);
    CHECK(print_day(INT32_MAX) == "9999-12-31");
    CHECK(print_time(INT64_MAX - 25'200) == "9999-12-31T00:00:00+07:00");
}

TEST_CASE("what is no time is refused", "[admin][dates]") {
    const std::string bad = GENERATE(
        as<std::string>{}, "", "2026-11-24", "2026-11-24T09:12:00", "2026-11-24 09:12:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T09:60:00Z", "2026-11-24T09:12:60Z", "2026-02-29T00:00:00Z",
        "2026-11-24T09:12:00+7:00", "2026-11-24T09:12:00Zx", "1969-12-31T00:00:00Z", "2026-11-24T09:12Z");
    CAPTURE(bad);
    CHECK_FALSE(parse_time(bad).has_value());
    CHECK_FALSE(parse_day(bad == "2026-11-24" ? "2026-11-24x" : bad).has_value());
}
