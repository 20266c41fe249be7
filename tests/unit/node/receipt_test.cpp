// A message stays with its sender until the recipient's receipt is back.
#include <catch2/catch.hpp>

#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

constexpr std::uint64_t kFourChunks = 200'000;
constexpr std::uint64_t kWeek_ms = 7ULL * 24 * 3600 * 1000;
const Setup kSecured{.open = false};

void contact(World& world, std::size_t a, std::size_t b) {
    world.mesh.connect(a, b);
    world.mesh.settle();
    world.mesh.disconnect(a, b);
}

/// An application at the server takes the next message.
void take(World& world) {
    const auto message = world.fetch();
    REQUIRE(message);
    REQUIRE(world.read_all(*message));
    REQUIRE(world.acknowledge(message->token));
}

const Receipts& receipts(World& world, std::size_t at) {
    return world.host(at).node().receipts();
}

void wait(World& world, std::uint64_t ms) {
    world.mesh.advance(Duration{static_cast<Duration::rep>(ms)});
    *world.mesh.wall() = DtnTime{world.mesh.wall()->milliseconds + ms};
    for (std::size_t i = 0; i < 3; ++i) {
        world.host(i).give(input::Tick{});
        world.host(i).settle();
        world.host(i).sync();
    }
}

}  // namespace

TEST_CASE("a message goes from its sender when the receipt is back, and from carriers", "[node][receipts]") {
    World world{1, kSecured};
    world.send(kFourChunks);
    CHECK(receipts(world, kKiosk).waiting().size() == 1);
    contact(world, kKiosk, kLaptop);
    REQUIRE(world.stored(kLaptop) == 4);
    world.mesh.connect(kLaptop, kServer);
    world.mesh.settle();
    take(world);
    CHECK(world.custody(kServer).counters().receipts_sent == 1);
    CHECK(world.stored(kServer) == 1);  // the receipt
    CHECK(world.stored(kKiosk) == 4);
    world.mesh.settle();
    CHECK(world.stored(kLaptop) == 1);
    contact(world, kKiosk, kLaptop);

    CHECK(world.stored(kKiosk) == 0);
    CHECK(receipts(world, kKiosk).waiting().empty());
    CHECK(world.custody(kKiosk).counters().messages_confirmed == 1);
    REQUIRE(receipts(world, kKiosk).kept().size() == 1);
    const admin::Receipt& receipt = receipts(world, kKiosk).kept().begin()->second.receipt.receipt;
    CHECK(receipt.holder == "dtn://18904-srv/");
    CHECK(receipt.source == "dtn://18904-ks07/");
    CHECK(admin::ends_transport(receipt));
    CHECK(receipt.signed_unix_s == kWall);
    world.mesh.crash(kKiosk);
    CHECK(world.stored(kKiosk) == 0);
    CHECK(receipts(world, kKiosk).waiting().empty());
    CHECK(receipts(world, kKiosk).kept().size() == 1);
}

TEST_CASE("with every router the sender keeps its copy until the receipt is back", "[node][receipts]") {
    const RouterKind router = GENERATE(RouterKind::kDirect, RouterKind::kStatic, RouterKind::kEpidemic);
    World world{1, {.open = false, .router = router}};
    world.send(kFourChunks);
    contact(world, kKiosk, kServer);
    CHECK(world.stored(kKiosk) == 4);
    CHECK(world.stored(kServer) == 4);
    contact(world, kKiosk, kServer);
    CHECK(world.custody(kServer).counters().bundles_received == 4);  // not again
    take(world);
    contact(world, kKiosk, kServer);
    CHECK(world.stored(kKiosk) == 0);
    CHECK(world.stored(kServer) == 0);
    CHECK(receipts(world, kKiosk).kept().size() == 1);
}

TEST_CASE("a carrier that gets copies after the receipt takes none", "[node][receipts]") {
    World world{1, kSecured};
    world.send(kFourChunks);
    contact(world, kKiosk, kServer);
    take(world);
    contact(world, kLaptop, kServer);
    CHECK(world.stored(kLaptop) == 1);
    const bool restarted = GENERATE(false, true);
    if (restarted) world.mesh.crash(kLaptop);
    // The kiosk offers its chunks before it gets to know the receipt.
    for (const auto& [key, entry] : world.custody(kKiosk).inventory().entries())
        CHECK(entry.record.awaits_receipt);
    world.mesh.connect(kKiosk, kLaptop);
    world.mesh.settle();
    CHECK(world.custody(kLaptop).counters().refused[static_cast<std::size_t>(ErrorCode::kDuplicate)] == 4);
    CHECK(world.stored(kLaptop) <= 1);
    CHECK(world.stored(kKiosk) == 0);
}

TEST_CASE("a peer gets the same megabytes again after a week without receipt", "[node][receipts]") {
    World world{1, kSecured};
    world.send(kFourChunks);
    contact(world, kKiosk, kLaptop);
    const auto& counters = world.custody(kLaptop).counters();
    REQUIRE(counters.bundles_received == 4);
    contact(world, kKiosk, kLaptop);
    wait(world, kWeek_ms - 60'000);
    contact(world, kKiosk, kLaptop);
    CHECK(counters.bundles_received == 4);
    wait(world, 120'000);
    contact(world, kKiosk, kLaptop);
    CHECK(counters.bundles_received == 8);
    CHECK(world.stored(kLaptop) == 4);
    CHECK(world.stored(kKiosk) == 4);
    contact(world, kKiosk, kLaptop);
    CHECK(counters.bundles_received == 8);
}

TEST_CASE("a receipt that was lost on its way is made good when the message comes again",
          "[node][receipts]") {
    Setup setup{.open = false, .router = RouterKind::kStatic};
    World world{1, setup};
    // Everything goes by the laptop, and what it has taken over is with nobody else.
    for (const std::size_t at : {kKiosk, kServer}) {
        world.host(at).options().routes = {{"*", *bpv7::Eid::parse("dtn://18904-lt01/")}};
        world.mesh.crash(at);
    }
    world.host(kLaptop).options().router = RouterKind::kDirect;
    world.mesh.crash(kLaptop);
    world.send(kFourChunks);
    contact(world, kKiosk, kLaptop);
    world.mesh.connect(kLaptop, kServer);
    world.mesh.settle();
    take(world);
    world.mesh.settle();
    world.mesh.disconnect(kLaptop, kServer);
    REQUIRE(world.stored(kServer) == 0);
    REQUIRE(world.stored(kLaptop) == 1);
    const BundleKey receipt = world.custody(kLaptop).inventory().entries().begin()->first;
    REQUIRE(world.ask(kLaptop, [&](RequestId id) { return input::Cancel{id, receipt}; }).outcome);

    const bool restarted = GENERATE(false, true);
    if (restarted) world.mesh.crash(kServer);
    wait(world, kWeek_ms + 3'600'000);
    contact(world, kKiosk, kLaptop);
    CHECK(world.stored(kLaptop) == 1);  // one part asks for all
    contact(world, kLaptop, kServer);
    CHECK(world.custody(kServer).counters().bundles_duplicate == 1);
    CHECK(world.custody(kServer).counters().receipts_sent == (restarted ? 1 : 2));
    CHECK_FALSE(world.fetch());  // nobody gets the message twice
    contact(world, kLaptop, kServer);
    CHECK(world.custody(kServer).counters().receipts_sent == (restarted ? 1 : 2));
    contact(world, kKiosk, kLaptop);
    CHECK(receipts(world, kKiosk).waiting().empty());
    CHECK(receipts(world, kKiosk).kept().size() == 1);
    CHECK(world.stored(kKiosk) == 0);
}

TEST_CASE("a peer that stays gets it again, too", "[node][receipts]") {
    World world{1, kSecured};
    world.send(1'000);
    world.mesh.connect(kKiosk, kLaptop);
    world.mesh.settle();
    REQUIRE(world.custody(kLaptop).counters().bundles_received == 1);
    for (int day = 0; day < 9; ++day) {
        const auto next = world.host(kKiosk).node().next_timeout();
        REQUIRE(next);
        wait(world, kWeek_ms / 7);
        world.mesh.settle();
    }
    CHECK(world.custody(kLaptop).counters().bundles_received == 2);
}

TEST_CASE("an acknowledgement after a restart makes the receipt all the same", "[node][receipts]") {
    World world{1, kSecured};
    const std::uint64_t bytes = GENERATE(0U, 1'000U, 200'000U, 3'000'000U);
    world.send(bytes);
    contact(world, kKiosk, kServer);
    const auto message = world.fetch();
    REQUIRE(message);
    const bool read = GENERATE(true, false);
    if (read) REQUIRE(world.read_all(*message));
    world.mesh.crash(kServer);
    REQUIRE(world.acknowledge(message->token));
    REQUIRE(world.acknowledge(message->token));
    CHECK(world.custody(kServer).counters().receipts_sent == 1);
    CHECK(world.stored(kServer) == 1);
    contact(world, kKiosk, kServer);
    CHECK(receipts(world, kKiosk).kept().size() == 1);
    CHECK(world.stored(kKiosk) == 0);
}

TEST_CASE("what expires or is cancelled waits for nothing", "[node][receipts]") {
    World world{1, kSecured};
    world.send(kFourChunks);
    REQUIRE(receipts(world, kKiosk).waiting().size() == 1);
    SECTION("expired") {
        wait(world, 121ULL * 24 * 3600 * 1000);
    }
    SECTION("cancelled") {
        std::vector<BundleKey> keys;
        for (const auto& [key, entry] : world.custody(kKiosk).inventory().entries())
            keys.push_back(key);
        for (const BundleKey key : keys) {
            CHECK(receipts(world, kKiosk).waiting().size() == 1);
            CHECK(world.ask(kKiosk, [&](RequestId id) { return input::Cancel{id, key}; }).outcome);
        }
    }
    CHECK(receipts(world, kKiosk).waiting().empty());
    world.mesh.crash(kKiosk);
    CHECK(receipts(world, kKiosk).waiting().empty());
    CHECK(world.stored(kKiosk) == 0);
}

TEST_CASE("public messages, those to groups, and open nodes have no receipts", "[node][receipts]") {
    const int which = GENERATE(0, 1, 2);
    World world{1, {.open = which == 2}};
    MessageTerms terms = terms_for(which == 1 ? "dtn://18904/~notice" : kServerInbox, 1'000);
    terms.is_public = which != 2;
    world.mesh.send_message(kKiosk, terms);
    for (int i = 0; i < 5; ++i)
        world.host(kKiosk).sync();
    CHECK(receipts(world, kKiosk).waiting().empty());
    world.mesh.connect(kKiosk, kServer);
    world.mesh.settle();
    const auto message = world.fetch(kServer, which == 1 ? "dtn://18904/~notice" : kServerInbox);
    REQUIRE(message);
    world.mesh.crash(kServer);
    REQUIRE(world.acknowledge(message->token));
    CHECK(world.custody(kServer).counters().receipts_sent == 0);
}

TEST_CASE("applications have no business at the endpoint of receipts", "[node][receipts]") {
    World world{1, kSecured};
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://18904-srv/tram/receipts");
    submission.kind = bpv7::Kind::kReceipt;
    const auto reply =
        world.ask(kKiosk, [&](RequestId request) { return input::Submit{request, submission}; });
    REQUIRE_FALSE(reply.outcome);
    CHECK(reply.outcome.error().code == ErrorCode::kForbidden);
}

TEST_CASE("a power cut at any moment leaves one receipt and loses nothing", "[node][receipts]") {
    const std::size_t victim = GENERATE(kKiosk, kLaptop, kServer);
    // The run without a cut says how many moments there are.
    int moments = 0;
    for (int cut = 0; cut <= moments + 1; cut += 2) {
        World world{7, kSecured};
        Mesh& mesh = world.mesh;
        const std::uint64_t number = world.send(150'000);
        int moment = 0;
        const auto move = [&](int times) {
            for (int i = 0; i < times; ++i) {
                if (++moment == cut) mesh.crash(victim);
                mesh.step();
            }
        };
        mesh.connect(kKiosk, kLaptop);
        move(30);
        mesh.connect(kLaptop, kServer);
        move(30);
        mesh.drain_messages(kServer, kServerInbox);
        move(20);
        mesh.connect(kKiosk, kLaptop);
        move(20);
        moments = moment;
        for (int round = 0; round < 3; ++round) {
            world.meet();
            wait(world, 61'000);
            mesh.drain_messages(kServer, kServerInbox);
            mesh.settle();
            mesh.connect(kLaptop, kServer);
            mesh.settle();
            contact(world, kKiosk, kLaptop);
        }
        INFO("victim " << victim << ", cut at " << cut);
        CHECK(mesh.messages_delivered[number] <= 1);  // answered; the application may have died with its node
        CHECK(receipts(world, kKiosk).kept().size() == 1);
        CHECK(receipts(world, kKiosk).waiting().empty());
        CHECK(world.stored(kKiosk) == 0);
        for (const std::size_t at : {kLaptop, kServer}) {
            for (const auto& [key, entry] : world.custody(at).inventory().entries())
                CHECK_FALSE(entry.record.chunk);
        }
    }
}

}  // namespace tram::node::testing
