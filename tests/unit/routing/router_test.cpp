#include "daemon/routing/router.h"

#include <catch2/catch.hpp>

namespace tram::routing {

namespace {

struct Case {
    std::string destination;
    std::string peer;
    Verdict::Copy copy;
    bool done;
};

void check(const Router& router, const Case& expected) {
    const auto destination = *bpv7::Eid::parse(expected.destination);
    const auto node = destination.node_id();
    const Carried carried{.destination = destination,
                          .destination_node = node,
                          .singleton = destination.is_singleton(),
                          .note = {}};
    INFO(router.name() << ": " << expected.destination << " at " << expected.peer);
    const auto peer = *bpv7::Eid::parse(expected.peer);
    CHECK(router.judge(carried, peer, {}).copy == expected.copy);
    CHECK(router.done_after(carried, peer) == expected.done);
}

}  // namespace

using Copy = Verdict::Copy;

TEST_CASE("direct gives a bundle to its destination only", "[routing]") {
    const auto router = make_router({.kind = Kind::kDirect, .node_id = {}, .routes = {}});
    check(*router, {"dtn://srv/in", "dtn://srv/", Copy::kDirect, true});
    check(*router, {"dtn://srv/in", "dtn://other/", Copy::kNone, false});
    check(*router, {"dtn://srv/~notice", "dtn://srv/", Copy::kNone, false});
    check(*router, {"ipn:12.7", "ipn:12.0", Copy::kDirect, true});
}

TEST_CASE("static follows the first route that matches, and the destination itself", "[routing]") {
    const auto router = make_router({.kind = Kind::kStatic,
                                     .node_id = {},
                                     .routes = {{"dtn://18904-*", *bpv7::Eid::parse("dtn://lt01/")},
                                                {"*", *bpv7::Eid::parse("dtn://lt02/")}}});
    check(*router, {"dtn://18904-srv/in", "dtn://lt01/", Copy::kUtility, true});
    check(*router, {"dtn://18904-srv/in", "dtn://lt02/", Copy::kNone, false});
    check(*router, {"dtn://18904-srv/in", "dtn://18904-srv/", Copy::kDirect, true});
    check(*router, {"dtn://00901-srv/in", "dtn://lt02/", Copy::kUtility, true});
}

TEST_CASE("epidemic gives to everybody and keeps its copy until the destination has it", "[routing]") {
    const auto router = make_router({.kind = Kind::kEpidemic, .node_id = {}, .routes = {}});
    check(*router, {"dtn://srv/in", "dtn://any/", Copy::kUtility, false});
    check(*router, {"dtn://srv/in", "dtn://srv/", Copy::kDirect, true});
    check(*router, {"dtn://18904/~notice", "dtn://srv/", Copy::kUtility, false});
}

}  // namespace tram::routing
