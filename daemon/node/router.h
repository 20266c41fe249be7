// Who gets a copy. A router is a pure question about one bundle and one peer; the node asks it when a bundle
// becomes durable, when a peer comes up, and when a peer has acknowledged a bundle.
//
//   direct    only to the node of the destination
//   static    along configured routes (first match wins), and directly to the destination when it is met
//   epidemic  to everybody who does not hold it; the copy here stays until it was given to the destination,
//             was reported delivered, or has expired
//
// A destination group has no single node: direct keeps it here, static follows routes, epidemic spreads it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/node/types.h"

namespace tram::node {

/// What a router may know about a bundle.
struct RoutedBundle {
    const bpv7::Eid& destination;
    const bpv7::Eid& destination_node;  ///< destination.node_id()
    bool singleton = true;
};

class Router {
  public:
    virtual ~Router() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Whether the bundle should go to `peer` when it does not hold it yet.
    [[nodiscard]] virtual bool offers(const RoutedBundle& bundle, const bpv7::Eid& peer) const = 0;
    /// Whether a copy may go once a peer that is not the destination has taken it over: one copy travels.
    [[nodiscard]] virtual bool hands_over() const = 0;
    /// Whether the copy here has done its work once `peer` holds the bundle.
    [[nodiscard]] virtual bool done_after(const RoutedBundle& bundle, const bpv7::Eid& peer) const = 0;
};

std::unique_ptr<Router> make_router(RouterKind kind, std::vector<Route> routes);

}  // namespace tram::node
