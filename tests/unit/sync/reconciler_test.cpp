// Two sides find out what they do not both hold: everything, and cheaply; and one that says anything.
#include "proto/sync/reconciler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <random>

namespace tram::sync {

namespace {

constexpr std::uint64_t kFrom_ms = 1'795'000'000'000;
constexpr std::uint64_t kSeason_ms = 120ULL * 24 * 3600 * 1000;

std::vector<Item> draw(std::mt19937_64& chance, std::size_t count) {
    std::vector<Item> items;
    for (std::size_t i = 0; i < count; ++i)
        items.push_back({kFrom_ms + chance() % kSeason_ms, chance()});
    return items;
}

struct Talk {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    bool good = true;
    std::vector<Item> b_lacks;
    std::vector<Item> a_lacks;
};

std::vector<Item> named(const ItemSet& set, const Reconciler& side) {
    std::vector<Item> items;
    for (const std::size_t index : side.lacking())
        items.push_back(set.at(index));
    std::ranges::sort(items);
    CHECK(std::ranges::adjacent_find(items) == items.end());
    return items;
}

Talk talk(const ItemSet& a, const ItemSet& b) {
    Reconciler first{a};
    Reconciler second{b};
    Talk result;
    std::optional<Bytes> message = first.begin();
    bool to_second = true;
    while (message && result.good) {
        ++result.messages;
        result.bytes += message->size();
        REQUIRE(message->size() <= kMessageBytesMax);
        auto answer = (to_second ? second : first).receive(*message);
        result.good = answer.has_value();
        if (result.good) message = std::move(*answer);
        to_second = !to_second;
    }
    result.b_lacks = named(a, first);
    result.a_lacks = named(b, second);
    return result;
}

/// Items in `of` that are not in `without`, in order.
std::vector<Item> difference(std::vector<Item> of, std::vector<Item> without) {
    std::ranges::sort(of);
    std::ranges::sort(without);
    std::vector<Item> left;
    std::ranges::set_difference(of, without, std::back_inserter(left));
    return left;
}

Talk reconcile(const std::vector<Item>& a, const std::vector<Item>& b) {
    const Talk result = talk(ItemSet{a}, ItemSet{b});
    REQUIRE(result.good);
    CHECK(result.b_lacks == difference(a, b));
    CHECK(result.a_lacks == difference(b, a));
    return result;
}

}  // namespace

TEST_CASE("sides that hold the same need one message, and an empty side two", "[sync]") {
    std::mt19937_64 chance{1};
    const auto items = draw(chance, GENERATE(0, 1, 16, 17, 1'000));
    const Talk same = reconcile(items, items);
    CHECK(same.messages <= 2);
    CHECK(reconcile(items, {}).messages <= 6);
    CHECK(reconcile({}, items).messages <= 6);
}

TEST_CASE("whatever two sides hold, both learn what the other lacks", "[sync]") {
    std::mt19937_64 chance{GENERATE(range(1, 120))};
    const std::size_t common = chance() % 3'000;
    auto a = draw(chance, common);
    // Many bundles without a clock have the time 0, and some share a moment.
    for (Item& item : a) {
        if (chance() % 4 == 0) item.time_ms = 0;
        if (chance() % 4 == 0) item.time_ms = kFrom_ms;
    }
    auto b = a;
    for (const Item& item : draw(chance, chance() % 400))
        a.push_back(item);
    for (const Item& item : draw(chance, chance() % 400))
        b.push_back(item);
    reconcile(a, b);
}

TEST_CASE("sides with nothing in common come to an end", "[sync]") {
    std::mt19937_64 chance{3};
    const auto a = draw(chance, 100'000);
    const auto b = draw(chance, 100'000);
    const Talk result = reconcile(a, b);
    CHECK(result.messages <= Reconciler::kMessagesMax);
    INFO(result.bytes);
    CHECK(result.bytes < 4U << 20);
}

TEST_CASE("at 100,000 held and 100 differences: below 50 kB in at most 6 messages", "[sync]") {
    std::mt19937_64 chance{GENERATE(1, 2)};
    auto a = draw(chance, 100'000);
    auto b = a;
    // Differences anywhere, on both sides.
    for (int i = 0; i < 50; ++i) {
        std::swap(a[chance() % a.size()], a.back());
        a.pop_back();
        std::swap(b[chance() % b.size()], b.back());
        b.pop_back();
    }
    const Talk result = reconcile(a, b);
    INFO(result.bytes << " bytes");
    CHECK(result.bytes < 50'000);
    CHECK(result.messages <= 6);
}

TEST_CASE("at 1,000,000 held and 100 new: below 200 kB", "[sync]") {
    std::mt19937_64 chance{11};
    auto a = draw(chance, 1'000'000);
    const ItemSet old{a};
    for (const Item& item : draw(chance, 100))
        a.push_back(item);
    const Talk result = talk(ItemSet{std::move(a)}, old);
    CHECK(result.b_lacks.size() == 100);
    CHECK(result.a_lacks.empty());
    INFO(result.bytes << " bytes");
    CHECK(result.bytes < 200'000);
    CHECK(result.messages <= 6);
}

TEST_CASE("a side that answers nonsense changes nothing", "[sync]") {
    std::mt19937_64 chance{GENERATE(range(1, 60))};
    const ItemSet items{draw(chance, 2'000)};
    const ItemSet others{draw(chance, 2'000)};
    Reconciler first{items};
    Reconciler second{others};
    auto answer = second.receive(first.begin());
    REQUIRE(answer);
    Buffer wire((*answer)->view().begin(), (*answer)->view().end());
    for (int i = 0; i < 20; ++i)
        wire[chance() % wire.size()] = static_cast<std::uint8_t>(chance());
    const auto outcome = first.receive(wire);
    if (!outcome) {
        CHECK(first.is_over());
        CHECK_FALSE(first.receive(wire).value());
    }
    // It may be made to believe that something is lacking, but of what it has, and once.
    CHECK(named(items, first).size() <= items.size());
}

TEST_CASE("a want for what was never listed is refused", "[sync]") {
    std::mt19937_64 chance{5};
    const ItemSet items{draw(chance, 1'000)};
    Reconciler side{items};
    (void)side.begin();
    const auto outcome =
        side.receive(encode_ranges({{.what = Range::What::kWant, .end = kEnd, .want = Buffer(125, 0xff)}}));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::kMalformed);
    CHECK(side.lacking().empty());
}

TEST_CASE("a side that asks for ever is left alone after a bounded number of messages", "[sync]") {
    std::mt19937_64 chance{6};
    const ItemSet items{draw(chance, 5'000)};
    Reconciler side{items};
    std::size_t answered = 0;
    Result<std::optional<Bytes>> answer = std::optional<Bytes>{};
    for (std::size_t i = 0; i < 10 * Reconciler::kMessagesMax; ++i) {
        answer = side.receive(
            encode_ranges({{.what = Range::What::kFingerprint, .end = kEnd, .fingerprint = chance()}}));
        if (!answer || !*answer) break;
        ++answered;
    }
    CHECK(answered <= Reconciler::kMessagesMax / 2 + 1);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::kTooLarge);
}

}  // namespace tram::sync
