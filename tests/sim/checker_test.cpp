#include "tests/sim/checker.h"

#include <catch2/catch.hpp>
#include <functional>

namespace tram::sim {
namespace {

/// One message of two chunks from node 0 to node 2, which lives for 1,000 s.
struct Fixture {
    Load load{{{.created_us = 0, .from = 0, .to = 2, .bytes = 100'000}}, {1'000, 1'000, 1'000}, 1'000};
    Catalogue catalogue{load.messages};
    Checker checker{catalogue, load};
    Fixture() {
        checker.became_durable(0, 1);
        checker.acknowledged_to_sender(1);
    }
};

TEST_CASE("the checker finds each breach, and only those", "[sim]") {
    using Act = std::function<void(Checker&)>;
    const auto [breach, act] = GENERATE(table<std::string, Act>({
        {"acknowledged it before it was durable", [](Checker& c) { c.acknowledged_to_peer(1, 1, false); }},
        {"queued before it was durable", [](Checker& c) { c.acknowledged_to_sender(0); }},
        {"lost", [](Checker& c) { c.was_erased(0, 1); }},
        {"holds 1001 bytes", [](Checker& c) { c.stores(1, 1'001); }},
        {"a second time",
         [](Checker& c) {
             c.taken_by_application(2, 0);
             c.delivered(2, 0);
             c.delivered(2, 0);
         }},
        {"handed out again",
         [](Checker& c) {
             c.taken_by_application(2, 0);
             c.delivered(2, 0);
             c.taken_by_application(2, 0);
         }},
        {"before its removal was durable",
         [](Checker& c) {
             c.became_durable(2, 1);
             c.taken_by_application(2, 0);
             c.delivered(2, 0);
         }},
        {"",
         [](Checker& c) {
             c.became_durable(1, 1);
             c.acknowledged_to_peer(1, 1, false);
             c.was_erased(0, 1);
             c.became_durable(2, 1);
             c.taken_by_application(2, 0);
             c.was_erased(2, 1);
             c.delivered(2, 0);
             c.was_erased(1, 1);
             c.stores(1, 1'000);
         }},
        {"before it was durable", [](Checker& c) { c.acknowledged_to_peer(1, 1, true); }},
        {"",
         [](Checker& c) {
             c.taken_by_application(2, 0);
             c.acknowledged_to_peer(1, 1, true);
         }},
        {"was not delivered",
         [](Checker& c) {
             c.became_durable(0, 0);
             c.acknowledged_to_sender(0);
             c.healed();
         }},
        {"", [](Checker& c) { c.healed(); }},
        {"",
         [](Checker& c) {
             c.at(1'000'000'000);
             c.was_erased(0, 1);
         }},
    }));
    Fixture fixture;
    act(fixture.checker);
    CHECK(fixture.checker.violation_count() == (breach.empty() ? 0 : 1));
    if (!breach.empty()) CHECK_THAT(fixture.checker.violations().front(), Catch::Contains(breach));
}

TEST_CASE("a bundle stands for the bytes of its chunk", "[sim]") {
    const Catalogue catalogue{{{.bytes = 100'000}, {.bytes = 10}}};
    REQUIRE(catalogue.chunk_count() == 3);
    CHECK(catalogue.message_of(2) == 1);
    const auto weight = [&](ChunkIndex chunk) {
        bpv7::Bundle bundle;
        bundle.blocks.push_back({bpv7::block_type::kPayload, bpv7::kPayloadBlockNumber, 0,
                                 bpv7::CrcType::kCrc32c, catalogue.payload(chunk)});
        return Catalogue::weigh(bundle, 112);
    };
    CHECK(weight(0) == 100 + 65'536);
    CHECK(weight(1) == 100 + 34'464);
    CHECK(weight(2) == 100 + 10);
    store::BundleRecord record;
    record.chunk = catalogue.class_of(1);
    CHECK(catalogue.chunk_in(record) == 1U);
    CHECK(catalogue.message_in(record.chunk->message_id) == 0U);
    record.chunk->index = 2;
    CHECK_FALSE(catalogue.chunk_in(record));
    CHECK_FALSE(catalogue.message_in(as_bytes("something else")));
}

}  // namespace
}  // namespace tram::sim
