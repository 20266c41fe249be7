// The application of a simulated device: sends the messages of the load, fetches what comes, and lives
// through the power cuts of its node.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "daemon/node/types.h"
#include "tests/sim/catalogue.h"

namespace tram::sim {

class Host;
class World;

class Application {
  public:
    Application(World& world, Host& host) : world_{world}, host_{host} {}

    /// The node is up, for the first time or again.
    void start();
    void send(ChunkIndex first, ChunkIndex end);
    void replied(const node::effect::Reply& reply);

  private:
    void fetch(const bpv7::Eid& endpoint);
    void submit(ChunkIndex chunk);
    void handed_over(const node::MessageHandOver& message);
    void submitted(ChunkIndex chunk, bool done);
    void resume();

    World& world_;
    Host& host_;
    node::RequestId last_request_ = 0;
    std::unordered_map<node::RequestId, ChunkIndex> submitting_;
    std::unordered_map<node::RequestId, std::size_t> acknowledging_;
};

}  // namespace tram::sim
