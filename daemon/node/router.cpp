#include "daemon/node/router.h"

#include <utility>

namespace tram::node {

namespace {

bool is_destination(const RoutedBundle& bundle, const bpv7::Eid& peer) {
    return bundle.singleton && bundle.destination_node == peer;
}

class DirectRouter final : public Router {
  public:
    std::string_view name() const override { return "direct"; }
    bool hands_over() const override { return false; }
    bool offers(const RoutedBundle& bundle, const bpv7::Eid& peer) const override {
        return is_destination(bundle, peer);
    }
    bool done_after(const RoutedBundle& bundle, const bpv7::Eid& peer) const override {
        return is_destination(bundle, peer);
    }
};

class StaticRouter final : public Router {
  public:
    explicit StaticRouter(std::vector<Route> routes) : routes_{std::move(routes)} {}

    std::string_view name() const override { return "static"; }
    bool hands_over() const override { return true; }
    bool offers(const RoutedBundle& bundle, const bpv7::Eid& peer) const override {
        if (is_destination(bundle, peer)) return true;
        for (const Route& route : routes_) {
            if (bpv7::matches(route.to, bundle.destination)) return route.via == peer;
        }
        return false;
    }
    bool done_after(const RoutedBundle& bundle, const bpv7::Eid& peer) const override {
        return offers(bundle, peer);
    }

  private:
    std::vector<Route> routes_;
};

class EpidemicRouter final : public Router {
  public:
    std::string_view name() const override { return "epidemic"; }
    bool hands_over() const override { return false; }
    bool offers(const RoutedBundle&, const bpv7::Eid&) const override { return true; }
    bool done_after(const RoutedBundle& bundle, const bpv7::Eid& peer) const override {
        return is_destination(bundle, peer);
    }
};

}  // namespace

std::unique_ptr<Router> make_router(RouterKind kind, std::vector<Route> routes) {
    switch (kind) {
        case RouterKind::kDirect: return std::make_unique<DirectRouter>();
        case RouterKind::kStatic: return std::make_unique<StaticRouter>(std::move(routes));
        case RouterKind::kEpidemic: return std::make_unique<EpidemicRouter>();
    }
    return nullptr;
}

}  // namespace tram::node
