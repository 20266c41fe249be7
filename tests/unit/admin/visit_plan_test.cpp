// Visit plans as messages: what they may say, that the same plan is the same bytes, and when visits are.
#include "proto/admin/visit_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "proto/admin/dates.h"
#include "tests/unit/admin/samples.h"

namespace tram::admin {

namespace {

using test::code_of;

constexpr std::int32_t kMonday = 20'780;  // 2026-11-23

VisitPlan good_plan() {
    VisitPlan plan{"18904", 3, kMonday, kMonday + 97, {}, {}, std::nullopt};
    plan.visits.push_back({"18904-lt01", "18904-ks07", kMonday, 1, 540, 900, 800, "chợ phiên"});
    plan.visits.push_back({"18904-lt01", "18904-ks08", kMonday + 3, 0, 540, 1'500, 1'000, {}});
    plan.visits.push_back({"00901-lt01", "18904-srv", kMonday + 97, 2, 0, 1'440, 1, {}});
    return plan;
}

VisitPlan random_plan(std::mt19937_64& random) {
    const auto below = [&](std::uint64_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    VisitPlan plan{"18904", 1 + below(9), kMonday, kMonday + static_cast<std::int32_t>(below(366)),
                   {},      {},           {}};
    const auto days = static_cast<std::uint32_t>(plan.last_day - plan.first_day + 1);
    for (std::uint32_t left = 1 + below(60); left > 0; --left) {
        const std::uint32_t host = below(20);
        const std::uint32_t from = below(PlannedVisit::kMinutesOfDay);
        plan.visits.push_back({"18904-lt" + std::to_string(below(4)), "18904-ks" + std::to_string(host),
                               kMonday + static_cast<std::int32_t>(below(days)), below(53), from,
                               from + 1 + below(1'440), 1 + below(1'000), below(2) == 0 ? "" : "ghi chú"});
    }
    if (below(2) == 0) plan.issued_unix_s = static_cast<std::int64_t>(below(1U << 30));
    return plan;
}

}  // namespace

TEST_CASE("a plan survives its message, in the order of its visits", "[admin][visits]") {
    std::mt19937_64 random{18'904};
    for (int i = 0; i < 300; ++i) {
        VisitPlan plan = random_plan(random);
        const auto message = plan_message(plan);
        REQUIRE(message);
        REQUIRE(code_of(check(*message)) == "good");
        const auto wire = encode_message(*message);
        REQUIRE(wire);
        const auto read = plan_of(*decode_message(*wire));
        REQUIRE(read);
        std::ranges::sort(plan.visits);
        plan.visits.erase(std::ranges::unique(plan.visits).begin(), plan.visits.end());
        plan.title = "Lịch đi thôn";
        CHECK(*read == plan);
        std::ranges::shuffle(plan.visits, random);
        CHECK(*encode_message(*plan_message(plan)) == *wire);
    }
}

TEST_CASE("text of a plan is kept in its normal form", "[admin][visits]") {
    VisitPlan plan = good_plan();
    plan.title = "  Lịch Dân Ho\u0301a ";
    plan.visits[0].note = "Ho\u0301a";
    const auto message = plan_message(plan);
    REQUIRE(message);
    CHECK(message->head().title() == "Lịch Dân Hóa");
    CHECK(code_of(check(*message)) == "good");
    const auto read = plan_of(*message);
    REQUIRE(read);
    CHECK(std::ranges::count(read->visits, std::string{"Hóa"}, &PlannedVisit::note) == 1);
}

TEST_CASE("a plan that cannot be is refused, with its reason", "[admin][visits]") {
    struct Case {
        const char* what;
        const char* code;
        void (*change)(VisitPlan&);
    };
    const auto bad = GENERATE(values<Case>({
        {"no commune", "invalid_argument", [](auto& p) { p.commune.clear(); }},
        {"a name for a commune", "invalid_argument", [](auto& p) { p.commune = "Dân Hóa"; }},
        {"no visits", "invalid_argument", [](auto& p) { p.visits.clear(); }},
        {"ends before it begins", "invalid_argument", [](auto& p) { p.last_day = p.first_day - 1; }},
        {"for too long", "invalid_argument", [](auto& p) { p.last_day = p.first_day + 366; }},
        {"before 1970", "invalid_argument", [](auto& p) { p.first_day = -1; }},
        {"in the year 5000", "invalid_argument", [](auto& p) { p.first_day = p.last_day = 1'106'000; }},
        {"too many visits", "too_large", [](auto& p) { p.visits.resize(4'001, p.visits[0]); }},
        {"a person", "invalid_argument", [](auto& p) { p.visits[0].visitor = "Hồ Thị Mẫu"; }},
        {"a citizen id", "invalid_argument", [](auto& p) { p.visits[0].host = "18904-000197000123"; }},
        {"a visit at home", "invalid_argument", [](auto& p) { p.visits[0].host = p.visits[0].visitor; }},
        {"others' visits", "invalid_argument",
         [](auto& p) {
             p.visits[0].visitor = "00901-lt01";
             p.visits[0].host = "00901-ks01";
         }},
        {"a commune that only begins so", "invalid_argument", [](auto& p) { p.commune = "1890"; }},
        {"before the plan", "invalid_argument", [](auto& p) { p.visits[0].first_day = p.first_day - 1; }},
        {"after the plan", "invalid_argument", [](auto& p) { p.visits[0].first_day = p.last_day + 1; }},
        {"too rarely", "invalid_argument", [](auto& p) { p.visits[0].every_weeks = 53; }},
        {"at 24:00", "invalid_argument",
         [](auto& p) {
             p.visits[0].from_minute = 1'440;
             p.visits[0].to_minute = 1'441;
         }},
        {"no time", "invalid_argument", [](auto& p) { p.visits[0].to_minute = p.visits[0].from_minute; }},
        {"more than a day", "invalid_argument", [](auto& p) { p.visits[0].to_minute = 540 + 1'441; }},
        {"never", "invalid_argument", [](auto& p) { p.visits[0].probability = 0; }},
        {"more than certain", "invalid_argument", [](auto& p) { p.visits[0].probability = 1'001; }},
        {"a long note", "too_large", [](auto& p) { p.visits[0].note.assign(161, 'x'); }},
        {"a note of two lines", "malformed", [](auto& p) { p.visits[0].note = "a\nb"; }},
        {"a note about a person", "personal_data", [](auto& p) { p.visits[0].note = "số 000197000123"; }},
    }));
    INFO(bad.what);
    VisitPlan plan = good_plan();
    REQUIRE(plan_message(plan));
    bad.change(plan);
    const auto message = plan_message(plan);
    CHECK(code_of(message) == bad.code);
    for (const char* said : {"000197000123", "Mẫu"})
        CHECK(message.error().message.find(said) == std::string::npos);
}

TEST_CASE("too many nodes are refused", "[admin][visits]") {
    VisitPlan plan = good_plan();
    for (int i = 0; i < 1'000; ++i) {
        plan.visits.push_back(plan.visits[0]);
        plan.visits.back().host = "18904-k" + std::to_string(i);
    }
    CHECK(code_of(plan_message(plan)) == "too_large");
}

TEST_CASE("a message that keeps to no rules is no plan", "[admin][visits]") {
    struct Case {
        const char* what;
        const char* code;
        void (*change)(pb::Message&);
    };
    const auto bad = GENERATE(values<Case>({
        {"no number", "invalid_argument", [](auto& m) { m.mutable_plan()->clear_number(); }},
        {"no office", "invalid_argument", [](auto& m) { m.mutable_plan()->clear_from(); }},
        {"the police", "invalid_argument", [](auto& m) { m.mutable_plan()->set_from("ca-xa:18904"); }},
        {"a node that is not there", "malformed",
         [](auto& m) { m.mutable_plan()->mutable_visits(0)->set_visitor(4'000'000'000); }},
        {"a node nobody visits", "malformed", [](auto& m) { m.mutable_plan()->add_nodes("18904-z"); }},
        {"nodes out of order", "malformed",
         [](auto& m) { m.mutable_plan()->mutable_nodes()->SwapElements(0, 1); }},
        {"a node twice", "malformed", [](auto& m) { m.mutable_plan()->set_nodes(1, m.plan().nodes(0)); }},
        {"visits out of order", "malformed",
         [](auto& m) { m.mutable_plan()->mutable_visits()->SwapElements(0, 1); }},
        {"a visit twice", "malformed",
         [](auto& m) { *m.mutable_plan()->mutable_visits(1) = m.plan().visits(0); }},
        {"no nodes", "malformed", [](auto& m) { m.mutable_plan()->clear_nodes(); }},
        {"too many nodes", "too_large",
         [](auto& m) {
             for (int i = 0; i < 1'001; ++i)
                 m.mutable_plan()->add_nodes("18904-x");
         }},
        {"too many visits", "too_large",
         [](auto& m) {
             for (int i = 0; i < 4'001; ++i)
                 m.mutable_plan()->add_visits();
         }},
        {"days that overflow", "invalid_argument",
         [](auto& m) {
             m.mutable_plan()->set_first_day(INT32_MIN);
             m.mutable_plan()->set_last_day(INT32_MAX);
         }},
        {"minutes that overflow", "invalid_argument",
         [](auto& m) { m.mutable_plan()->mutable_visits(0)->set_to_minute(UINT32_MAX); }},
        {"a note that is not normal", "malformed",
         [](auto& m) { m.mutable_plan()->mutable_visits(0)->set_note("Ho\u0301a"); }},
        {"a secret", "secret",
         [](auto& m) { m.mutable_plan()->mutable_visits(0)->set_note("MẬT: đi tuần"); }},
        {"a secret plan", "secret", [](auto& m) { m.mutable_head()->set_secrecy(pb::SECRECY_CONFIDENTIAL); }},
        {"an attachment", "invalid_argument",
         [](auto& m) { test::attach(m, "a.pdf", "application/pdf", "a"); }},
        {"a dossier", "invalid_argument", [](auto& m) { m.mutable_head()->set_dossier_code(test::kCode); }},
        {"a document number", "invalid_argument",
         [](auto& m) { m.mutable_head()->set_document_number("07/TB"); }},
        {"another kind", "invalid_argument", [](auto& m) { m.mutable_head()->set_kind(pb::KIND_NOTICE); }},
        {"no title", "invalid_argument", [](auto& m) { m.mutable_head()->clear_title(); }},
    }));
    INFO(bad.what);
    pb::Message message = *plan_message(good_plan());
    REQUIRE(code_of(check(message)) == "good");
    bad.change(message);
    CHECK(code_of(check(message)) == bad.code);
}

TEST_CASE("when a visit is next: as counting day by day finds it", "[admin][visits]") {
    std::mt19937_64 random{7};
    for (int i = 0; i < 200; ++i) {
        const VisitPlan plan = random_plan(random);
        const PlannedVisit& visit = plan.visits.front();
        std::vector<std::int64_t> starts;
        for (std::int32_t day = visit.first_day; day <= plan.last_day; ++day) {
            const std::int32_t since = day - visit.first_day;
            const bool takes_place =
                since == 0 ||
                (visit.every_weeks > 0 && since % (7 * static_cast<std::int32_t>(visit.every_weeks)) == 0);
            if (takes_place) starts.push_back(start_of_day(day) + visit.from_minute * 60LL);
        }
        CHECK(times(plan, visit) == starts.size());
        const std::int64_t lasts = (visit.to_minute - visit.from_minute) * 60LL;
        for (int k = 0; k < 20; ++k) {
            const std::int64_t now =
                start_of_day(plan.first_day - 3) + static_cast<std::int64_t>(random() % (380 * 86'400));
            const auto expected =
                std::ranges::find_if(starts, [&](std::int64_t start) { return start + lasts > now; });
            const auto found = next_start(plan, visit, now);
            REQUIRE(found.has_value() == (expected != starts.end()));
            if (found) CHECK(*found == *expected);
        }
    }
}

TEST_CASE("days and minutes are those of Viet Nam", "[admin][dates]") {
    CHECK(print_day(kMonday) == "2026-11-23");
    CHECK(weekday_of(kMonday) == 0);
    CHECK(weekday_of(kMonday + 6) == 6);
    CHECK(print_time(start_of_day(kMonday)) == "2026-11-23T00:00:00+07:00");
    CHECK(day_of(start_of_day(kMonday)) == kMonday);
    CHECK(day_of(start_of_day(kMonday) - 1) == kMonday - 1);
    CHECK(day_of(-7 * 3'600 - 1) == -1);
    CHECK(print_minute(570) == "09:30");
    CHECK(print_minute(1'500) == "01:00");
    CHECK(parse_minute("09:30").value() == 570);
    for (const char* text : {"", "9:30", "24:00", "09:60", "09:30:00", "0930", "-9:30", "09:3x"})
        CHECK(code_of(parse_minute(text)) == "invalid_argument");
}

}  // namespace tram::admin
