#include <catch2/catch.hpp>

#include "daemon/node/router.h"

namespace tram::node {

namespace {

struct Case {
    std::string destination;
    std::string peer;
    bool offers;
    bool done;
};

void check(const Router& router, const Case& expected) {
    const auto destination = *bpv7::Eid::parse(expected.destination);
    const auto node = destination.node_id();
    const RoutedBundle bundle{destination, node, destination.is_singleton()};
    INFO(router.name() << ": " << expected.destination << " at " << expected.peer);
    CHECK(router.offers(bundle, *bpv7::Eid::parse(expected.peer)) == expected.offers);
    CHECK(router.done_after(bundle, *bpv7::Eid::parse(expected.peer)) == expected.done);
}

}  // namespace

TEST_CASE("direct gives a bundle to its destination only", "[node][router]") {
    const auto router = make_router(RouterKind::kDirect, {});
    check(*router, {"dtn://srv/in", "dtn://srv/", true, true});
    check(*router, {"dtn://srv/in", "dtn://other/", false, false});
    check(*router, {"dtn://srv/~notice", "dtn://srv/", false, false});
    check(*router, {"ipn:12.7", "ipn:12.0", true, true});
}

TEST_CASE("static follows the first route that matches, and the destination itself", "[node][router]") {
    const auto router = make_router(RouterKind::kStatic, {{"dtn://18904-*", *bpv7::Eid::parse("dtn://lt01/")},
                                                          {"*", *bpv7::Eid::parse("dtn://lt02/")}});
    check(*router, {"dtn://18904-srv/in", "dtn://lt01/", true, true});
    check(*router, {"dtn://18904-srv/in", "dtn://lt02/", false, false});
    check(*router, {"dtn://18904-srv/in", "dtn://18904-srv/", true, true});
    check(*router, {"dtn://00901-srv/in", "dtn://lt02/", true, true});
}

TEST_CASE("epidemic gives to everybody and keeps its copy until the destination has it", "[node][router]") {
    const auto router = make_router(RouterKind::kEpidemic, {});
    check(*router, {"dtn://srv/in", "dtn://any/", true, false});
    check(*router, {"dtn://srv/in", "dtn://srv/", true, true});
    check(*router, {"dtn://18904/~notice", "dtn://srv/", true, false});
}

}  // namespace tram::node
