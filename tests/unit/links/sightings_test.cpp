#include "daemon/links/sightings.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>

#include "daemon/links/beacon_schedule.h"

using namespace tram;
using namespace tram::links;
using namespace std::chrono_literals;

namespace {

using News = Sightings::News;

Beacon beacon_of(const std::string& node_id, std::uint8_t instance = 1) {
    return {.node_id = node_id, .port = 4'556, .instance = {instance}, .root = std::nullopt};
}

Place at(const std::string& address, InterfaceIndex interface = 2, std::uint16_t port = 4'556) {
    return {boost::asio::ip::make_address(address), port, interface};
}

/// The table of dtn://m/, which hears others while time passes.
struct Hearing {
    News hear(const std::string& node_id, const Place& place, std::uint8_t instance = 1,
              bool callable = true) {
        return table.hear(beacon_of(node_id, instance), place, callable, now);
    }
    std::optional<Sightings::Call> call() { return table.take_call(0, now); }
    /// The node that is called now; empty: none.
    std::string called() {
        const auto taken = call();
        return taken ? taken->node_id : std::string{};
    }

    Instant now{1'000'000ms};
    Sightings table{{.own_id = "dtn://m/", .pause_min = 500ms, .pause_max = 60s}};
};

}  // namespace

TEST_CASE("the smaller id calls at once, the larger one when it was not called", "[links][discovery]") {
    Hearing hearing;
    CHECK(hearing.hear("dtn://z/", at("10.0.0.26")) == News::kNew);
    CHECK(hearing.called() == "dtn://z/");

    CHECK(hearing.hear("dtn://a/", at("10.0.0.1")) == News::kNew);
    CHECK(hearing.called().empty());
    hearing.now += Sightings::kYield - 1ms;
    CHECK(hearing.called().empty());
    CHECK(hearing.table.next_due(hearing.now) == hearing.now + 1ms);
    hearing.now += 1ms;
    CHECK(hearing.called() == "dtn://a/");
}

TEST_CASE("who cannot be called calls whatever the ids", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://a/", at("10.0.0.1"), 1, false);
    CHECK(hearing.called() == "dtn://a/");
    hearing.hear("dtn://z/", at("10.0.0.26", 2, 0));
    hearing.now += Sightings::kYield;
    CHECK(hearing.called().empty());
}

TEST_CASE("one session is enough, whoever called", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26"));
    hearing.table.session_up("dtn://z/");
    CHECK(hearing.called().empty());
    hearing.table.session_up("dtn://z/");
    hearing.table.session_down("dtn://z/", false, hearing.now);
    hearing.now += 1s;
    CHECK(hearing.called().empty());
    hearing.table.session_down("dtn://z/", false, hearing.now);
    CHECK(hearing.called().empty());
    hearing.now += 500ms;
    CHECK(hearing.called() == "dtn://z/");

    SECTION("and one that was there before the first beacon counts") {
        hearing.table.session_up("dtn://y/");
        hearing.hear("dtn://y/", at("10.0.0.25"));
        hearing.now += 5s;
        CHECK(hearing.called().empty());
    }
}

TEST_CASE("a node that cannot be reached is called at longer and longer pauses, at its other address",
          "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26"));
    hearing.hear("dtn://z/", at("fe80::1%2"));
    std::vector<std::string> places;
    std::vector<Instant> times;
    for (int i = 0; i < 5; ++i) {
        auto taken = hearing.call();
        while (!taken) {
            hearing.now = std::max(hearing.now + 1ms, *hearing.table.next_due(hearing.now));
            hearing.hear("dtn://z/", at("10.0.0.26"));
            taken = hearing.call();
        }
        CHECK(hearing.called().empty());  // one call at a time
        places.push_back(taken->place.address.to_string());
        times.push_back(hearing.now);
        hearing.table.call_failed(*taken, "nobody there", 0, hearing.now);
    }
    CHECK(places[0] == "10.0.0.26");
    CHECK(places[1].starts_with("fe80::1"));
    CHECK(places[2] == "10.0.0.26");
    CHECK(times[1] - times[0] == 500ms);
    CHECK(times[2] - times[1] == 1s);
    CHECK(times[4] - times[3] == 4s);
    CHECK(hearing.table.nodes().at("dtn://z/").last_error == "nobody there");

    SECTION("and soon when it has started anew") {
        hearing.now += 500ms;
        CHECK(hearing.hear("dtn://z/", at("10.0.0.26"), 2) == News::kRestarted);
        CHECK(hearing.called() == "dtn://z/");
    }
    SECTION("and soon when it has a new address") {
        hearing.now += 500ms;
        CHECK(hearing.hear("dtn://z/", at("10.0.0.99")) == News::kNew);
        CHECK(hearing.called() == "dtn://z/");
    }
    SECTION("but never without a pause, however often a beacon says so") {
        for (std::uint8_t i = 2; i < 100; ++i) {
            CHECK(hearing.hear("dtn://z/", at("10.0.0.26"), i) == News::kRestarted);
            CHECK(hearing.called().empty());
        }
    }
}

TEST_CASE("an interface that goes down takes its addresses along, and brings news when it is back",
          "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26", 2));
    hearing.table.lose(2);
    CHECK(hearing.called().empty());
    hearing.now += 10ms;
    CHECK(hearing.hear("dtn://z/", at("10.0.0.26", 2)) == News::kNew);
    CHECK(hearing.called() == "dtn://z/");
}

TEST_CASE("an interface that goes down leaves the addresses of others", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26", 2));
    hearing.hear("dtn://z/", at("10.0.1.26", 3));
    hearing.table.lose(2);
    const auto call = hearing.call();
    REQUIRE(call);
    CHECK(call->place.interface == 3);
}

TEST_CASE("a changed port takes the place of the old one", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26", 2, 1'000));
    hearing.hear("dtn://z/", at("10.0.0.26", 2, 2'000));
    CHECK(hearing.table.nodes().at("dtn://z/").places == std::vector{at("10.0.0.26", 2, 2'000)});
}

TEST_CASE("who is not heard any more is not called, and forgotten", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26"));
    hearing.now += Sightings::kFresh;
    CHECK(hearing.called().empty());
    CHECK(hearing.table.next_due(hearing.now) == hearing.now + Sightings::kForget - Sightings::kFresh);
    hearing.now += Sightings::kForget;
    hearing.table.forget_old(hearing.now);
    CHECK(hearing.table.nodes().empty());
    CHECK_FALSE(hearing.table.next_due(hearing.now));
}

TEST_CASE("forged beacons fill a bounded table and lead to a few calls a second", "[links][discovery]") {
    Hearing hearing;
    std::mt19937 random{5};
    hearing.hear("dtn://zz-good/", at("10.0.0.26"));
    const auto good = hearing.call();
    REQUIRE(good);
    hearing.table.session_up("dtn://zz-good/");
    hearing.table.call_done("dtn://zz-good/");
    std::size_t calls = 0;
    std::size_t noted = 0;
    std::vector<Sightings::Call> running;
    // 10,000 names a second, from all addresses of a network, for 20 seconds.
    for (int i = 0; i < 200'000; ++i) {
        const auto address = "10.0.0." + std::to_string(1 + random() % 254);
        noted += hearing.hear("dtn://z" + std::to_string(i) + "/", at(address)) == News::kNew ? 1 : 0;
        if (i % 10 == 0) hearing.now += 1ms;
        // Nobody answers: each call takes its three seconds.
        if (const auto call = hearing.table.take_call(static_cast<std::uint32_t>(random()), hearing.now)) {
            ++calls;
            running.push_back(*call);
            REQUIRE(running.size() <= Sightings::kStrangerCallsMax);
        }
        if (i % 30'000 == 29'999) {
            for (const auto& call : running)
                hearing.table.call_failed(call, "no answer", 0, hearing.now);
            running.clear();
        }
    }
    CHECK(hearing.table.nodes().size() <= Sightings::kNodesMax);
    CHECK(noted < 2'000);
    CHECK(calls <= 8 * 7);
    CHECK(hearing.table.nodes().contains("dtn://zz-good/"));
    hearing.table.session_down("dtn://zz-good/", false, hearing.now);
    hearing.now += 500ms;
    hearing.hear("dtn://zz-good/", at("10.0.0.26"));
    CHECK(hearing.called() == "dtn://zz-good/");
}

TEST_CASE("one address has a few node ids", "[links][discovery]") {
    Hearing hearing;
    std::size_t noted = 0;
    for (int i = 0; i < 100; ++i)
        noted += hearing.hear("dtn://z" + std::to_string(i) + "/", at("10.0.0.9")) == News::kNew ? 1 : 0;
    CHECK(noted == Sightings::kNodesPerAddressMax);
    CHECK(hearing.hear("dtn://other/", at("10.0.0.10")) == News::kNew);
}

TEST_CASE("a forged address does not push out the one that is called first", "[links][discovery]") {
    Hearing hearing;
    hearing.hear("dtn://z/", at("10.0.0.26"));
    for (int i = 100; i < 150; ++i)
        hearing.hear("dtn://z/", at("10.0.0." + std::to_string(i)));
    CHECK(hearing.table.nodes().at("dtn://z/").places.size() == Sightings::kPlacesMax);
    const auto call = hearing.call();
    REQUIRE(call);
    CHECK(call->place == at("10.0.0.26"));
}

TEST_CASE("a node with more addresses than are noted is not news with every beacon", "[links][discovery]") {
    Hearing hearing;
    std::size_t news = 0;
    for (int i = 0; i < 60; ++i) {
        const auto place = at("10.0." + std::to_string(i % 6) + ".1", static_cast<InterfaceIndex>(2 + i % 6));
        news += hearing.hear("dtn://z/", place) == News::kNothing ? 0 : 1;
    }
    CHECK(news == Sightings::kPlacesMax);
}

TEST_CASE("strangers are called one after the other", "[links][discovery]") {
    Hearing hearing;
    for (int i = 0; i < 3; ++i)
        hearing.hear("dtn://z" + std::to_string(i) + "/", at("10.0.0." + std::to_string(i + 1)));
    CHECK_FALSE(hearing.called().empty());
    CHECK(hearing.called().empty());
    CHECK(hearing.table.next_due(hearing.now) == hearing.now + Sightings::kStrangerGap);
    hearing.now += Sightings::kStrangerGap;
    CHECK_FALSE(hearing.called().empty());
}

TEST_CASE("whatever happens, the table says when to look again and never at once without a call",
          "[links][discovery]") {
    std::mt19937_64 random{GENERATE(1U, 2U, 3U, 4U)};
    const auto interface = [&] { return static_cast<InterfaceIndex>(2 + random() % 3); };
    Hearing hearing;
    std::vector<Sightings::Call> running;
    for (int step = 0; step < 20'000; ++step) {
        const auto node =
            "dtn://" + std::string{"acehnpsz"[random() % 8]} + std::to_string(random() % 40) + "/";
        switch (random() % 7) {
            case 0:
            case 1:
                hearing.hear(node, at("10.0.0." + std::to_string(random() % 9), interface()),
                             static_cast<std::uint8_t>(random() % 3), random() % 2 == 0);
                break;
            case 2: hearing.table.session_up(node); break;
            case 3: hearing.table.session_down(node, random() % 2 == 0, hearing.now); break;
            case 4:
                if (running.empty()) break;
                hearing.table.call_failed(running.back(), "no", static_cast<std::uint32_t>(random()),
                                          hearing.now);
                running.pop_back();
                break;
            case 5:
                if (random() % 50 == 0) hearing.table.lose(interface());
                hearing.table.forget_old(hearing.now);
                break;
            case 6: hearing.now += Duration{random() % 700}; break;
        }
        while (const auto call = hearing.table.take_call(static_cast<std::uint32_t>(random()), hearing.now))
            running.push_back(*call);
        hearing.table.forget_old(hearing.now);
        REQUIRE(running.size() <= Sightings::kStrangerCallsMax + Sightings::kProvedCallsMax);
        const auto due = hearing.table.next_due(hearing.now);
        REQUIRE((!due || *due > hearing.now));
    }
}

TEST_CASE("a schedule begins with a burst and goes on seldom", "[links][discovery]") {
    Instant now{5'000'000ms};
    BeaconSchedule schedule;
    schedule.restart(now);
    const Instant began = now;
    std::vector<Duration> sent;
    for (int i = 0; i < 10; ++i) {
        now = schedule.next();
        sent.push_back(now - began);
        schedule.sent(0, now);
    }
    CHECK(sent ==
          std::vector<Duration>{0ms, 100ms, 250ms, 600ms, 1200ms, 2500ms, 7500ms, 12500ms, 17500ms, 22500ms});
}

TEST_CASE("a schedule answers at once, and not often", "[links][discovery]") {
    Instant now{5'000'000ms};
    BeaconSchedule schedule;
    schedule.restart(now);
    for (int i = 0; i < 6; ++i) {
        now = schedule.next();
        schedule.sent(0, now);
    }
    now += 1s;
    schedule.answer(now);
    CHECK(schedule.next() == now);
    schedule.sent(0, now);
    std::size_t answers = 0;
    for (int i = 0; i < 100'000; ++i) {
        if (i % 10 == 0) now += 1ms;
        schedule.answer(now);
        if (schedule.next() > now) continue;
        ++answers;
        schedule.sent(0, now);
    }
    CHECK(answers == 20);
}
