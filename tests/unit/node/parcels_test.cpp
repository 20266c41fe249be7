#include <catch2/catch.hpp>

#include "daemon/node/neighbours.h"
#include "tests/unit/node/neighbours_pair.h"

namespace tram::node::testing {

namespace {

store::BundleRecord part(std::uint64_t n, std::uint64_t index, std::uint64_t count) {
    auto record = stored_record(n, "dtn://18904-x/", "dtn://18904-c/in", 1'000'000);
    record.chunk = store::ChunkRecord{{7}, index, count};
    return record;
}

Entry& insert(Inventory& inventory, store::BundleRecord record) {
    const auto destination = *bpv7::Eid::parse(record.destination);
    return inventory.insert(std::move(record), destination);
}

store::Tombstone grave(const Entry& entry, store::Ending ending) {
    store::Tombstone made;
    made.id = entry.record.id;
    made.ending = ending;
    made.ended_at_ms = 5;
    made.expires_at_ms = 1'000;
    made.source = entry.record.source;
    made.destination = entry.record.destination;
    made.chunk = entry.record.chunk;
    return made;
}

}  // namespace

TEST_CASE("parts of a message are one parcel, here and when they are gone", "[node][parcels]") {
    Inventory inventory{1 << 20};
    Entry& second = insert(inventory, part(1, 1, 3));
    Entry& first = insert(inventory, part(2, 0, 3));
    Entry& alone = insert(inventory, stored_record(3, "dtn://18904-x/", "dtn://18904-c/in", 1'000'000));
    REQUIRE(first.parcel == second.parcel);
    CHECK(alone.parcel != first.parcel);
    const Parcel& parcel = *first.parcel;
    CHECK(parcel.count == 3);
    CHECK(parcel.has(0));
    CHECK(parcel.has(1));
    CHECK_FALSE(parcel.has(2));
    CHECK(parcel.bytes == 1'800);
    const ParcelId id = parcel.id;

    inventory.bury(grave(first, store::Ending::kDelivered));
    inventory.erase(first.record.key);
    CHECK(parcel.was_here(0));
    CHECK_FALSE(parcel.has(0));
    inventory.bury(grave(second, store::Ending::kForwarded));
    const Bytes second_id = second.record.id;
    inventory.erase(second.record.key);
    REQUIRE(inventory.parcels().find(id) != nullptr);
    CHECK_FALSE(parcel.was_here(1));
    CHECK(parcel.bytes == 0);
    inventory.forget(second_id);
    REQUIRE(inventory.parcels().find(id) != nullptr);
    CHECK(inventory.forget_expired_tombstones(2'000).size() == 1);
    CHECK(inventory.parcels().find(id) == nullptr);
}

TEST_CASE("a receipt makes a parcel known that was never here", "[node][parcels]") {
    Parcels parcels;
    parcels.end({{7}, "dtn://18904-x/", "dtn://18904-c/"});
    const ParcelId id = parcel_id(store::ChunkRecord{{7}, 0, 3}, *bpv7::Eid::parse("dtn://18904-x/out"),
                                  *bpv7::Eid::parse("dtn://18904-c/in"), {});
    REQUIRE(parcels.find(id) != nullptr);
    CHECK(parcels.find(id)->ended == 1);
    parcels.unend({{7}, "dtn://18904-x/", "dtn://18904-c/"});
    CHECK(parcels.find(id) == nullptr);
}

TEST_CASE("a parcel is the same only from the same source to the same node", "[node][parcels]") {
    const auto id = [](const std::string& source, const std::string& destination) {
        return parcel_id(store::ChunkRecord{{7}, 0, 3}, *bpv7::Eid::parse(source),
                         *bpv7::Eid::parse(destination), {});
    };
    const ParcelId one = id("dtn://a/x", "dtn://b/in");
    CHECK(one == id("dtn://a/y", "dtn://b/other"));
    CHECK(one != id("dtn://c/x", "dtn://b/in"));
    CHECK(one != id("dtn://a/x", "dtn://c/in"));
    CHECK(one != id("dtn://a/x", "dtn://b/~in"));
    CHECK(id("dtn://a/x", "dtn://b/~in") != id("dtn://a/x", "dtn://b/~out"));
}

TEST_CASE("an outbox gives by class, cost, and part", "[node][outbox]") {
    Inventory inventory{1 << 20};
    Outbox outbox;
    using Copy = routing::Verdict::Copy;
    const auto add = [&](store::BundleRecord record, Copy copy, double gain, std::uint64_t lacking) {
        const Entry& entry = insert(inventory, std::move(record));
        outbox.add(order_of(entry.record, {copy, gain}, lacking), entry);
    };
    add(stored_record(1, "dtn://x/", "dtn://c/in", 9), Copy::kSurplus, 1, 10);
    add(stored_record(2, "dtn://x/", "dtn://c/in", 9), Copy::kUtility, 1, 10);
    add(stored_record(3, "dtn://x/", "dtn://c/in", 9), Copy::kUtility, 9, 10);
    add(part(4, 1, 2), Copy::kDirect, 0, 500);
    add(part(5, 0, 2), Copy::kDirect, 0, 500);
    add(stored_record(6, "dtn://x/", "dtn://c/in", 9), Copy::kDirect, 0, 400);
    auto receipt = stored_record(7, "dtn://x/", "dtn://c/in", 9);
    receipt.kind = static_cast<std::uint8_t>(bpv7::Kind::kReceipt);
    add(receipt, Copy::kSurplus, 1, 10'000);
    auto urgent = stored_record(8, "dtn://x/", "dtn://c/in", 9);
    urgent.urgency = 2;
    add(urgent, Copy::kSurplus, 1, 10'000);
    CHECK(outbox.bytes_before(Order{.tier = 6, .copy = 0}.klass()) == 5 * 900);
    std::vector<BundleKey> keys;
    while (const auto next = outbox.take())
        keys.push_back(next->key);
    CHECK(keys == std::vector<BundleKey>{8, 9, 7, 6, 5, 4, 3, 2});
    CHECK(outbox.bytes_before(Order::kClasses - 1) == 0);
}

TEST_CASE("the pace of a link is that of the last seconds", "[node][outbox]") {
    Pace pace;
    Instant now{Duration{50'000}};
    CHECK(pace.bytes_per_second(now) == 0);
    for (int i = 0; i < 30; ++i) {
        pace.count(10'000, now);
        now += Duration{100};
    }
    CHECK(pace.bytes_per_second(now) >= 90'000);
    CHECK(pace.bytes_per_second(now) <= 110'000);
    for (int i = 0; i < 10; ++i) {
        now += Duration{1'000};
        pace.count(10, now);
    }
    CHECK(pace.bytes_per_second(now) < 10'000);
    CHECK(pace.bytes_per_second(now + Duration{60'000}) == 0);
}

}  // namespace tram::node::testing
