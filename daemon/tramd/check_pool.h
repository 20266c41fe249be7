// Signatures checked on threads of their own, so that the node's goes on meanwhile: what one burst asked for
// goes to the threads together, and the answers of a batch come back in one call.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/node/types.h"

namespace boost::asio {
class io_context;
}

namespace tram::tramd {

class CheckPool {
  public:
    /// Called on `io` for each batch that is done.
    using Answer = std::function<void(std::vector<node::input::Checked>)>;

    CheckPool(boost::asio::io_context& io, Answer answer);
    /// Finishes what has begun; answers that nobody has fetched are dropped.
    ~CheckPool();

    /// Gathers; the node bounds how many there are (Security::checks_waiting_max).
    void add(node::effect::Check check) { gathered_.push_back(std::move(check)); }
    /// Gives what was gathered to the threads.
    void begin();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
    std::vector<node::effect::Check> gathered_;
};

}  // namespace tram::tramd
