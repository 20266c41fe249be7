// The fuzz bodies under the ordinary compiler: random bytes, and valid messages that were damaged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "proto/sync/messages.h"
#include "proto/sync/ranges.h"
#include "tests/fuzz/sync_fuzz.h"

namespace tram::sync::fuzz {

namespace {

Buffer random_bytes(std::mt19937_64& random, std::size_t bytes_max) {
    Buffer bytes(random() % (bytes_max + 1));
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
    return bytes;
}

Offered random_item(std::mt19937_64& random) {
    Offered item{.id = random(), .count = 1 + random() % 400, .bytes = random() % 1'000'000};
    item.copy = static_cast<std::uint8_t>(random() % 5);
    item.only = random() % 2 == 0;
    item.note = Bytes{random_bytes(random, kNoteBytesMax + 1)};
    if (random() % 2 == 0) return item;
    item.first = random() % item.count;
    for (std::uint64_t i = 0; i < 20; ++i)
        set_bit(item.parts, random() % item.count);
    return item;
}

Message random_message(std::mt19937_64& random) {
    switch (random() % 6) {
        case 0: {
            Hello hello{.clock_trusted = random() % 2 == 0};
            for (std::uint64_t i = random() % 5; i > 0; --i)
                hello.communes.push_back(std::to_string(random() % 100'000));
            hello.gossip = Bytes{random_bytes(random, 40)};
            return hello;
        }
        case 1: return Ranges{Bytes{random_bytes(random, 60)}};
        case 2: {
            Offer offer{random() % 9, {}};
            for (std::uint64_t i = random() % 6; i > 0; --i)
                offer.items.push_back(random_item(random));
            return offer;
        }
        case 3: {
            Want want{random() % 9, {}};
            for (std::uint64_t i = random() % 6; i > 0; --i)
                want.answers.push_back(
                    {static_cast<Answer::What>(random() % 6), random_bytes(random, random() % 2 * 9)});
            return want;
        }
        case 4: return Gossip{Bytes{random_bytes(random, 60)}};
        default: return RoomAgain{};
    }
}

Bytes random_ranges(std::mt19937_64& random) {
    std::vector<Range> ranges;
    Bound end{};
    const std::uint64_t count = 1 + random() % 5;
    for (std::uint64_t i = 0; i < count; ++i) {
        Range range;
        range.what = static_cast<Range::What>(random() % 4);
        end = i + 1 == count ? kEnd : Bound{end.time_ms + 1 + random() % 30'000, random() % 2 * random()};
        range.end = end;
        range.fingerprint = random();
        for (std::uint64_t id = random() % 9; id > 0; --id)
            range.ids.push_back(random());
        range.want = random_bytes(random, 12);
        ranges.push_back(std::move(range));
    }
    return encode_ranges(ranges);
}

void damage(Buffer& bytes, std::mt19937_64& random) {
    if (bytes.empty() || random() % 3 == 0) return;
    bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
}

}  // namespace

TEST_CASE("random input never breaks the sync", "[sync][fuzz]") {
    std::mt19937_64 random{9'171};
    for (int i = 0; i < 50'000; ++i) {
        const Buffer input = random_bytes(random, 200);
        run_message(input);
        run_reconciliation(input);
    }
    SUCCEED("no invariant was broken");
}

TEST_CASE("damaged messages never break the sync", "[sync][fuzz]") {
    std::mt19937_64 random{2'026};
    for (int i = 0; i < 50'000; ++i) {
        Buffer wire;
        append(wire, encode(random_message(random)));
        damage(wire, random);
        run_message(wire);
    }
    SUCCEED("no invariant was broken");
}

TEST_CASE("a damaged reconciliation never breaks the other side", "[sync][fuzz]") {
    std::mt19937_64 random{100'000};
    for (int i = 0; i < 20'000; ++i) {
        Buffer input;
        for (std::uint64_t m = 1 + random() % 4; m > 0; --m) {
            Buffer said;
            append(said, random_ranges(random));
            damage(said, random);
            input.push_back(static_cast<std::uint8_t>(said.size() >> 8U));
            input.push_back(static_cast<std::uint8_t>(said.size()));
            append(input, said);
        }
        run_reconciliation(input);
    }
    SUCCEED("no invariant was broken");
}

}  // namespace tram::sync::fuzz
