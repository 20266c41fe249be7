// Plan files: what they come to, and that every mistake is named with its line and what to write instead.
#include "daemon/visits/plan_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "proto/admin/dates.h"

namespace tram::visits {

namespace {

using admin::PlannedVisit;

const std::string kDays = "valid_from = 2026-11-23\nvalid_until = 2026-12-31\n";
const std::string kPair = "who = \"18904-lt01\"\nwhom = \"18904-ks07\"\n";
const std::string kTimes = "from = \"09:00\"\nto = \"15:00\"\n";
/// Line 3 begins the visit.
const std::string kWeekly = kDays + "[[visit]]\n" + kPair + "weekdays = \"mon\"\n" + kTimes;

admin::VisitPlan good(const std::string& text) {
    const PlanFile read = parse_plan(text, "plan.toml");
    for (const config::Problem& each : read.problems)
        UNSCOPED_INFO(each.to_string());
    REQUIRE(read.problems.empty());
    return read.plan;
}

std::vector<std::string> problems(const std::string& text) {
    std::vector<std::string> texts;
    for (const config::Problem& each : parse_plan(text, "plan.toml").problems)
        texts.push_back(each.to_string());
    return texts;
}

std::vector<std::string> days(const admin::VisitPlan& plan) {
    std::vector<std::string> texts;
    for (const PlannedVisit& each : plan.visits)
        texts.push_back(admin::print_day(each.first_day));
    return texts;
}

std::string with(const std::string& text, const std::string& what, const std::string& instead) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.substr(0, at) + instead + text.substr(at + what.size());
}

}  // namespace

TEST_CASE("the sample is a plan", "[visits]") {
    const admin::VisitPlan plan = good(std::string{sample_plan()});
    CHECK(plan.commune == "18904");
    CHECK(plan.number == 0);
    CHECK(plan.title == "Lịch đi thôn mùa đông");
    CHECK(admin::print_day(plan.last_day) == "2027-02-28");
    REQUIRE(plan.visits.size() == 7);  // two kiosks on two days, one every other week, two dates
    const auto fair = std::ranges::find(plan.visits, "chợ phiên", &PlannedVisit::note);
    REQUIRE(fair != plan.visits.end());
    CHECK(*fair == PlannedVisit{"18904-lt02", "18904-ks09", fair->first_day, 2, 450, 960, 600, "chợ phiên"});
    CHECK(admin::print_day(fair->first_day) == "2026-12-01");
    CHECK(std::ranges::count(plan.visits, 800U, &PlannedVisit::probability) == 6);
    CHECK(std::ranges::count(plan.visits, 0U, &PlannedVisit::every_weeks) == 2);
}

TEST_CASE("weekdays are understood in Vietnamese and English, in any case and spelling", "[visits]") {
    struct Case {
        const char* said;
        const char* day;
    };
    const auto weekday = GENERATE(values<Case>({{"mon", "2026-11-23"},
                                                {"Monday", "2026-11-23"},
                                                {"thứ hai", "2026-11-23"},
                                                {"Thứ Hai", "2026-11-23"},
                                                {"thu hai", "2026-11-23"},
                                                {"Thứ 2", "2026-11-23"},
                                                {"T2", "2026-11-23"},
                                                {"tue", "2026-11-24"},
                                                {"thứ ba", "2026-11-24"},
                                                {"thứ tư", "2026-11-25"},
                                                {"thu", "2026-11-26"},
                                                {"thứ năm", "2026-11-26"},
                                                {"t6", "2026-11-27"},
                                                {"thứ bảy", "2026-11-28"},
                                                {"thứ bẩy", "2026-11-28"},
                                                {"Chủ nhật", "2026-11-29"},
                                                {"Chúa nhật", "2026-11-29"},
                                                {"CN", "2026-11-29"},
                                                {"SUNDAY", "2026-11-29"}}));
    INFO(weekday.said);
    const auto plan = good(with(kWeekly, "\"mon\"", "\"" + std::string{weekday.said} + "\""));
    CHECK(days(plan) == std::vector<std::string>{weekday.day});
    CHECK(plan.visits[0].every_weeks == 1);
}

TEST_CASE("weeks are counted from the day that the visits start", "[visits]") {
    struct Case {
        const char* more;
        std::vector<std::string> days;
    };
    const auto weeks = GENERATE(values<Case>({
        {"weekdays = [\"mon\", \"thu\"]\n", {"2026-11-23", "2026-11-26"}},
        {"weekdays = [\"mon\", \"thu\"]\nstarting = 2026-11-25\n", {"2026-11-26", "2026-11-30"}},
        {"weekdays = [\"mon\", \"thu\"]\nstarting = 2026-11-25\nevery_weeks = 2\n",
         {"2026-11-26", "2026-12-07"}},
        {"weekdays = \"mon\"\nstarting = 2026-01-01\n", {"2026-11-23"}},
        {"dates = [2026-12-31, \"2026-11-23\"]\n", {"2026-11-23", "2026-12-31"}},
        {"dates = 2026-12-31\nweekdays = \"wed\"\n", {"2026-11-25", "2026-12-31"}},
    }));
    INFO(weeks.more);
    CHECK(days(good(with(kWeekly, "weekdays = \"mon\"\n", weeks.more))) == weeks.days);
}

TEST_CASE("a visit of several nodes is one of each", "[visits]") {
    const auto plan = good(with(kWeekly, "\"18904-ks07\"", "[\"18904-ks07\", \"dtn://00901-ks08/\"]")
                               .insert(0, "commune = \"18904\"\nprobability = 1\nnumber = 12\n"));
    CHECK(plan.number == 12);
    REQUIRE(plan.visits.size() == 2);
    CHECK(plan.visits[0].host == "00901-ks08");
    CHECK(plan.visits[1].host == "18904-ks07");
    CHECK(plan.visits[0].probability == 1'000);
}

TEST_CASE("the commune is that of all nodes, unless it is said", "[visits]") {
    CHECK(good(kWeekly).commune == "18904");
    const std::string mixed = with(kWeekly, "18904-ks07", "00901-ks07");
    CHECK(problems(mixed) ==
          std::vector<std::string>{
              "plan.toml: commune: expected the five digits of the commune whose plan this is"});
    CHECK(good("commune = \"00901\"\n" + mixed).commune == "00901");
}

TEST_CASE("every mistake in a plan file is named with its line", "[visits]") {
    struct Case {
        std::string text;
        std::string problem;
    };
    const auto bad = GENERATE(values<Case>({
        {with(kWeekly, "2026-12-31", "2026-11-01"),
         "plan.toml:2: valid_until: expected valid_from or a later day, for at most 366 days together"},
        {with(kWeekly, "2026-12-31", "2028-12-31"),
         "plan.toml:2: valid_until: expected valid_from or a later day, for at most 366 days together"},
        {with(kWeekly, "2026-12-31", "\"soon\""),
         "plan.toml:2: valid_until: expected a day such as 2026-11-23"},
        {with(kWeekly, "valid_from = 2026-11-23\n", ""),
         "plan.toml: valid_from: expected a day such as 2026-11-23, and it is missing"},
        {kDays, "plan.toml: visit: expected at least one [[visit]]"},
        {with(kWeekly, "[[visit]]", "[visit]"),
         "plan.toml:3: visit: expected tables, each beginning with [[visit]] in double brackets, got a "
         "table"},
        {with(kWeekly, "\"18904-lt01\"", "\"Hồ Thị Mẫu\""),
         "plan.toml:4: visit[0].who: expected a node of a commune such as \"18904-ks07\""},
        {with(kWeekly, "\"18904-ks07\"", "[\"18904-ks07\",\n7]"),
         "plan.toml:6: visit[0].whom[1]: expected a node of a commune such as \"18904-ks07\""},
        {with(kWeekly, "\"18904-ks07\"", "[]"), "plan.toml:5: visit[0].whom: expected one to 1000 values"},
        {with(kWeekly, "whom = \"18904-ks07\"\n", ""),
         "plan.toml:3: visit[0].whom: expected a node of a commune such as \"18904-ks07\", and it is "
         "missing"},
        {with(kWeekly, "18904-ks07", "18904-lt01"),
         "plan.toml:5: visit[0].whom: expected another node than who, got 18904-lt01"},
        {with(kWeekly, "\"mon\"", "\"mo\""),
         "plan.toml:6: visit[0].weekdays: expected a weekday such as \"thứ hai\", \"T2\", \"mon\" or "
         "\"monday\""},
        {with(kWeekly, "\"mon\"", "2"),
         "plan.toml:6: visit[0].weekdays: expected a weekday such as \"thứ hai\", \"T2\", \"mon\" or "
         "\"monday\""},
        {with(kWeekly, "weekdays = \"mon\"\n", ""),
         "plan.toml:3: visit[0].weekdays: expected a weekday such as \"thứ hai\", \"T2\", \"mon\" or "
         "\"monday\", "
         "or dates; both are missing"},
        {with(kWeekly, "weekdays = \"mon\"", "dates = 2026-11-22"),
         "plan.toml:6: visit[0].dates: expected days from 2026-11-23 to 2026-12-31, got 2026-11-22"},
        {with(kWeekly, "weekdays = \"mon\"", "dates = 2026-11-30\nevery_weeks = 2"),
         "plan.toml:7: visit[0].every_weeks: expected weekdays beside it"},
        {with(kWeekly, "\"mon\"", "\"mon\"\nevery_weeks = 53"),
         "plan.toml:7: visit[0].every_weeks: expected a whole number from 1 to 52, got 53"},
        {with(kWeekly, "\"mon\"", "\"mon\"\nstarting = 2027-01-01"),
         "plan.toml:6: visit[0].weekdays: expected days from 2026-11-23 to 2026-12-31, got 2027-01-04"},
        {with(kWeekly, "\"09:00\"", "\"9h\""),
         "plan.toml:7: visit[0].from: expected a time of day in quotes, such as \"09:30\""},
        {with(kWeekly, "\"15:00\"", "08:59:00"),
         "plan.toml:8: visit[0].to: expected a later time than from; what lasts over midnight is two visits"},
        {with(kWeekly, "to = \"15:00\"\n", ""),
         "plan.toml:3: visit[0].to: expected a time of day in quotes, such as \"09:30\", and it is missing"},
        {kWeekly + "probability = 1.1\n",
         "plan.toml:9: visit[0].probability: expected a number from 0.001 to 1"},
        {kWeekly + "probability = nan\n",
         "plan.toml:9: visit[0].probability: expected a number from 0.001 to 1"},
        {kWeekly + "probability = true\n",
         "plan.toml:9: visit[0].probability: expected a number from 0.001 to 1"},
        {"probability = 0\n" + kWeekly, "plan.toml:1: probability: expected a number from 0.001 to 1"},
        {kWeekly + "note = \"số 000197000123\"\n",
         "plan.toml:9: visit[0].note: expected no number like a citizen id: everybody can read it"},
        {kWeekly + "note = \"a\\nb\"\n",
         "plan.toml:9: visit[0].note: expected one line of at most 160 bytes"},
        {kWeekly + "weekday = \"mon\"\n",
         "plan.toml:9: visit[0].weekday: unknown key; did you mean visit[0].weekdays?"},
        {"number = 0\n" + kWeekly,
         "plan.toml:1: number: expected a whole number from 1 to 4000000000, got 0"},
        {"commune = \"Dân Hóa\"\n" + kWeekly,
         "plan.toml:1: commune: expected the five digits of a commune, such as \"18904\""},
        {"commune = \"00901\"\n" + kWeekly,
         "plan.toml:1: commune: expected that of one of the two nodes of each visit; 18904-lt01 and "
         "18904-ks07 "
         "are of others"},
    }));
    INFO(bad.text);
    const auto found = problems(bad.text);
    CHECK(std::ranges::count(found, bad.problem) == 1);
    for (const std::string& each : found) {
        INFO(each);
        CHECK(each.find("000197000123") == std::string::npos);
        CHECK(each.find("Mẫu") == std::string::npos);
    }
}

TEST_CASE("all mistakes of a file are said at once, in the order of their lines", "[visits]") {
    const auto found = problems(kDays + "[[visit]]\nwho = 1\nwhom = 2\nweekdays = \"x\"\nfrom = 3\nto = 4\n");
    REQUIRE(found.size() == 5);
    for (std::size_t i = 0; i < 5; ++i)
        CHECK(found[i].starts_with("plan.toml:" + std::to_string(4 + i) + ": visit[0]."));
}

TEST_CASE("what is no TOML, or too much of it, is one problem", "[visits]") {
    CHECK(problems("a = [").size() == 1);
    CHECK(problems("a" + std::string(100, '.') + "b = 1").size() == 1);
    CHECK(problems(std::string((1U << 20) + 1, '#')).size() == 1);
    // A hundred teams in a hundred villages on a day: more than a plan has.
    std::string many = kDays + "[[visit]]\nweekdays = \"mon\"\n" + kTimes;
    for (const std::string key : {"who", "whom"}) {
        many += key + " = [";
        for (int i = 0; i < 100; ++i)
            many += "\"18904-" + key + std::to_string(i) + "\",";
        many += "]\n";
    }
    REQUIRE(problems(many).size() == 1);
    CHECK(problems(many)[0].find("at most 4000 visits in a plan") != std::string::npos);
}

TEST_CASE("damaged plan files never get through as something else than a plan", "[visits]") {
    std::mt19937_64 random{2'026};
    const std::string sample{sample_plan()};
    for (int i = 0; i < 3'000; ++i) {
        std::string text = sample;
        for (std::uint64_t k = 1 + random() % 4; k > 0; --k) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text[at] = static_cast<char>(random());
            } else {
                text.erase(at, 1 + random() % 20);
            }
        }
        const PlanFile read = parse_plan(text, "x");
        if (read.problems.empty()) REQUIRE(admin::plan_message(read.plan));
    }
}

}  // namespace tram::visits
