// Visit plans from the office to every node: which number counts, who may speak, what a restart keeps, and
// what the router makes of them.
#include <catch2/catch.hpp>

#include "proto/admin/dates.h"
#include "tests/unit/admin/samples.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

using tram::test::code_of;

constexpr std::size_t kHour_ms = 3'600'000;
constexpr std::uint64_t kNeverMet_hours = 60 * 24;  // what the router assumes of a pair that was planned once
const std::string kVisits = "dtn://18904/~visits";

/// The laptop visits the kiosk every week, for the first time tomorrow at nine.
admin::VisitPlan weekly(std::uint32_t number = 0, const std::string& commune = "18904") {
    const std::int32_t today = admin::day_of(kWall);
    admin::VisitPlan plan{commune, number, today, today + 60, {}, {}, std::nullopt};
    plan.visits.push_back({commune + "-lt01", commune + "-ks07", today + 1, 1, 9 * 60, 15 * 60, 900, {}});
    return plan;
}

Bytes encoded(const admin::VisitPlan& plan) {
    const auto message = admin::plan_message(plan);
    REQUIRE(message);
    return admin::encode_message(*message).value();
}

/// Of the first plan that is published on the day of the tests.
std::uint32_t first_number() {
    const std::string day = admin::print_day(admin::day_of(kWall));
    return static_cast<std::uint32_t>(
        std::stoul(day.substr(0, 4) + day.substr(5, 2) + day.substr(8, 2) + "01"));
}

struct PlanWorld {
    explicit PlanWorld(std::uint32_t seed = 1)
        : world{seed, Setup{.open = false, .router = RouterKind::kEta}} {}

    Result<effect::Reply::Planned> publish(const Bytes& wire, std::size_t at = kServer) {
        const auto reply = world.ask(at, [&](RequestId id) { return input::PublishPlan{id, wire}; });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        world.mesh.settle();
        return std::get<effect::Reply::Planned>(*reply.outcome);
    }
    Result<effect::Reply::Planned> publish(const admin::VisitPlan& plan, std::size_t at = kServer) {
        return publish(encoded(plan), at);
    }
    /// As a program does that keeps to no rules.
    void smuggle(std::size_t at, const Bytes& message, const std::string& destination = kVisits,
                 bpv7::Kind kind = bpv7::Kind::kControl) {
        const Bytes content = admin::begin_content(message);
        MessageTerms terms = terms_for(destination, content.size());
        terms.kind = kind;
        terms.is_public = true;
        terms.content_type = admin::kContentType;
        const auto opened = world.ask(at, [&](RequestId id) { return input::OpenMessage{id, terms}; });
        REQUIRE(opened.outcome);
        const std::string token = std::get<effect::Reply::Opened>(*opened.outcome).token;
        REQUIRE(
            world.ask(at, [&](RequestId id) { return input::AppendMessage{id, token, 0, content}; }).outcome);
        REQUIRE(world.ask(at, [&](RequestId id) { return input::FinishMessage{id, token}; }).outcome);
        world.mesh.settle();
    }
    /// A stranger brings a bundle whose signature is good.
    void bring(std::size_t to, const Bytes& wire) {
        constexpr LinkId kStranger = 1'000'000;
        Host& host = world.host(to);
        host.give(input::PeerUp{kStranger, {}, 1 << 20, "virtual"});
        host.give(input::Arrived{kStranger, 1, wire});
        host.settle();
        REQUIRE(host.checking() == 1);
        host.answer_check(0);
        host.settle();
        host.sync();
        host.give(input::PeerDown{kStranger, {}});
        world.mesh.settle();
    }
    void contact(std::size_t a, std::size_t b) {
        world.mesh.connect(a, b);
        world.mesh.settle();
        world.mesh.disconnect(a, b);
        world.mesh.settle();
    }
    void carry() {
        contact(kServer, kLaptop);
        contact(kLaptop, kKiosk);
    }
    [[nodiscard]] const std::map<std::string, registry::KnownPlan>& plans(std::size_t at) {
        return world.host(at).node().visit_plans().plans();
    }
    /// Of the commune's plan; 0: none is known.
    [[nodiscard]] std::uint32_t number(std::size_t at, const std::string& commune = "18904") {
        const auto found = plans(at).find(commune);
        return found == plans(at).end() ? 0 : found->second.plan.number;
    }
    /// When the router expects what waits at `at` to be at `node`, in hours from now; 0: it cannot say.
    [[nodiscard]] std::uint64_t expected_hours(std::size_t at, const std::string& node) {
        const Copies& copies = world.host(at).node().copies();
        return copies.router().expected_ms(*bpv7::Eid::parse(node), copies.now()).value_or(0) / kHour_ms;
    }
    [[nodiscard]] std::uint64_t refused(std::size_t at, ErrorCode code) {
        return world.host(at).refused(code);
    }

    World world;
};

}  // namespace

TEST_CASE("a plan goes from the office over a carrier to the kiosk, and into every router",
          "[node][visits]") {
    PlanWorld at;
    const std::uint64_t unplanned = at.expected_hours(kKiosk, "dtn://18904-lt01/");
    const auto published = at.publish(weekly());
    REQUIRE(published);
    CHECK(published->commune == "18904");
    CHECK(published->number == first_number());
    CHECK(published->unknown_nodes.empty());
    at.contact(kServer, kLaptop);
    CHECK(at.number(kLaptop) == first_number());
    CHECK(at.number(kKiosk) == 0);
    at.contact(kLaptop, kKiosk);
    REQUIRE(at.number(kKiosk) == first_number());
    CHECK(at.plans(kKiosk).at("18904").plan.visits == weekly().visits);
    CHECK(at.plans(kKiosk).at("18904").issuer == "dtn://18904-srv/");
    const std::uint64_t planned = at.expected_hours(kKiosk, "dtn://18904-lt01/");
    INFO("without the plan after " << unplanned << " hours, with it after " << planned);
    CHECK(planned > 0);
    CHECK((unplanned == 0 || planned < unplanned));
    for (const std::size_t host : {kKiosk, kLaptop, kServer})
        CHECK(at.world.stored(host) == 1);
}

TEST_CASE("a restart keeps the plan, and the router has it again", "[node][visits]") {
    PlanWorld at;
    admin::VisitPlan plan = weekly();
    plan.visits[0].visitor = "18904-srv";
    REQUIRE(at.publish(plan));
    const std::uint64_t planned = at.expected_hours(kServer, "dtn://18904-ks07/");
    CHECK(planned < kNeverMet_hours / 4);
    at.world.mesh.crash(kServer);
    CHECK(at.expected_hours(kServer, "dtn://18904-ks07/") == planned);
    at.carry();
    for (const std::size_t host : {kKiosk, kLaptop, kServer}) {
        at.world.mesh.crash(host);
        CHECK(at.number(host) == first_number());
    }
    at.world.mesh.settle();
    for (const std::size_t host : {kKiosk, kLaptop, kServer})
        CHECK(at.world.stored(host) == 1);
    CHECK(at.publish(weekly())->number == first_number() + 1);
}

TEST_CASE("a plan that is over still says which numbers are not newer", "[node][visits]") {
    PlanWorld at;
    REQUIRE(at.publish(weekly(5)));
    constexpr std::uint64_t kLater_ms = 70 * 24 * kHour_ms;
    at.world.mesh.advance(Duration{static_cast<Duration::rep>(kLater_ms)});
    at.world.mesh.wall() = DtnTime{kWall_ms + kLater_ms};
    at.world.host(kServer).give(input::Tick{});
    at.world.host(kServer).settle();
    at.world.host(kServer).sync();
    CHECK(at.world.stored(kServer) == 0);
    at.world.mesh.crash(kServer);
    CHECK(at.number(kServer) == 5);
    admin::VisitPlan next = weekly(5);
    for (std::int32_t* day : {&next.first_day, &next.last_day, &next.visits[0].first_day})
        *day += 70;
    CHECK(code_of(at.publish(next)) == "outdated");
    next.number = 6;
    CHECK(at.publish(next));
}

TEST_CASE("an answer to a plan comes when it is durable, and a crash before forgets all of it",
          "[node][visits]") {
    PlanWorld at;
    Host& office = at.world.host(kServer);
    office.give(input::PublishPlan{at.world.mesh.own_request(), encoded(weekly())});
    office.settle();
    CHECK(office.replies.empty());
    CHECK(at.world.mesh.replies.empty());
    at.world.mesh.crash(kServer);
    CHECK(at.number(kServer) == 0);
    CHECK(at.world.stored(kServer) == 0);
    CHECK(at.publish(weekly())->number == first_number());
}

TEST_CASE("the highest number counts, in whatever order plans come", "[node][visits]") {
    PlanWorld at;
    REQUIRE(at.publish(weekly()));
    at.contact(kServer, kLaptop);  // the laptop goes with the first
    admin::VisitPlan second = weekly();
    second.visits[0].from_minute = 600;
    REQUIRE(at.publish(second)->number == first_number() + 1);
    CHECK(at.world.stored(kServer) == 1);
    at.contact(kServer, kKiosk);
    REQUIRE(at.number(kKiosk) == first_number() + 1);
    at.contact(kLaptop, kKiosk);
    for (const std::size_t host : {kKiosk, kLaptop}) {
        CHECK(at.number(host) == first_number() + 1);
        CHECK(at.plans(host).at("18904").plan.visits[0].from_minute == 600);
        CHECK(at.world.stored(host) == 1);
    }
    at.world.mesh.crash(kKiosk);
    at.contact(kLaptop, kKiosk);
    CHECK(at.number(kKiosk) == first_number() + 1);
}

TEST_CASE("a plan that cannot be published is refused, with its reason", "[node][visits]") {
    PlanWorld at;
    REQUIRE(at.publish(weekly(7))->number == 7);
    CHECK(code_of(at.publish(weekly(7))) == "outdated");
    CHECK(code_of(at.publish(weekly(6))) == "outdated");
    CHECK(code_of(at.publish(weekly(), kLaptop)) == "forbidden");
    CHECK(code_of(at.publish(weekly(0, "00901"))) == "forbidden");
    admin::VisitPlan over = weekly();
    for (std::int32_t* day : {&over.first_day, &over.last_day, &over.visits[0].first_day})
        *day -= 100;
    CHECK(code_of(at.publish(over)) == "expired");
    CHECK(code_of(at.publish(Bytes{Buffer{1, 2, 3}})) == "malformed");
    CHECK(code_of(at.publish(admin::encode_message(tram::test::make_notice()).value())) ==
          "invalid_argument");
    CHECK(at.number(kServer) == 7);
    CHECK(at.world.stored(kServer) == 1);
    PlanWorld open;
    open.world.host(kServer).options().security.open = true;
    open.world.mesh.crash(kServer);
    CHECK(code_of(open.publish(weekly())) == "no_certificate");
}

TEST_CASE("without a clock plans are numbered one by one, and used when there is one", "[node][visits]") {
    PlanWorld at;
    at.world.mesh.wall().reset();
    admin::VisitPlan plan = weekly();
    plan.visits[0].visitor = "18904-srv";
    CHECK(at.publish(plan)->number == 1);
    CHECK(at.publish(plan)->number == 2);
    CHECK(at.expected_hours(kServer, "dtn://18904-ks07/") == kNeverMet_hours);
    at.world.mesh.wall() = DtnTime{kWall_ms};
    at.world.host(kServer).give(input::Tick{});
    CHECK(at.expected_hours(kServer, "dtn://18904-ks07/") < kNeverMet_hours / 4);
    CHECK(at.publish(plan)->number == first_number());
}

TEST_CASE("a plan for devices that come later is taken, and says so", "[node][visits]") {
    PlanWorld at;
    admin::VisitPlan plan = weekly();
    plan.visits.push_back(plan.visits[0]);
    plan.visits[1].host = "18904-ks99";
    const auto published = at.publish(plan);
    REQUIRE(published);
    CHECK(published->unknown_nodes == std::vector<std::string>{"18904-ks99"});
    at.carry();
    CHECK(at.plans(kKiosk).at("18904").plan.visits.size() == 2);
}

TEST_CASE("nobody but the commune's office has a plan believed", "[node][visits]") {
    struct Case {
        const char* what;
        std::size_t from;
        std::string destination;
        std::string commune;
        ErrorCode why;
    };
    const auto bad = GENERATE(values<Case>({
        {"another node of the commune", kLaptop, kVisits, "18904", ErrorCode::kWrongSender},
        {"the office of another commune", kServer, "dtn://00901/~visits", "00901", ErrorCode::kWrongSender},
        {"a plan of another commune", kServer, kVisits, "00901", ErrorCode::kContradiction},
    }));
    INFO(bad.what);
    PlanWorld at;
    at.smuggle(bad.from, encoded(weekly(1, bad.commune)), bad.destination);
    CHECK(at.refused(bad.from, bad.why) == 1);  // at its very first node
    CHECK(at.world.stored(bad.from) == 0);
    CHECK(at.plans(bad.from).empty());
}

TEST_CASE("what is no plan, or sealed, is not taken for one", "[node][visits]") {
    PlanWorld at;
    admin::pb::Message request = tram::test::make_request();
    request.clear_attachments();
    at.smuggle(kServer, admin::encode_message(request).value());
    CHECK(at.plans(kServer).empty());
    CHECK(at.world.stored(kServer) == 0);
    // A plan that is sent as a notice is none, and is not shown as a notice either.
    at.smuggle(kServer, encoded(weekly(1)), "dtn://18904/~notice", bpv7::Kind::kNotice);
    CHECK(at.plans(kServer).empty());
    CHECK(at.world.stored(kServer) == 0);
    CHECK(at.refused(kServer, ErrorCode::kMalformed) == 2);
}

TEST_CASE("two plans with one number: the first stays, and it is said", "[node][visits]") {
    PlanWorld at;
    admin::VisitPlan other = weekly(1);
    other.visits[0].to_minute = 1'000;
    at.smuggle(kServer, encoded(weekly(1)));
    REQUIRE(at.number(kServer) == 1);
    at.smuggle(kServer, encoded(other));
    CHECK(at.refused(kServer, ErrorCode::kContradiction) == 1);
    CHECK(at.plans(kServer).at("18904").plan.visits[0].to_minute == 15 * 60);
    at.smuggle(kServer, encoded(weekly(1)));  // the same once more
    CHECK(at.world.stored(kServer) == 1);
}

TEST_CASE("an office that has forgotten its plan hears of it from others", "[node][visits]") {
    PlanWorld before;
    REQUIRE(before.publish(weekly()));
    REQUIRE(before.publish(weekly())->number == first_number() + 1);
    const store::BundleKey key = before.world.custody(kServer).inventory().entries().begin()->first;
    const auto wire = before.world.host(kServer).store().load(std::span{&key, 1}).front();
    REQUIRE(wire);
    PlanWorld at;
    at.bring(kLaptop, *wire);
    REQUIRE(at.number(kLaptop) == first_number() + 1);
    REQUIRE(at.number(kServer) == 0);
    at.contact(kServer, kLaptop);
    CHECK(at.number(kServer) == first_number() + 1);
    CHECK(at.publish(weekly())->number == first_number() + 2);
}

TEST_CASE("a damaged row is said, and the node starts without the plan", "[node][visits]") {
    NodeOptions options;
    options.node_id = *bpv7::Eid::parse("dtn://18904-ks07/");
    Node node{options};
    node.restore_state("visits/18904", Bytes{Buffer{1, 2, 3}});
    const auto errors = node.start({Instant{Duration{1}}, DtnTime{kWall_ms}});
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].code == ErrorCode::kCorrupt);
    CHECK(node.visit_plans().plans().empty());
}

}  // namespace tram::node::testing
