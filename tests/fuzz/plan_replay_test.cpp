// The fuzz body under the ordinary compiler: random bytes, and plans and plan files that were damaged.
#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>
#include <random>
#include <string>

#include "daemon/visits/plan_file.h"
#include "proto/admin/message.h"
#include "tests/fuzz/plan_fuzz.h"

namespace tram::fuzz {

namespace {

namespace pb = admin::pb;

/// A plan whose fields were drawn: good ones, and ones just outside of what is good.
std::string drawn_plan(std::mt19937_64& random) {
    const auto below = [&](std::uint64_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    const auto seldom = [&](std::uint32_t odd, std::uint32_t usual) { return below(40) == 0 ? odd : usual; };
    pb::Message message;
    admin::stamp(message);
    message.mutable_head()->set_kind(pb::KIND_PLAN);
    message.mutable_head()->set_title("Lịch");
    pb::VisitPlan& plan = *message.mutable_plan();
    plan.set_from("xa:18904");
    plan.set_number(1);
    plan.set_first_day(20'000);
    plan.set_last_day(20'000 + static_cast<std::int32_t>(seldom(INT32_MAX - 20'000, below(366))));
    const std::uint32_t nodes = 2 + below(6);
    for (std::uint32_t i = 0; i < nodes; ++i)
        plan.add_nodes("18904-k" + std::to_string(i));
    for (std::uint32_t i = 0; i < nodes; ++i) {
        pb::Visit& visit = *plan.add_visits();
        visit.set_visitor(i);
        visit.set_host(seldom(UINT32_MAX, (i + 1) % nodes));
        visit.set_first_day(20'000 + static_cast<std::int32_t>(seldom(below(400), 0)));
        visit.set_every_weeks(seldom(UINT32_MAX, below(53)));
        visit.set_from_minute(seldom(1'440, below(1'440)));
        visit.set_to_minute(visit.from_minute() + seldom(1'441, 1 + below(1'440)));
        visit.set_probability(seldom(1'001, 1 + below(1'000)));
        visit.set_note(below(4) == 0 ? "ghi chú" : "");
    }
    return message.SerializeAsString();
}

void damage(std::string& bytes, std::mt19937_64& random) {
    for (std::uint64_t k = 1 + random() % 3; k > 0 && !bytes.empty(); --k)
        bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
}

}  // namespace

TEST_CASE("random input is no plan", "[visits][fuzz]") {
    google::protobuf::SetLogHandler(nullptr);  // it says each time that a text is no UTF-8
    std::mt19937_64 random{1};
    for (int i = 0; i < 5'000; ++i) {
        std::string input(random() % 300, '\0');
        for (char& each : input)
            each = static_cast<char>(random());
        plan_decode(as_bytes(input));
        plan_file_read(input);
    }
    SUCCEED("no invariant was broken");
}

TEST_CASE("drawn and damaged plans never break anything", "[visits][fuzz]") {
    google::protobuf::SetLogHandler(nullptr);
    std::mt19937_64 random{2};
    for (int i = 0; i < 3'000; ++i) {
        std::string wire = drawn_plan(random);
        plan_decode(as_bytes(wire));
        damage(wire, random);
        plan_decode(as_bytes(wire));
    }
    SUCCEED("no invariant was broken");
}

TEST_CASE("damaged plan files never break anything", "[visits][fuzz]") {
    std::mt19937_64 random{3};
    for (int i = 0; i < 1'000; ++i) {
        std::string text{visits::sample_plan()};
        damage(text, random);
        plan_file_read(text);
    }
    SUCCEED("no invariant was broken");
}

}  // namespace tram::fuzz
