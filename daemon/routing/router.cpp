#include "daemon/routing/router.h"

#include <utility>

#include "daemon/routing/eta.h"
#include "daemon/routing/prophet.h"
#include "daemon/routing/spray.h"

namespace tram::routing {

namespace {

bool is_destination(const Carried& carried, const bpv7::Eid& peer) {
    return carried.singleton && carried.destination_node == peer;
}

class Direct final : public Router {
  public:
    std::string_view name() const override { return "direct"; }
    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        return {is_destination(carried, peer) ? Verdict::Copy::kDirect : Verdict::Copy::kNone};
    }
};

class Static final : public Router {
  public:
    explicit Static(std::vector<Route> routes) : routes_{std::move(routes)} {}

    std::string_view name() const override { return "static"; }
    bool hands_over() const override { return true; }
    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        if (is_destination(carried, peer)) return {Verdict::Copy::kDirect};
        for (const Route& route : routes_) {
            if (!bpv7::matches(route.to, carried.destination)) continue;
            return {route.via == peer ? Verdict::Copy::kUtility : Verdict::Copy::kNone};
        }
        return {};
    }
    bool done_after(const Carried& carried, const bpv7::Eid& peer) const override {
        return judge(carried, peer, {}).copy != Verdict::Copy::kNone;
    }

  private:
    std::vector<Route> routes_;
};

class Epidemic final : public Router {
  public:
    std::string_view name() const override { return "epidemic"; }
    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        if (is_destination(carried, peer)) return {Verdict::Copy::kDirect, 0};
        return {Verdict::Copy::kUtility, 1};
    }
};

}  // namespace

bool Router::done_after(const Carried& carried, const bpv7::Eid& peer) const {
    return is_destination(carried, peer);
}

Bytes Router::given(const Carried& carried, const bpv7::Eid&, Time) const {
    return Bytes::copy_of(carried.note);
}

Bytes Router::known_at(const Carried& carried, const bpv7::Eid&, Time) const {
    return Bytes::copy_of(carried.note);
}

Bytes Router::taken(const Carried& carried, const bpv7::Eid&, ByteView, Time) const {
    return Bytes::copy_of(carried.note);
}

std::unique_ptr<Router> make_router(RouterOptions options) {
    switch (options.kind) {
        case Kind::kDirect: return std::make_unique<Direct>();
        case Kind::kStatic: return std::make_unique<Static>(std::move(options.routes));
        case Kind::kEpidemic: return std::make_unique<Epidemic>();
        case Kind::kSpray: return make_spray(options.spray_copies);
        case Kind::kProphet: return make_prophet(options.node_id);
        case Kind::kEta: return make_eta(options.node_id);
    }
    return nullptr;
}

}  // namespace tram::routing
