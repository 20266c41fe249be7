#include "tests/sim/visits.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/sim/chart.h"
#include "tests/sim/identities.h"
#include "tests/temporary_directory.h"

namespace tram::sim {
namespace {

ContactPlan plan_of(const std::string& text) {
    auto plan = parse_contacts(text, "x");
    REQUIRE(plan);
    return *plan;
}

TEST_CASE("a visit is the nearest contact of its pair, within four days", "[sim]") {
    const ContactPlan plan = plan_of("1000 2000 0 1\n90000 91000 0 1\n1000 2000 0 2\n500000 500100 0 3\n");
    const ContactPlan contacts =
        plan_of("1500 1600 0 1\n95000 95100 0 1\n95200 95300 0 1\n1000 1100 1 2\n50 60 0 3\n");
    const auto found = realised(contacts, plan);
    for (std::size_t visit = 0; visit < found.size(); ++visit) {
        const Contact& planned = plan.contacts[visit];
        if (planned.b != 1) {
            CHECK(found[visit] == contacts.contacts.size());
        } else {
            REQUIRE(found[visit] < contacts.contacts.size());
            CHECK(contacts.contacts[found[visit]].start_s == (planned.start_s == 1000 ? 1500 : 95'000));
        }
    }
}

TEST_CASE("when the whole plan fails, chance contacts are left", "[sim]") {
    const ContactPlan plan = plan_of("1000 2000 0 1\n90000 91000 0 1\n");
    const ContactPlan contacts = plan_of("1500 1600 0 1\n50000 50100 0 2\n95000 95100 0 1\n");
    Random random{1};
    const ContactPlan left = without_visits(contacts, plan, 1.0, random);
    REQUIRE(left.contacts.size() == 1);
    CHECK(left.contacts[0].b == 2);
    CHECK(left.end_s == contacts.end_s);
    CHECK(without_visits(contacts, plan, 0, random).contacts == contacts.contacts);
}

TEST_CASE("a plan names nodes and wall times", "[sim]") {
    const auto visits = visits_of(plan_of("1000 2000 3 7\n"), 0.8).visits;
    REQUIRE(visits.size() == 1);
    CHECK(visits[0].a.to_string() == "dtn://18904-n3/");
    CHECK(visits[0].start_ms == kWallStart_ms + 1'000'000);
    CHECK(visits[0].end_ms == kWallStart_ms + 2'000'000);
    CHECK(visits[0].probability == 0.8);
}

TEST_CASE("the chart rises as messages arrive", "[sim]") {
    Load load{.messages = {{.created_us = 0}, {.created_us = 0}}, .buffers = {}, .ttl_s = 86'400};
    const std::string svg = chart(load, {{"<router>", "#06c", {43'200'000'000, std::nullopt}}}, "x");
    CHECK_THAT(svg, Catch::StartsWith("<svg ") && Catch::EndsWith("</svg>\n"));
    CHECK_THAT(svg, Catch::Contains("M60.0 360.0") && Catch::Contains("L620.0 200.0"));
    CHECK_THAT(svg, Catch::Contains("&lt;router>"));
}

TEST_CASE("a commune's plan file is one for the simulation", "[sim]") {
    const tram::test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "plan.toml").string();
    const auto plan_from = [&](const std::string& visits) {
        std::ofstream{path} << "valid_from = 2026-11-09\nvalid_until = 2026-11-22\n" << visits;
        return read_planned(path, 0.5);
    };
    const std::string weekly =
        "[[visit]]\nwho = \"18904-n41\"\nwhom = \"18904-n7\"\nweekdays = \"tue\"\nfrom = \"07:00\"\n"
        "to = \"09:30\"\nprobability = 0.9\n";
    const auto planned = plan_from(weekly);
    REQUIRE(planned);
    constexpr std::int64_t kTuesday_s = 86'400 + 7 * 3'600;
    const std::vector<Contact> expected{{kTuesday_s, kTuesday_s + 9'000, 7, 41},
                                        {kTuesday_s + 7 * 86'400, kTuesday_s + 7 * 86'400 + 9'000, 7, 41}};
    CHECK(planned->contacts.contacts == expected);
    CHECK(planned->contacts.node_count == 42);
    REQUIRE(planned->visits.visits.size() == 1);
    const routing::Visit& visit = planned->visits.visits[0];
    CHECK(visit.a.to_string() == "dtn://18904-n41/");
    CHECK(visit.start_ms == kWallStart_ms + static_cast<std::uint64_t>(kTuesday_s) * 1'000);
    CHECK(visit.period_ms == 7ULL * 86'400'000);
    CHECK(visit.until_ms == kWallStart_ms + 14ULL * 86'400'000 - 1);
    CHECK(visit.probability == Approx(0.9));
    for (const char* other : {"18904-ks07", "18904-n", "18904-n7x", "18904-n10000"}) {
        const auto wrong = plan_from(std::string{weekly}.replace(weekly.find("18904-n7"), 8, other));
        REQUIRE_FALSE(wrong);
        CHECK(wrong.error().code == ErrorCode::kInvalidArgument);
    }
    CHECK_FALSE(plan_from("x = 1\n"));
    CHECK_FALSE(read_planned(path + ".toml", 0.5));
}

}  // namespace
}  // namespace tram::sim
