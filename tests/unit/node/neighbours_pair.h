// Two nodes in contact without disks and links between: what one transmits arrives at the other at once, what
// they write is durable at once, and what goes over the link is counted.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/node/node.h"
#include "proto/sync/messages.h"

namespace tram::node::testing {

class Pair {
  public:
    struct Counts {
        std::size_t messages = 0;                            ///< of the sync
        std::size_t bytes = 0;                               ///< of these, whole bundles
        std::map<std::size_t, std::size_t> payload_bytes{};  ///< of the sync, by index of sync::Message
        std::map<std::size_t, std::size_t> by_kind{};        ///< messages, by index of sync::Message
        std::vector<Bytes> bundles{};                        ///< stored ones, as they went
        std::size_t refused = 0;
    };

    Pair(NodeOptions a, NodeOptions b);

    [[nodiscard]] Node& node(std::size_t end) { return *nodes_.at(end); }
    void start();
    void give(std::size_t end, const Input& input);
    void submit(std::size_t end, const Submission& submission);
    /// A contact; it goes on until nothing happens any more, or `transfers` bundles have gone.
    Counts meet(std::size_t transfers = ~std::size_t{0});
    /// Called when nothing happens any more in a contact; it goes on when this did something.
    std::function<bool()> at_quiet = [] { return false; };
    void pass(std::uint64_t ms) { now_ += Duration{static_cast<Duration::rep>(ms)}; }
    [[nodiscard]] std::size_t held(std::size_t end) const {
        return nodes_.at(end)->custody().inventory().entries().size();
    }

  private:
    struct Flight {
        std::size_t from = 0;
        LinkId link = 0;
        BundleKey key = 0;
        Bytes wire;
    };
    [[nodiscard]] Now now() const { return {now_, DtnTime{850'000'000'000}}; }
    void settle(std::size_t end);
    void carry_out(std::size_t end, Effect& effect);
    void count(Counts& counts, const Flight& flight);

    std::array<std::unique_ptr<Node>, 2> nodes_;
    std::array<std::map<BundleKey, Bytes>, 2> disks_;
    std::map<TransferId, Flight> unanswered_;
    std::deque<Flight> flights_;
    Counts* counts_ = nullptr;
    Instant now_{Duration{1'000'000}};
    LinkId link_ = 0;
    bool up_ = false;
    TransferId last_transfer_ = 0;
    RequestId last_request_ = 0;
};

/// A record of a stored bundle as restore() takes it, number `n` from `source` to `destination`.
store::BundleRecord stored_record(std::uint64_t n, const std::string& source, const std::string& destination,
                                  std::uint64_t lifetime_ms);

}  // namespace tram::node::testing
