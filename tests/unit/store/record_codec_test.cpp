#include "store/record_codec.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/store/store_samples.h"

using namespace tram::store;

namespace {

class RandomRecords {
  public:
    explicit RandomRecords(std::uint64_t seed) : random_{seed} {}

    // Small, large and extreme numbers, for all lengths of a varint.
    std::uint64_t number() { return random_() >> (random_() % 64); }
    bool coin() { return (random_() & 1) != 0; }
    std::string text() {
        std::string text(random_() % 40, ' ');
        for (char& c : text)
            c = static_cast<char>('!' + random_() % 90);
        return text;
    }
    HopRecord hop() { return {text(), number()}; }

    ChunkRecord chunk() {
        ChunkRecord c;
        for (std::uint8_t& byte : c.message_id)
            byte = static_cast<std::uint8_t>(random_());
        c.count = std::max<std::uint64_t>(number(), 1);
        c.index = random_() % c.count;
        return c;
    }

    std::shared_ptr<const EndedMessage> ended() {
        if (coin()) return nullptr;
        return std::make_shared<const EndedMessage>(EndedMessage{chunk().message_id, text(), text()});
    }

    BundleRecord record() {
        BundleRecord r;
        r.key = number();
        r.id = test::sample_bytes(random_() % 60, static_cast<unsigned>(number()));
        r.destination = text();
        r.source = text();
        r.report_to = text();
        for (auto* field :
             {&r.flags, &r.creation_time_ms, &r.sequence, &r.lifetime_ms, &r.adu_length, &r.payload_length,
              &r.wire_length, &r.age_ms, &r.stored_at_ms, &r.expires_at_ms}) {
            *field = number();
        }
        if (coin()) r.fragment_offset = coin() ? number() : 0;
        r.urgency = static_cast<std::uint8_t>(random_());
        r.kind = static_cast<std::uint8_t>(random_());
        for (auto* flag : {&r.held, &r.local, &r.deliver_here, &r.forward, &r.awaits_receipt})
            *flag = coin();
        if (coin()) r.hop_count = number();
        if (coin()) r.chunk = chunk();
        r.ends = ended();
        if (coin()) r.received_from = hop();
        for (auto count = random_() % 5; count > 0; --count)
            r.forwarded_to.push_back(hop());
        return r;
    }

    Tombstone tombstone() {
        Tombstone t;
        t.id = test::sample_bytes(random_() % 60, static_cast<unsigned>(number()));
        t.ending = static_cast<Ending>(1 + random_() % 8);
        t.ended_at_ms = number();
        t.expires_at_ms = number();
        t.destination = text();
        if (coin()) t.hop_count = number();
        if (coin()) t.received_from = hop();
        if (coin()) t.last_hop = hop();
        t.ends = ended();
        while (coin())
            t.forwarded_to.push_back(hop());
        return t;
    }

  private:
    std::mt19937_64 random_;
};

std::string key_of(const BundleRecord& record) {
    const KeyBytes key = encode_key(record.key);
    return {key.data(), key.size()};
}

}  // namespace

TEST_CASE("bundle records come back from their rows as they were", "[store][codec]") {
    RandomRecords random{20'251};
    std::string value;
    for (int i = 0; i < 2'000; ++i) {
        const BundleRecord record = random.record();
        encode_bundle(record, value);
        const auto back = decode_bundle(key_of(record), value);
        REQUIRE(back.has_value());
        REQUIRE(test::same(*back, record));
    }
}

TEST_CASE("a part of a message that cannot be is corrupt", "[store][codec]") {
    BundleRecord record = test::sample_record(3);
    record.chunk = GENERATE(ChunkRecord{{}, 1, 1}, ChunkRecord{{}, 0, 0}, ChunkRecord{{}, 8, 7});
    std::string value;
    encode_bundle(record, value);
    const auto back = decode_bundle(key_of(record), value);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().code == tram::ErrorCode::kCorrupt);
}

TEST_CASE("tombstones come back from their rows as they were", "[store][codec]") {
    RandomRecords random{20'252};
    std::string value;
    for (int i = 0; i < 2'000; ++i) {
        const Tombstone tombstone = random.tombstone();
        encode_tombstone(tombstone, value);
        const auto back = decode_tombstone(tram::as_text(tombstone.id.view()), value);
        REQUIRE(back.has_value());
        REQUIRE(test::same(*back, tombstone));
    }
}

TEST_CASE("keys order rows by number", "[store][codec]") {
    const std::vector<BundleKey> ascending{0, 1, 255, 256, 65'535, 1ULL << 32, ~0ULL};
    std::string before;
    for (const BundleKey key : ascending) {
        const KeyBytes bytes = encode_key(key);
        const std::string text{bytes.data(), bytes.size()};
        CHECK(decode_key(text) == key);
        CHECK(before < text);
        before = text;
    }
    CHECK(decode_key("short").error().code == tram::ErrorCode::kCorrupt);
}

TEST_CASE("every flipped bit of a row is found", "[store][codec]") {
    const BundleRecord record = test::sample_record(77);
    std::string value;
    encode_bundle(record, value);
    for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
        std::string damaged = value;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto row = decode_bundle(key_of(record), damaged);
        REQUIRE_FALSE(row.has_value());
        REQUIRE(row.error().code == tram::ErrorCode::kCorrupt);
    }
}

TEST_CASE("a row under another key, or cut short, is found", "[store][codec]") {
    const BundleRecord record = test::sample_record(77);
    std::string value;
    encode_bundle(record, value);
    CHECK_FALSE(decode_bundle(key_of(test::sample_record(78)), value).has_value());
    for (std::size_t size = 0; size < value.size(); ++size) {
        CHECK_FALSE(decode_bundle(key_of(record), value.substr(0, size)).has_value());
    }
}

TEST_CASE("a row with a valid seal and contents that are no record is refused", "[store][codec]") {
    const std::string key = key_of(test::sample_record(1));
    std::string value;
    encode_plain(key, "\xff\xff\xff", value);
    CHECK(decode_bundle(key, value).error().code == tram::ErrorCode::kCorrupt);
    encode_plain(key, "", value);  // ending 0
    CHECK(decode_tombstone(key, value).error().code == tram::ErrorCode::kCorrupt);
}
