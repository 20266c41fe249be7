// Gathers the changes of one burst into one batch, and remembers what may be promised once it is durable.
//
// Everything decided while one burst of input is worked through becomes one store::Batch with one ticket.
// A promise (Accept, Reply, "this bundle may be offered now") is attached to the batch it depends on and
// comes back from settle() when that batch is durable: there is no other way to make one.
#pragma once

#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "daemon/node/types.h"

namespace tram::node {

namespace promise {
/// The bundle is stored: routing and delivery may begin.
struct Ready {
    BundleKey key = 0;
};
/// An effect that was held back.
struct Emit {
    Effect effect;
};
}  // namespace promise

using Promise = std::variant<promise::Ready, promise::Emit>;

class Journal {
  public:
    void add(store::Change change);
    /// Keeps `promise` until everything added so far is durable.
    void when_durable(Promise promise);
    /// Ends the present batch; nothing when there is nothing to commit. Promises without a change of their
    /// own ride on the batch before them, or on an empty one.
    std::optional<effect::Persist> seal();
    /// The promises of all batches up to `up_to`, in order.
    std::vector<Promise> settle(Ticket up_to);

  private:
    struct Section {
        Ticket ticket = 0;
        store::Batch batch;
        std::vector<Promise> promises;
    };
    Section open_;
    std::deque<Section> sealed_;  // committed, not yet durable; batches already handed out
    Ticket last_ticket_ = 0;
};

}  // namespace tram::node
