#include <catch2/catch.hpp>

#include "daemon/node/node.h"
#include "tests/unit/node/mesh.h"

namespace tram::node::testing {

namespace {

NodeOptions alone() {
    NodeOptions options;
    options.node_id = *bpv7::Eid::parse("dtn://kiosk/");
    options.router = RouterKind::kDirect;
    return options;
}

const std::map<BundleKey, Entry>& entries(Mesh& mesh) {
    return mesh.host(0).node().custody().inventory().entries();
}

}  // namespace

TEST_CASE("sequence numbers and keys never repeat through crashes", "[node]") {
    Mesh mesh{{alone()}, 1};
    std::set<std::uint64_t> sequences;
    BundleKey last_key = 0;
    for (int life = 0; life < 5; ++life) {
        mesh.submit(0, "dtn://srv/in");
        mesh.host(0).sync();
        const auto& record = entries(mesh).rbegin()->second.record;
        CHECK(sequences.insert(record.sequence).second);
        CHECK(record.key > last_key);
        last_key = record.key;
        mesh.submit(0,
                    "dtn://srv/in");  // not durable: its numbers may be lost, never reused for a durable one
        mesh.crash(0);
    }
    CHECK(entries(mesh).size() == 5);
}

TEST_CASE("node time goes on through a restart", "[node]") {
    Mesh mesh{{alone()}, 1};
    mesh.submit(0, "dtn://srv/in");
    mesh.host(0).sync();
    mesh.advance(Duration{60'000});
    mesh.submit(0, "dtn://srv/in");  // writes node time along with it
    mesh.host(0).sync();
    const std::uint64_t before = mesh.host(0).node().custody().node_time_ms();
    mesh.crash(0);
    CHECK(mesh.host(0).node().custody().node_time_ms() >= before);
}

TEST_CASE("a bundle expires when its lifetime is over and is recognised afterwards", "[node]") {
    Mesh mesh{{alone()}, 1};
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://srv/in");
    submission.lifetime_ms = 10'000;
    mesh.host(0).give(input::Submit{1, submission});
    mesh.host(0).settle();
    mesh.host(0).sync();
    REQUIRE(entries(mesh).size() == 1);
    const auto due = mesh.host(0).node().next_timeout();
    REQUIRE(due);
    CHECK((*due - mesh.now().monotonic) <= Duration{10'000});
    mesh.advance(Duration{10'001});
    mesh.host(0).give(input::Tick{});
    mesh.host(0).settle();
    CHECK(entries(mesh).empty());
    CHECK(mesh.host(0).node().custody().inventory().tombstones().size() == 1);
    CHECK(mesh.host(0).node().custody().counters().bundles_expired == 1);
}

TEST_CASE("a full store refuses a submission and keeps what it has", "[node]") {
    NodeOptions options = alone();
    options.quota_bytes = 2'000;
    Mesh mesh{{options}, 1};
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://srv/in");
    submission.payload = Bytes{Buffer(1'500, 1)};
    mesh.host(0).give(input::Submit{1, submission});
    mesh.host(0).settle();
    mesh.host(0).sync();
    REQUIRE(entries(mesh).size() == 1);
    mesh.host(0).give(input::Submit{2, submission});
    bool refused = false;
    for (const Effect& effect : mesh.host(0).node().take_effects()) {
        const auto* reply = std::get_if<effect::Reply>(&effect);
        refused = refused ||
                  (reply != nullptr && !reply->outcome && reply->outcome.error().code == ErrorCode::kFull);
    }
    CHECK(refused);
    CHECK(entries(mesh).size() == 1);
}

TEST_CASE("a held bundle is neither offered nor handed out until it is released", "[node]") {
    Mesh mesh{{alone()}, 1};
    mesh.submit(0, "dtn://kiosk/in");
    mesh.host(0).sync();
    const BundleKey key = entries(mesh).begin()->first;
    mesh.host(0).give(input::Hold{50, key, true});
    mesh.host(0).settle();
    mesh.host(0).sync();
    mesh.drain(0, "dtn://kiosk/in");
    CHECK(mesh.delivered.empty());
    mesh.host(0).give(input::Hold{51, key, false});
    mesh.host(0).settle();
    mesh.host(0).sync();
    mesh.drain(0, "dtn://kiosk/in");
    mesh.host(0).sync();
    CHECK(mesh.delivered.size() == 1);
}

}  // namespace tram::node::testing
