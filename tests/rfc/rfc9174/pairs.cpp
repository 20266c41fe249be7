// RFC 9174 with both ends ours: whole sessions over a connection that delivers in random pieces.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "proto/tcpcl/session.h"

namespace tram::rfc9174 {
namespace {

using tcpcl::Role;
using tcpcl::Session;
using tcpcl::SessionOptions;

/// One end: a session, what it got and what became of what it sent.
struct End {
    Session session;
    std::vector<std::string> received;
    std::set<std::uint64_t> acknowledged;
    std::map<std::uint64_t, tcpcl::RefuseReason> refused;
    bool established = false;
    int ended = 0;
    bool failed = false;
    std::string refuse_when;  ///< refuses bundles that begin with this

    End(Role role, const SessionOptions& options) : session{role, options, Instant{}} {}

    void drain() {
        while (auto event = session.poll_event()) {
            if (std::holds_alternative<tcpcl::event::Established>(*event)) established = true;
            if (const auto* got = std::get_if<tcpcl::event::Received>(&*event)) take(*got);
            if (const auto* ack = std::get_if<tcpcl::event::Acknowledged>(&*event)) {
                CHECK(acknowledged.insert(ack->transfer).second);
            }
            if (const auto* no = std::get_if<tcpcl::event::Refused>(&*event)) {
                CHECK(refused.emplace(no->transfer, no->reason).second);
            }
            if (const auto* end = std::get_if<tcpcl::event::Ended>(&*event)) {
                ++ended;
                failed = failed || end->failure.has_value();
            }
        }
    }

    void take(const tcpcl::event::Received& got) {
        const std::string content{as_text(got.bundle)};
        if (!refuse_when.empty() && content.starts_with(refuse_when)) {
            session.refuse_transfer(got.transfer, tcpcl::RefuseReason::kNotAcceptable);
            return;
        }
        received.push_back(content);
        session.accept_transfer(got.transfer);
    }
};

class Link {
  public:
    Link(const SessionOptions& active, const SessionOptions& passive, unsigned seed)
        : left{Role::kActive, active}, right{Role::kPassive, passive}, random_{seed} {}

    /// Moves bytes in random pieces until nothing moves any more.
    void run() {
        for (int guard = 0; guard < 1'000'000; ++guard) {
            const bool moved = move(left, right) | move(right, left);
            left.drain();
            right.drain();
            if (!moved) return;
        }
        FAIL("the two sessions talk for ever");
    }

    End left;
    End right;

  private:
    bool move(End& from, End& to) {
        const auto bytes = from.session.bytes_to_send();
        if (bytes.empty() || !to.session.wants_input()) return false;
        const auto count = 1 + random_() % std::min<std::size_t>(bytes.size(), 700);
        const Buffer piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        from.session.mark_sent(count);
        to.session.receive(piece, Instant{});
        return true;
    }

    std::mt19937 random_;
};

SessionOptions options(std::uint64_t segment_mru) {
    SessionOptions out;
    out.node_id = "dtn://some/";
    out.segment_mru = segment_mru;
    out.transfer_mru = 100'000;
    return out;
}

std::string content(char first, std::size_t index) {
    return std::string(1, first) + std::to_string(index) + std::string((index * 137) % 3'000, first);
}

void queue(End& end, char first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(end.session.send_transfer(Bytes::copy_of(as_bytes(content(first, i)))) == i);
    }
}

TEST_CASE("5.2: two sessions carry bundles in both directions, whatever the pieces", "[rfc9174][5.2]") {
    const auto seed = GENERATE(range(0U, 8U));
    Link link{options(100 + seed * 333), options(1'000), seed};
    link.run();
    REQUIRE(link.left.established);
    REQUIRE(link.right.established);
    queue(link.left, 'l', 60);
    queue(link.right, 'r', 40);
    link.run();
    REQUIRE(link.right.received.size() == 60);
    REQUIRE(link.left.received.size() == 40);
    for (std::size_t i = 0; i < 60; ++i)
        CHECK(link.right.received[i] == content('l', i));
    for (std::size_t i = 0; i < 40; ++i)
        CHECK(link.left.received[i] == content('r', i));
    CHECK(link.left.acknowledged.size() == 60);
    CHECK(link.right.acknowledged.size() == 40);
    CHECK(link.left.session.unsent_bytes() == 0);
}

TEST_CASE("5.2.4: refused and accepted transfers are told apart by their ids", "[rfc9174][5.2.4]") {
    const auto seed = GENERATE(range(0U, 4U));
    Link link{options(500), options(500), seed};
    link.right.refuse_when = "l1";
    link.run();
    queue(link.left, 'l', 30);
    link.run();
    for (std::size_t i = 0; i < 30; ++i) {
        CAPTURE(i);
        const bool no = content('l', i).starts_with("l1");
        CHECK(link.left.refused.contains(i) == no);
        CHECK(link.left.acknowledged.contains(i) == !no);
    }
}

TEST_CASE("6.1: SESS_TERM from one or both ends while transfers run loses nothing that was begun",
          "[rfc9174][6.1]") {
    const auto seed = GENERATE(range(0U, 6U));
    Link link{options(300), options(300), seed};
    link.run();
    queue(link.left, 'l', 20);
    queue(link.right, 'r', 20);
    const auto left_bytes = link.left.session.bytes_to_send().size();
    REQUIRE(left_bytes > 0);
    link.left.session.terminate(tcpcl::TermReason::kUnknown, Instant{});
    if (seed % 2 == 1) link.right.session.terminate(tcpcl::TermReason::kBusy, Instant{});
    link.run();
    CHECK(link.left.session.finished());
    CHECK(link.right.session.finished());
    link.left.session.connection_lost(Instant{});
    link.right.session.connection_lost(Instant{});
    link.run();
    CHECK(link.left.ended == 1);
    CHECK(link.right.ended == 1);
    CHECK_FALSE(link.left.failed);
    CHECK_FALSE(link.right.failed);
    CHECK(link.left.acknowledged.size() == link.right.received.size());
    CHECK(link.right.acknowledged.size() == link.left.received.size());
}

}  // namespace
}  // namespace tram::rfc9174
