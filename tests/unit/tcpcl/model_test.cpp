// Two sessions with random transfers, answers, limits, terminations and cuts, checked against a plain record
// of what either owner decided.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

/// What one side's owner knows.
struct Owner {
    std::map<TransferId, Bytes> sent;
    std::set<TransferId> acknowledged;
    std::map<TransferId, RefuseReason> refused;
    std::vector<TransferId> undecided;
    std::set<TransferId> accepted;              ///< of the peer's transfers
    std::map<TransferId, RefuseReason> denied;  ///< of the peer's transfers
    std::size_t events_seen = 0;
    std::optional<event::Ended> ended;
};

SessionOptions random_options(std::mt19937_64& random, std::string node) {
    auto o = options(std::move(node));
    o.segment_mru = 1 + random() % 3000;
    o.transfer_mru = 2000 + random() % 5000;
    o.segment_bytes_max = 1 + random() % 2000;
    o.output_bytes_max = 1 + random() % 4000;
    o.unacknowledged_max = 1 + random() % 8;
    return o;
}

class Model {
  public:
    explicit Model(std::uint64_t seed)
        : random_{seed}, pair_{random_options(random_, "dtn://a/"), random_options(random_, "dtn://b/")} {
        pair_.random.seed(seed + 1);
        pair_.chunk_bytes_max = 1 + random_() % 500;
        pair_.establish();
    }

    void run() {
        const bool cut = random_() % 3 == 0;
        const std::uint64_t steps = 200 + random_() % 400;
        for (std::uint64_t i = 0; i < steps; ++i)
            step();
        if (cut) {
            pair_.active.session.connection_lost(pair_.now);
            pair_.passive.session.connection_lost(pair_.now);
            note();
        } else {
            finish();
        }
        check(a_, b_, cut);
        check(b_, a_, cut);
    }

  private:
    void step() {
        const bool first = random_() % 2 == 0;
        Endpoint& end = first ? pair_.active : pair_.passive;
        Owner& owner = first ? a_ : b_;
        switch (random_() % 8) {
            case 0: {
                const Bytes bundle = pattern(random_() % 7000, static_cast<std::uint8_t>(random_()));
                if (const auto id = end.session.send_transfer(bundle)) {
                    REQUIRE(owner.sent.emplace(*id, bundle).second);
                }
                break;
            }
            case 1: decide(end, owner); break;
            case 2:
                if (random_() % 300 == 0) end.session.terminate(TermReason::kUnknown, pair_.now);
                break;
            default: move(first); break;
        }
        note();
    }

    void move(bool from_active) {
        Endpoint& from = from_active ? pair_.active : pair_.passive;
        Endpoint& to = from_active ? pair_.passive : pair_.active;
        if (to.session.wants_input()) pair_.move(from, to);
    }

    void decide(Endpoint& end, Owner& owner) {
        if (owner.undecided.empty()) return;
        const std::size_t at = random_() % owner.undecided.size();
        const TransferId id = owner.undecided[at];
        owner.undecided.erase(owner.undecided.begin() + static_cast<std::ptrdiff_t>(at));
        if (random_() % 4 == 0) {
            const auto reason = static_cast<RefuseReason>(random_() % 7);
            owner.denied.emplace(id, reason);
            end.session.refuse_transfer(id, reason);
        } else {
            owner.accepted.insert(id);
            end.session.accept_transfer(id);
        }
    }

    void finish() {
        pair_.active.session.terminate(TermReason::kUnknown, pair_.now);
        for (int i = 0; i < 200'000 && !(a_.ended && b_.ended); ++i) {
            move(random_() % 2 == 0);
            decide(pair_.active, a_);
            decide(pair_.passive, b_);
            note();
        }
        REQUIRE(a_.ended);
        REQUIRE(b_.ended);
        CHECK_FALSE(a_.ended->failure);
        CHECK_FALSE(b_.ended->failure);
    }

    void note() {
        note(pair_.active, a_, b_);
        note(pair_.passive, b_, a_);
    }

    void note(Endpoint& end, Owner& owner, const Owner& peer) {
        end.collect();
        for (; owner.events_seen < end.events.size(); ++owner.events_seen) {
            const SessionEvent& e = end.events[owner.events_seen];
            if (const auto* received = std::get_if<event::Received>(&e)) {
                REQUIRE(peer.sent.contains(received->transfer));
                CHECK(received->bundle == peer.sent.at(received->transfer));
                owner.undecided.push_back(received->transfer);
            } else if (const auto* acknowledged = std::get_if<event::Acknowledged>(&e)) {
                CHECK(owner.acknowledged.insert(acknowledged->transfer).second);
                CHECK(peer.accepted.contains(acknowledged->transfer));
            } else if (const auto* refused = std::get_if<event::Refused>(&e)) {
                CHECK(owner.refused.emplace(refused->transfer, refused->reason).second);
                CHECK_FALSE(peer.accepted.contains(refused->transfer));
            } else if (const auto* ended = std::get_if<event::Ended>(&e)) {
                CHECK_FALSE(owner.ended);
                owner.ended = *ended;
            } else {
                CHECK_FALSE(std::holds_alternative<event::Rejected>(e));
            }
        }
    }

    /// Acknowledged iff accepted; a cut may only lose answers, never invent them.
    static void check(const Owner& sender, const Owner& receiver, bool cut) {
        for (const TransferId id : sender.acknowledged)
            CHECK(receiver.accepted.contains(id));
        for (const auto& [id, reason] : sender.refused) {
            const auto denied = receiver.denied.find(id);
            CHECK((denied == receiver.denied.end() ? RefuseReason::kSessionTerminating : denied->second) ==
                  reason);
        }
        if (cut) return;
        for (const TransferId id : receiver.accepted)
            CHECK(sender.acknowledged.contains(id));
        for (const auto& [id, reason] : receiver.denied)
            CHECK(sender.refused.contains(id));
    }

    std::mt19937_64 random_;
    Pair pair_;
    Owner a_;
    Owner b_;
};

}  // namespace

TEST_CASE("a transfer is acknowledged if and only if the receiver accepted it", "[tcpcl][model]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        Model{seed}.run();
    }
}

}  // namespace tram::tcpcl::test
