// Messages through a small mesh under loss of links, crashes and restarts, by seed.
#include <catch2/catch.hpp>

#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

void disturb(World& world) {
    Mesh& mesh = world.mesh;
    for (int i = 0; i < 150; ++i) {
        const std::uint64_t bytes =
            mesh.random()() % 3 == 0 ? mesh.random()() % 400'000 : mesh.random()() % 2'000;
        switch (mesh.random()() % 12) {
            case 0: mesh.send_message(kKiosk, terms_for(kServerInbox, bytes)); break;
            case 1: mesh.send_message(kServer, terms_for("dtn://18904-ks07/in", bytes)); break;
            case 2: mesh.connect(kKiosk, kLaptop); break;
            case 3: mesh.connect(kLaptop, kServer); break;
            case 4: mesh.disconnect(kKiosk, kLaptop); break;
            case 5: mesh.disconnect(kLaptop, kServer); break;
            case 6: mesh.drain_messages(kServer, kServerInbox); break;
            case 7: mesh.drain_messages(kKiosk, "dtn://18904-ks07/in"); break;
            case 8:
                if (mesh.random()() % 3 == 0) mesh.crash(mesh.random()() % 3);
                break;
            default: mesh.step(); break;
        }
    }
}

/// Everybody meets everybody in turn until all that was answered has arrived.
void heal(World& world) {
    Mesh& mesh = world.mesh;
    for (int round = 0; round < 4; ++round) {
        world.meet();
        for (int i = 0; i < 40; ++i) {
            mesh.drain_messages(kServer, kServerInbox);
            mesh.drain_messages(kKiosk, "dtn://18904-ks07/in");
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
}

}  // namespace

TEST_CASE("every message that was answered arrives once, whole and unaltered", "[node][messages][mesh]") {
    const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 13)));
    World world{seed};
    disturb(world);
    heal(world);
    INFO("seed " << seed);
    for (const std::uint64_t number : world.mesh.messages_answered) {
        INFO("message " << number);
        const auto found = world.mesh.messages_delivered.find(number);
        REQUIRE(found != world.mesh.messages_delivered.end());
        CHECK(found->second == 1);
    }
    for (const auto& [number, times] : world.mesh.messages_delivered)
        CHECK(times == 1);
    for (const std::size_t end : {kKiosk, kServer}) {
        CHECK(world.custody(end).counters().messages_refused == 0);
        CHECK(world.draft_rows(end).empty());
        // What is left at its end was neither answered nor whole.
        for (const auto& [key, entry] : world.custody(end).inventory().entries())
            CHECK_FALSE(entry.record.deliver_here);
    }
}

}  // namespace tram::node::testing
