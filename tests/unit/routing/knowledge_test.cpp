#include "daemon/routing/knowledge.h"

#include <catch2/catch.hpp>
#include <random>

#include "daemon/routing/prophet.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"
#include "tests/unit/routing/support.h"

namespace tram::routing {

using namespace testing;

namespace {

std::vector<ContactSummary> some_contacts(std::size_t count) {
    std::vector<ContactSummary> contacts;
    for (std::size_t i = 0; i < count; ++i)
        contacts.push_back(
            {static_cast<Tag>(i + 10), static_cast<std::uint8_t>(i), 9, {{3, 200}, {40, 100}}});
    return contacts;
}

/// Says everything to each other; the bytes that this took.
std::size_t talk(Knowledge& a, Tag tag_a, Knowledge& b, Tag tag_b, double now_s) {
    std::size_t bytes = 0;
    const auto round = [&](Knowledge& from, Tag from_tag, Knowledge& to, Tag to_tag) {
        const Bytes have = from.have(to_tag);
        const auto records = to.hear(from_tag, have, now_s);
        REQUIRE(records);
        bytes += have.size() + records->size();
        if (records->empty()) return;
        const auto heard = from.hear(to_tag, *records, now_s);
        REQUIRE(heard);
        REQUIRE(to.hear(from_tag, *heard, now_s)->empty());
    };
    round(a, tag_a, b, tag_b);
    round(b, tag_b, a, tag_a);
    return bytes;
}

Bytes records(Tag first, std::size_t count, std::size_t contacts, std::uint32_t number) {
    cbor::Writer writer;
    writer.open_array(4);
    for (const std::uint64_t value : {1U, 1U, 1U})
        writer.write_unsigned(value);
    writer.open_array(count);
    for (std::size_t i = 0; i < count; ++i) {
        ContactRecord record{.origin = static_cast<Tag>(first + i), .number = number};
        record.contacts = some_contacts(contacts);
        record.encode(writer);
    }
    return Bytes{writer.take()};
}

std::size_t bytes_held(const Knowledge& knowledge) {
    std::size_t bytes = 0;
    for (const auto& [origin, held] : knowledge.held())
        bytes += held.bytes;
    return bytes;
}

}  // namespace

TEST_CASE("records travel from hand to hand, and only what is lacking", "[routing]") {
    Knowledge a{1, 7};
    Knowledge b{2, 7};
    Knowledge c{3, 7};
    a.set_own(some_contacts(20), 0, true, 0);
    b.set_own(some_contacts(5), 0, true, 0);
    c.set_own(some_contacts(5), 0, true, 0);
    talk(a, 1, b, 2, 10);
    talk(b, 2, c, 3, 20);
    REQUIRE(c.held().contains(1));
    CHECK(c.held().at(1).record == a.held().at(1).record);
    CHECK(talk(b, 2, c, 3, 30) < 80);
    a.set_own(some_contacts(3), 0, true, 40);
    talk(a, 1, b, 2, 50);
    CHECK(talk(b, 2, c, 3, 60) < 300);
    CHECK(c.held().at(1).record.contacts.size() == 3);
}

TEST_CASE("a peer that has lost everything is told all of it again", "[routing]") {
    Knowledge a{1, 7};
    a.set_own(some_contacts(20), 0, true, 0);
    Knowledge b{2, 7};
    talk(a, 1, b, 2, 10);
    Knowledge fresh{2, 7};
    talk(a, 1, fresh, 2, 20);
    CHECK(fresh.held().contains(1));
}

TEST_CASE("an old record is forgotten, and its age is passed on", "[routing]") {
    Knowledge a{1, 7};
    a.set_own(some_contacts(2), 0, true, 0);
    Knowledge b{2, 7};
    talk(a, 1, b, 2, 10);
    Knowledge c{3, 7};
    constexpr double kDay = 24 * 3600.0;
    talk(b, 2, c, 3, 20 * kDay);
    REQUIRE(c.held().contains(1));
    Knowledge d{4, 7};
    talk(c, 3, d, 4, 29 * kDay);
    CHECK_FALSE(d.held().contains(1));
}

TEST_CASE("whatever a peer says, memory is bounded and others' records stay", "[routing]") {
    Knowledge victim{1, 7};
    victim.set_own(some_contacts(20), 0, true, 0);
    REQUIRE(victim.hear(50, records(100, 20, 10, 1), 0));
    for (Tag i = 0; i < 300; ++i) {
        const auto said = records(100'000 + i * 60, 60, ContactRecord::kContactsMax, i + 1);
        if (said.size() > Router::kGossipBytesMax * 2) continue;
        (void)victim.hear(66, said, 1);
    }
    for (Tag i = 0; i < 60; ++i)
        REQUIRE(victim.hear(66, records(500'000 + i * 100, 100, 0, 1), 1));
    CHECK(victim.held().size() <= Knowledge::kRecordsMax);
    CHECK(bytes_held(victim) <= Knowledge::kBytesMax);
    for (Tag origin = 100; origin < 120; ++origin)
        CHECK(victim.held().contains(origin));
    CHECK(victim.held().contains(1));
}

TEST_CASE("nobody else's word about us counts, but ours goes on after it", "[routing]") {
    Knowledge self{100, 7};
    self.set_own(some_contacts(3), 0, true, 0);
    REQUIRE(self.hear(66, records(100, 1, 40, 9), 0));
    CHECK(self.held().at(100).record.contacts.size() == 3);
    self.set_own(some_contacts(3), 0, false, 10);
    CHECK(self.held().at(100).record.number == 10);
}

TEST_CASE("nonsense is refused and changes nothing", "[routing]") {
    const auto seed = GENERATE(range(1, 6));
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    Knowledge knowledge{1, 7};
    const auto prophet = make_prophet(eid("a"));
    const Bytes good = records(100, 3, 4, 1);
    for (int i = 0; i < 3'000; ++i) {
        Buffer bytes(good.view().begin(), good.view().end());
        for (std::size_t change = 0; change < 1 + random() % 3; ++change)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        if (random() % 3 == 0) bytes.resize(random() % bytes.size());
        const auto answer = knowledge.hear(66, bytes, 0);
        if (!answer) {
            const ErrorCode code = answer.error().code;
            const bool expected = code == ErrorCode::kMalformed || code == ErrorCode::kTruncated ||
                                  code == ErrorCode::kTooLarge || code == ErrorCode::kUnsupportedVersion;
            REQUIRE(expected);
        }
        (void)prophet->hear(eid("b"), bytes, at(0));
    }
    CHECK(bytes_held(knowledge) <= Knowledge::kBytesMax);
}

}  // namespace tram::routing
