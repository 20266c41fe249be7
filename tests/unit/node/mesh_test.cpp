// The real Node in a small mesh under loss of links, crashes and restarts, by seed.
#include "tests/unit/node/mesh.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/node/seeds.h"

namespace tram::node::testing {

namespace {

NodeOptions options(const std::string& id, RouterKind router, std::vector<Route> routes = {}) {
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(id);
    made.router = router;
    made.routes = std::move(routes);
    made.link_bundles_in_flight_max = 4;
    made.cache_bytes_max = 600;  // a few bundles, so that reading back is exercised too
    return made;
}

Route via(const std::string& node) {
    return {"*", *bpv7::Eid::parse(node)};
}

constexpr std::size_t kKiosk = 0;
constexpr std::size_t kLaptop = 1;
constexpr std::size_t kServer = 2;

std::vector<NodeOptions> line(RouterKind ends, RouterKind carrier) {
    return {options("dtn://kiosk/", ends, {via("dtn://laptop/")}), options("dtn://laptop/", carrier),
            options("dtn://server/", ends, {via("dtn://laptop/")})};
}

/// Everybody meets everybody in turn until all that was answered has arrived.
void heal(Mesh& mesh) {
    for (int round = 0; round < 6; ++round) {
        mesh.connect(kKiosk, kLaptop);
        mesh.settle();
        mesh.disconnect(kKiosk, kLaptop);
        mesh.connect(kLaptop, kServer);
        mesh.settle();
        for (int i = 0; i < 60; ++i) {
            mesh.drain(kServer, "dtn://server/in");
            mesh.drain(kKiosk, "dtn://kiosk/in");
            mesh.settle();
        }
        mesh.disconnect(kLaptop, kServer);
        mesh.advance(Duration{70'000});  // leases of killed applications end
        for (std::size_t i = 0; i < 3; ++i) {
            mesh.host(i).give(input::Tick{});
            mesh.host(i).settle();
        }
    }
}

void check_outcome(const Mesh& mesh, std::uint32_t seed) {
    INFO("seed " << seed);
    for (const std::uint64_t number : mesh.answered) {
        const auto found = mesh.delivered.find(number);
        INFO("submission " << number);
        REQUIRE(found != mesh.delivered.end());
        REQUIRE(found->second == 1);
    }
}

void disturb(Mesh& mesh, bool crashes) {
    for (int i = 0; i < 120; ++i) {
        switch (mesh.random()() % 12) {
            case 0: mesh.submit(kKiosk, "dtn://server/in"); break;
            case 1: mesh.submit(kServer, "dtn://kiosk/in"); break;
            case 2: mesh.connect(kKiosk, kLaptop); break;
            case 3: mesh.connect(kLaptop, kServer); break;
            case 4: mesh.disconnect(kKiosk, kLaptop); break;
            case 5: mesh.disconnect(kLaptop, kServer); break;
            case 6: mesh.drain(kServer, "dtn://server/in"); break;
            case 7: mesh.drain(kKiosk, "dtn://kiosk/in"); break;
            case 8:
                if (crashes && mesh.random()() % 3 == 0) mesh.crash(mesh.random()() % 3);
                break;
            default:
                for (int k = 0; k < 4; ++k)
                    mesh.step();
                break;
        }
        mesh.advance(Duration{mesh.random()() % 500});
    }
}

}  // namespace

TEST_CASE("what was answered arrives once, through crashes and cut contacts", "[node]") {
    const auto ends = GENERATE(RouterKind::kStatic, RouterKind::kEpidemic);
    const auto carrier = GENERATE(RouterKind::kDirect, RouterKind::kEpidemic);
    const std::uint32_t seeds = seeds_to_try(40);
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        Mesh mesh{line(ends, carrier), seed};
        disturb(mesh, true);
        heal(mesh);
        check_outcome(mesh, seed);
    }
}

TEST_CASE("a carrier between static ends is empty after the exchange", "[node]") {
    Mesh mesh{line(RouterKind::kStatic, RouterKind::kDirect), 7};
    for (int i = 0; i < 50; ++i) {
        mesh.submit(kKiosk, "dtn://server/in");
        mesh.submit(kServer, "dtn://kiosk/in");
    }
    heal(mesh);
    CHECK(mesh.delivered.size() == 100);
    CHECK(mesh.host(kLaptop).node().custody().inventory().entries().empty());
}

TEST_CASE("nodes that route in a circle lose nothing", "[node]") {
    // Misconfigured: A sends by way of B, B of C, C of A. The destination is met in the end.
    std::vector<NodeOptions> nodes{options("dtn://a/", RouterKind::kStatic, {via("dtn://b/")}),
                                   options("dtn://b/", RouterKind::kStatic, {via("dtn://c/")}),
                                   options("dtn://c/", RouterKind::kStatic, {via("dtn://a/")}),
                                   options("dtn://d/", RouterKind::kDirect)};
    for (NodeOptions& each : nodes)
        each.hop_limit = 255;
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        Mesh mesh{nodes, seed};
        for (int i = 0; i < 5; ++i)
            mesh.submit(0, "dtn://d/in");
        for (int i = 0; i < 60; ++i) {
            const std::size_t one = mesh.random()() % 3;
            mesh.connect(one, (one + 1) % 3);
            for (int k = 0; k < 5; ++k)
                mesh.step();
            if (mesh.random()() % 3 == 0) mesh.disconnect(one, (one + 1) % 3);
            if (mesh.random()() % 12 == 0) mesh.crash(mesh.random()() % 3);
        }
        for (std::size_t one = 0; one < 3; ++one)
            mesh.disconnect(one, (one + 1) % 3);
        for (int i = 0; i < 8; ++i) {
            for (std::size_t one = 0; one < 3; ++one)
                mesh.connect(one, 3);
            mesh.settle();
            mesh.drain(3, "dtn://d/in");
            mesh.settle();
        }
        check_outcome(mesh, seed);
    }
}

}  // namespace tram::node::testing
