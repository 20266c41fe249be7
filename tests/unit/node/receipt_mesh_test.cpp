// Receipts through a small mesh under loss of links, crashes and restarts, by seed.
#include <catch2/catch.hpp>

#include "tests/unit/node/message_world.h"
#include "tests/unit/node/seeds.h"

namespace tram::node::testing {

namespace {

const std::string kKioskInbox = "dtn://18904-ks07/in";

void drain(Mesh& mesh) {
    mesh.drain_messages(kServer, kServerInbox);
    mesh.drain_messages(kKiosk, kKioskInbox);
}

void disturb(Mesh& mesh) {
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t bytes =
            mesh.random()() % 6 == 0 ? mesh.random()() % 150'000 : mesh.random()() % 2'000;
        switch (mesh.random()() % 12) {
            case 0: mesh.send_message(kKiosk, terms_for(kServerInbox, bytes)); break;
            case 1:
                if (mesh.random()() % 3 == 0) mesh.send_message(kServer, terms_for(kKioskInbox, bytes));
                break;
            case 2: mesh.connect(kKiosk, kLaptop); break;
            case 3: mesh.connect(kLaptop, kServer); break;
            case 4: mesh.disconnect(kKiosk, kLaptop); break;
            case 5: mesh.disconnect(kLaptop, kServer); break;
            case 6: drain(mesh); break;
            case 7:
                if (mesh.random()() % 2 == 0) mesh.crash(mesh.random()() % 3);
                break;
            case 8:
                if (mesh.random()() % 3 == 0) mesh.connect(kKiosk, kServer);
                break;
            default:
                for (int k = 0; k < 4; ++k)
                    mesh.step();
                break;
        }
    }
    mesh.disconnect(kKiosk, kServer);
}

void heal(World& world) {
    Mesh& mesh = world.mesh;
    for (int round = 0; round < 4; ++round) {
        world.meet();
        for (int i = 0; i < 12; ++i) {
            drain(mesh);
            mesh.settle();
        }
        mesh.advance(Duration{70'000});  // leases of applications that died with their node end
        for (std::size_t i = 0; i < 3; ++i) {
            world.host(i).give(input::Tick{});
            world.host(i).settle();
        }
    }
    mesh.advance(Outgoing::kIdleMax);
    for (std::size_t i = 0; i < 3; ++i) {
        world.host(i).give(input::Tick{});
        world.host(i).sync();
    }
    world.meet();
    world.meet();
}

}  // namespace

TEST_CASE("every message ends with one receipt at its sender and no copy anywhere",
          "[node][receipts][mesh]") {
    const std::uint32_t seeds = seeds_to_try(200);
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        World world{seed, {.open = false}};
        disturb(world.mesh);
        heal(world);
        INFO("seed " << seed);
        std::size_t sent = 0;
        for (const std::uint64_t number : world.mesh.messages_answered) {
            INFO("message " << number);
            CHECK(world.mesh.messages_delivered[number] <= 1);
            ++sent;
        }
        std::set<MessageId> confirmed;
        for (const std::size_t end : {kKiosk, kServer}) {
            CHECK(world.host(end).node().receipts().waiting().empty());
            for (const auto& [name, kept] : world.host(end).node().receipts().kept())
                CHECK(confirmed.insert(kept.receipt.receipt.message_id).second);
            CHECK(world.custody(end).counters().receipts_refused == 0);
        }
        // Those whose answer was lost in a crash may have set out all the same.
        CHECK(confirmed.size() >= sent);
        for (std::size_t i = 0; i < 3; ++i) {
            for (const auto& [key, entry] : world.custody(i).inventory().entries()) {
                INFO("host " << i << " still has " << bundle_text(entry.record.id));
                CHECK_FALSE(entry.record.chunk);
            }
        }
    }
}

}  // namespace tram::node::testing
