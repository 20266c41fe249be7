// tram visit: what becomes of a plan file, and what is shown of plans.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/cli/exit_code.h"
#include "daemon/cli/visit_text.h"
#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/visit_plan.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;

namespace {

const std::string kFile =
    "valid_from = 2026-11-23\nvalid_until = 2026-12-31\n[[visit]]\nwho = \"18904-lt01\"\n"
    "whom = [\"18904-ks07\", \"18904-ks08\"]\nweekdays = \"thứ năm\"\nevery_weeks = 2\nfrom = \"09:00\"\n"
    "to = \"15:00\"\nnote = \"chợ\"\n";
constexpr std::int64_t kNow = 1'795'600'000;

struct Desk {
    TemporaryDirectory directory;
    std::string file(const std::string& text = kFile) const {
        const auto path = directory.path() / "plan.toml";
        std::ofstream{path, std::ios::binary} << text;
        return path.string();
    }
};

/// Takes a plan as the daemon does.
struct Office {
    admin::VisitPlan plan{};

    FakeDaemon::Answer operator()(const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer;
        REQUIRE(request.has_publish_plan());
        plan = admin::plan_of(admin::decode_message(as_bytes(frame)).value()).value();
        answer.reply.mutable_publish_plan()->set_commune("18904");
        answer.reply.mutable_publish_plan()->set_number(4);
        answer.reply.mutable_publish_plan()->add_unknown_nodes("18904-ks08");
        return answer;
    }
};

FakeDaemon::Answer show(const Request&, const std::string&) {
    FakeDaemon::Answer answer;
    auto& reply = *answer.reply.mutable_list_plans();
    reply.set_wall_unix_s(kNow);
    reply.mutable_kept()->set_part(0.857);
    reply.mutable_kept()->set_counted(7);
    auto& plan = *reply.add_plans();
    plan.set_commune("18904");
    plan.set_number(4);
    plan.set_issuer("dtn://18904-srv/");
    plan.set_first_day(20'780);
    plan.set_last_day(20'818);
    plan.set_state("in_force");
    for (const char* host : {"18904-ks07", "18904-ks08", "18904-ks09"}) {
        auto& visit = *plan.add_visits();
        visit.set_visitor("18904-lt01");
        visit.set_host(host);
        visit.set_first_day(20'783);
        visit.set_every_weeks(2);
        visit.set_from_minute(540);
        visit.set_to_minute(900);
        visit.set_probability(800);
        visit.set_note("chợ");
    }
    plan.mutable_visits(0)->set_next_unix_s(kNow + 2 * 86'400);
    plan.mutable_visits(1)->set_next_unix_s(kNow - 60);
    return answer;
}

FakeDaemon::Answer nothing(const Request&, const std::string&) {
    FakeDaemon::Answer answer;
    answer.reply.mutable_list_plans();
    return answer;
}

}  // namespace

TEST_CASE("a plan file is published, with a warning for devices that nobody knows", "[cli][visits]") {
    const Desk desk;
    Office office;
    const FakeDaemon daemon{std::ref(office)};
    const Ran ran = run_tram(&daemon, {"visit", "plan", desk.file()});
    CHECK(ran.exit_code == kExitFine);
    CHECK(ran.out ==
          "plan 4 of 18904  published, visits: 2, 2026-11-23 to 2026-12-31; goes along with the next "
          "contact\n");
    CHECK(ran.err ==
          "warning: no certificate of 18904-ks08 is known here: right if the device comes later\n");
    REQUIRE(office.plan.visits.size() == 2);
    CHECK(office.plan.visits[1] ==
          admin::PlannedVisit{"18904-lt01", "18904-ks08", 20'783, 2, 540, 900, 800, "chợ"});
    CHECK(office.plan.number == 0);

    const Ran as_json = run_tram(&daemon, {"visit", "plan", "-o", "json", "-"}, {.input = kFile});
    const json::object said = json::parse(as_json.out).as_object();
    CHECK(said.at("number").to_number<int>() == 4);
    CHECK(said.at("unknown_nodes").as_array().size() == 1);
    CHECK(run_tram(&daemon, {"visit", "plan", "-o", "name", desk.file()}).out == "4\n");
}

TEST_CASE("a dry run shows what was understood, without a daemon", "[cli][visits]") {
    const Desk desk;
    const Ran ran = run_tram(nullptr, {"visit", "plan", "--dry-run", desk.file()});
    CHECK(ran.exit_code == kExitFine);
    REQUIRE(ran.lines().size() == 3);
    CHECK(ran.lines()[1] ==
          "18904-lt01  18904-ks07  Thu 09:00-15:00 every 2 weeks, from 2026-11-26      3          0.8  chợ");
    CHECK(ran.err == "visits: 2, 2026-11-23 to 2026-12-31; nothing was published\n");
    const Ran vietnamese =
        run_tram(nullptr, {"visit", "plan", "--dry-run", desk.file()}, {.language = Language::kVietnamese});
    CHECK(vietnamese.lines()[1].find("T5 09:00-15:00 cách 2 tuần, từ 2026-11-26") != std::string::npos);
    const Ran as_json = run_tram(nullptr, {"visit", "plan", "--dry-run", "-o", "json", desk.file()});
    const json::object said = json::parse(as_json.out).as_object();
    CHECK(said.at("visits").as_array().at(0).at("from").as_string() == "09:00");
    CHECK(said.at("commune").as_string() == "18904");
}

TEST_CASE("mistakes in a plan file are all named, and nothing is sent", "[cli][visits]") {
    const Desk desk;
    const FakeDaemon daemon{nothing};
    const std::string file = desk.file("valid_from = 2026-11-23\nvalid_until = soon\n");
    const Ran broken = run_tram(&daemon, {"visit", "plan", file});
    CHECK(broken.exit_code == kExitWarning);
    CHECK(broken.err.starts_with(file + ":2: "));
    const std::string wrong = desk.file("valid_from = 2026-11-23\nvalid_until = 2026-11-01\n");
    const Ran ran = run_tram(&daemon, {"visit", "plan", wrong});
    CHECK(ran.exit_code == kExitWarning);
    CHECK(ran.err ==
          file + ": visit: expected at least one [[visit]]\n" + file +
              ":2: valid_until: expected valid_from or a later day, for at most 366 days together\n" +
              "error: malformed: " + file + " cannot be understood, problems: 2; nothing was published\n" +
              "  tram visit sample shows a plan file with every key\n");
    CHECK(run_tram(&daemon, {"visit", "plan", file + "x"}).exit_code == kExitWarning);
    CHECK(daemon.requests().empty());
}

TEST_CASE("what the daemon refuses is said", "[cli][visits]") {
    const Desk desk;
    const FakeDaemon daemon{[](const Request&, const std::string&) {
        return failure("forbidden", "visit plans of commune 18904 are published at dtn://18904-srv/ only",
                       "");
    }};
    const Ran ran = run_tram(&daemon, {"visit", "plan", desk.file()});
    CHECK(ran.exit_code == kExitWarning);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("error: forbidden: visit plans of commune 18904"));
}

TEST_CASE("the sample is a plan file", "[cli][visits]") {
    const Ran sample = run_tram(nullptr, {"visit", "sample"});
    CHECK(sample.exit_code == kExitFine);
    const Ran ran = run_tram(nullptr, {"visit", "plan", "--dry-run", "-"}, {.input = sample.out});
    CHECK(ran.exit_code == kExitFine);
    CHECK(ran.lines().size() == 8);
}

TEST_CASE("known plans are shown with what comes next and how far they are kept", "[cli][visits]") {
    const FakeDaemon daemon{show};
    const Ran ran = run_tram(&daemon, {"visit", "show"});
    CHECK(ran.exit_code == kExitFine);
    REQUIRE(ran.lines().size() == 6);
    CHECK(ran.lines()[0] == "plan 4 of 18904, by 18904-srv, 2026-11-23 to 2026-12-31: in force");
    CHECK(ran.lines()[2].find("in 2 d") != std::string::npos);
    CHECK(ran.lines()[3].find("now") != std::string::npos);
    CHECK(ran.lines()[5] == "planned visits of this node: 0.86 of those expected took place, of about 7");
    CHECK(run_tram(&daemon, {"visit", "show", "--node", "18904-ks09"}).lines().size() == 4);

    const Ran as_json = run_tram(&daemon, {"visit", "show", "-o", "json"});
    const json::object said = json::parse(as_json.out).as_object();
    const json::object& plan = said.at("plans").as_array().at(0).as_object();
    CHECK(plan.at("state").as_string() == "in_force");
    CHECK(plan.at("visits").as_array().at(0).at("next").as_string() == admin::print_time(kNow + 2 * 86'400));
    CHECK_FALSE(plan.at("visits").as_array().at(2).as_object().contains("next"));
    CHECK(said.at("kept").at("counted").to_number<double>() == 7);
    CHECK(run_tram(&daemon, {"visit", "show", "-o", "name"}).out == "18904 4\n");

    const FakeDaemon empty{nothing};
    const Ran none = run_tram(&empty, {"visit", "show"});
    CHECK(none.exit_code == kExitFine);
    CHECK(none.out.empty());
    CHECK(none.err == "no visit plan is known here\n");
}

TEST_CASE("texts about visits have both languages, with the same places for values", "[cli][visits]") {
    for (std::size_t i = 0; i < kVisitTextCount; ++i) {
        const auto message = static_cast<VisitText>(i);
        const std::string_view english = text(message, Language::kEnglish);
        const std::string_view vietnamese = text(message, Language::kVietnamese);
        INFO(english);
        CHECK_FALSE(vietnamese.empty());
        CHECK(std::ranges::count(english, '{') == std::ranges::count(vietnamese, '{'));
    }
}
