#include "proto/sync/messages.h"

#include <catch2/catch.hpp>
#include <random>

namespace tram::sync {

namespace {

template <class T>
T again(const T& message) {
    const auto decoded = decode(encode(message));
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<T>(*decoded));
    return std::get<T>(*decoded);
}

Offer offer_of(const Offered& item) {
    return {1, {item}};
}

ErrorCode error_of(const Message& message) {
    const auto decoded = decode(encode(message));
    REQUIRE_FALSE(decoded);
    return decoded.error().code;
}

}  // namespace

TEST_CASE("every message of the sync comes back as it was", "[sync]") {
    Hello hello{{1, 2, 3}, {"18904", "00901"}, true, Bytes{Buffer{9, 8}}};
    const Hello heard = again(hello);
    CHECK(heard.nonce == hello.nonce);
    CHECK(heard.communes == hello.communes);
    CHECK(heard.clock_trusted);
    CHECK(heard.gossip == hello.gossip);
    CHECK(again(Ranges{Bytes{Buffer{1, 2}}}).wire == Bytes{Buffer{1, 2}});
    CHECK(again(Gossip{Bytes{Buffer{5}}}).said == Bytes{Buffer{5}});
    again(RoomAgain{});

    Offered some{.id = ~0ULL, .count = 300, .first = 17, .bytes = 1'000, .copy = 3, .only = true};
    set_bit(some.parts, 0);
    set_bit(some.parts, 9);
    some.note = Bytes{Buffer(kNoteBytesMax, 1)};
    const Offer offer = again(offer_of(some));
    REQUIRE(offer.items.size() == 1);
    const Offered& item = offer.items.front();
    CHECK(item.id == some.id);
    CHECK(item.count == 300);
    CHECK(item.part_indices() == std::vector<std::uint64_t>{17, 26});
    CHECK(item.part_count() == 2);
    CHECK(item.bytes == 1'000);
    CHECK(item.copy == 3);
    CHECK(item.only);
    CHECK(item.note == some.note);

    using What = Answer::What;
    const Want want = again(Want{7,
                                 {{What::kNo, {}},
                                  {What::kAll, {}},
                                  {What::kLater, {}},
                                  {What::kNever, {}},
                                  {What::kSome, {0x80}},
                                  {What::kPart, {0x40}}}});
    REQUIRE(want.answers.size() == 6);
    CHECK(want.number == 7);
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(static_cast<std::size_t>(want.answers[i].what) == i);
    CHECK(want.answers[4].parts == Buffer{0x80});
    CHECK(want.answers[5].parts == Buffer{0x40});
}

TEST_CASE("an offer names only parts that there can be", "[sync]") {
    CHECK(error_of(offer_of({.count = 0})) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.count = 5, .first = 5, .parts = {0x80}})) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.count = 5, .first = 1})) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.count = 5, .parts = {0x00}})) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.count = 5, .parts = {0x04}})) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.count = kOfferPartsMax + 1})) == ErrorCode::kMalformed);
    CHECK(decode(encode(offer_of({.count = 5, .parts = {0x08}}))));
    CHECK(decode(encode(offer_of({.count = ~0ULL, .first = ~0ULL - 9, .parts = {0x80}}))));
    CHECK(error_of(offer_of({.count = ~0ULL, .first = ~0ULL - 2, .parts = {0x10}})) == ErrorCode::kMalformed);
}

TEST_CASE("messages have bounds", "[sync]") {
    Hello hello;
    hello.communes.assign(kCommunesMax + 1, "x");
    CHECK(error_of(hello) == ErrorCode::kMalformed);
    hello.communes = {std::string(kCommuneBytesMax + 1, 'x')};
    CHECK(error_of(hello) == ErrorCode::kTooLarge);
    CHECK(error_of(Gossip{Bytes{Buffer(kGossipBytesMax + 1)}}) == ErrorCode::kTooLarge);
    Offer offer;
    offer.items.assign(kOfferItemsMax + 1, {});
    CHECK(error_of(offer) == ErrorCode::kMalformed);
    CHECK(error_of(offer_of({.note = Bytes{Buffer(kNoteBytesMax + 1)}})) == ErrorCode::kTooLarge);
    CHECK_FALSE(decode(Bytes{}));
}

TEST_CASE("random and altered bytes are taken or refused, and nothing else", "[sync]") {
    std::mt19937_64 random{5};
    Offered item{.id = 77, .count = 40, .bytes = 9};
    set_bit(item.parts, 3);
    const Bytes good = encode(offer_of(item));
    std::size_t refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        Buffer wire{good.view().begin(), good.view().end()};
        if (round % 2 == 0) wire.resize(random() % 40);
        for (std::size_t i = random() % 4 + 1; i > 0 && !wire.empty(); --i)
            wire[random() % wire.size()] = static_cast<std::uint8_t>(random());
        const auto decoded = decode(Bytes{wire});
        if (!decoded) {
            ++refused;
        } else if (const auto* offer = std::get_if<Offer>(&*decoded)) {
            for (const Offered& each : offer->items) {
                REQUIRE(each.part_count() > 0);
                REQUIRE(each.part_indices().back() < each.count);
            }
        }
    }
    CHECK(refused > 5'000);
}

}  // namespace tram::sync
