// One side of the sync against a peer that says whatever it likes.
#include <catch2/catch.hpp>
#include <random>

#include "daemon/node/node.h"
#include "proto/bpv7/codec.h"
#include "proto/sync/messages.h"

namespace tram::node::testing {

namespace {

constexpr LinkId kLink = 1;
const std::string kPeer = "dtn://18904-b/";

class Victim {
  public:
    explicit Victim(std::uint64_t quota_bytes = 20ULL << 30) : node_{options(quota_bytes)} {
        node_.start(now_);
        node_.step(input::PeerUp{.link = kLink,
                                 .peer = *bpv7::Eid::parse(kPeer),
                                 .transfer_mru = 1 << 20,
                                 .address = "x",
                                 .syncs = true},
                   now_);
        settle();
    }

    /// Whether it was taken.
    bool say(const Bytes& payload, const std::string& from = kPeer) {
        bpv7::Bundle bundle;
        bundle.primary.source = *bpv7::Eid::parse(from);
        bundle.primary.destination = *bpv7::Eid::parse("dtn://18904-a/tram/sync");
        bundle.primary.timestamp = {DtnTime{849'999'999'000}, ++sequence_};
        bundle.primary.lifetime_ms = 600'000;
        bundle.blocks.push_back(
            {bpv7::block_type::kPayload, bpv7::kPayloadBlockNumber, 0, bpv7::CrcType::kCrc32c, payload});
        refused_ = false;
        node_.step(input::Arrived{kLink, ++transfer_, bpv7::encode(bundle)}, now_);
        settle();
        return !refused_;
    }
    bool say(const sync::Message& message) { return say(sync::encode(message)); }
    bool greet() { return say(sync::Hello{{1}, {"18904"}, true, {}}); }

    Node& node() { return node_; }
    std::vector<sync::Message> said;

  private:
    static NodeOptions options(std::uint64_t quota_bytes) {
        NodeOptions made;
        made.node_id = *bpv7::Eid::parse("dtn://18904-a/");
        made.quota_bytes = quota_bytes;
        return made;
    }
    void settle() {
        for (auto effects = node_.take_effects(); !effects.empty(); effects = node_.take_effects()) {
            for (Effect& effect : effects) {
                if (const auto* persist = std::get_if<effect::Persist>(&effect))
                    node_.step(input::Persisted{persist->ticket}, now_);
                if (std::holds_alternative<effect::Refuse>(effect)) refused_ = true;
                const auto* transmit = std::get_if<effect::Transmit>(&effect);
                if (transmit == nullptr || transmit->key != kSyncMessage) continue;
                const auto bundle = bpv7::decode(transmit->wire);
                said.push_back(*sync::decode(bundle->bundle.payload()));
            }
        }
    }

    Node node_;
    Now now_{Instant{Duration{1'000'000}}, DtnTime{850'000'000'000}};
    TransferId transfer_ = 0;
    std::uint64_t sequence_ = 0;
    bool refused_ = false;
};

sync::Answer::What answer_in(const Victim& victim) {
    const auto* want = std::get_if<sync::Want>(&victim.said.back());
    REQUIRE(want != nullptr);
    REQUIRE(want->answers.size() == 1);
    return want->answers.front().what;
}

}  // namespace

TEST_CASE("a peer is heard only after its hello, once, and as itself", "[node][sync]") {
    Victim victim;
    CHECK_FALSE(victim.say(sync::RoomAgain{}));
    CHECK_FALSE(victim.say(sync::encode(sync::Hello{}), "dtn://18904-c/"));
    CHECK(victim.greet());
    CHECK_FALSE(victim.greet());
    CHECK(victim.say(sync::RoomAgain{}));
    CHECK(victim.node().custody().inventory().entries().empty());
}

TEST_CASE("who talks nonsense is not heard any more", "[node][sync]") {
    Victim victim;
    REQUIRE(victim.greet());
    const auto before = victim.said.size();
    for (std::uint32_t i = 0; i < Sync::kMistakesMax; ++i)
        CHECK_FALSE(victim.say(Bytes{Buffer{0xff, static_cast<std::uint8_t>(i)}}));
    CHECK_FALSE(victim.say(sync::Offer{1, {{.id = 1, .bytes = 10}}}));
    CHECK(victim.said.size() == before);
}

TEST_CASE("answers to offers that were not made are refused", "[node][sync]") {
    Victim victim;
    REQUIRE(victim.greet());
    CHECK_FALSE(victim.say(sync::Want{1, {}}));
    CHECK_FALSE(victim.say(sync::Want{~0ULL, {{}}}));
}

TEST_CASE("what is promised to a peer has bounds", "[node][sync]") {
    Victim victim{1ULL << 30};
    REQUIRE(victim.greet());
    REQUIRE(victim.say(sync::Offer{1, {{.id = 1, .bytes = 2ULL << 30, .copy = 2}}}));
    CHECK(answer_in(victim) == sync::Answer::What::kLater);
    REQUIRE(victim.say(sync::Offer{2, {{.id = 2, .bytes = 400ULL << 20, .copy = 2}}}));
    CHECK(answer_in(victim) == sync::Answer::What::kAll);
    REQUIRE(victim.say(sync::Offer{3, {{.id = 3, .bytes = 400ULL << 20, .copy = 2}}}));
    CHECK(answer_in(victim) == sync::Answer::What::kAll);
    REQUIRE(victim.say(sync::Offer{4, {{.id = 4, .bytes = 400ULL << 20, .copy = 2}}}));
    CHECK(answer_in(victim) == sync::Answer::What::kLater);
    REQUIRE(victim.say(sync::Offer{5, {{.id = 5, .bytes = ~0ULL, .copy = 1}}}));
    CHECK(answer_in(victim) == sync::Answer::What::kLater);
}

TEST_CASE("a peer that offers for ever is answered and leaves nothing behind", "[node][sync]") {
    Victim victim;
    REQUIRE(victim.greet());
    std::size_t wanted = 0;
    for (std::uint64_t number = 0; number < 100; ++number) {
        sync::Offer offer{number, {}};
        for (std::uint64_t i = 0; i < sync::kOfferItemsMax; ++i)
            offer.items.push_back({.id = number * 1'000 + i, .bytes = 1, .copy = 2});
        REQUIRE(victim.say(offer));
        for (const sync::Answer& answer : std::get<sync::Want>(victim.said.back()).answers)
            wanted += answer.what == sync::Answer::What::kAll ? 1 : 0;
    }
    CHECK(wanted == 4'096);
    CHECK(victim.node().custody().inventory().parcels().all().empty());
}

TEST_CASE("a reconciliation that never ends does not hold up offers", "[node][sync]") {
    Victim victim;
    Submission letter;
    letter.destination = *bpv7::Eid::parse("dtn://18904-c/in");
    letter.payload = Bytes{Buffer(10)};
    victim.node().step(input::Submit{1, letter}, {Instant{Duration{1'000'000}}, DtnTime{850'000'000'000}});
    REQUIRE(victim.greet());
    const auto is_offer = [](const sync::Message& message) {
        return std::holds_alternative<sync::Offer>(message);
    };
    CHECK(std::ranges::none_of(victim.said, is_offer));
    bool over = false;
    for (int i = 0; i < 2'000 && !over; ++i) {
        // A fingerprint that never matches.
        const sync::Range all{
            sync::Range::What::kFingerprint, sync::kEnd, static_cast<std::uint64_t>(i) + 1, {}, {}};
        over = !victim.say(sync::Ranges{sync::encode_ranges({all})}) ||
               std::ranges::any_of(victim.said, is_offer);
    }
    CHECK(over);
    victim.say(sync::RoomAgain{});
    CHECK(std::ranges::any_of(victim.said, is_offer));
}

}  // namespace tram::node::testing
