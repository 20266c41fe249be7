// A simulation: real nodes over contacts that are read from a file, on virtual links, disks and clocks.
//
//   contact starts   each accepts the other's certificates, PeerUp at both ends
//   Transmit         waits its turn, takes size / rate of the contact's time; then Arrived at the other end
//   Accept, Refuse   Confirmed or Declined at the sender
//   contact ends     the transfer that runs is cut, all others are forgotten; PeerDown at both ends
//
// Both directions of a contact share its rate and take turns. Everything follows from the options: the same
// ones give the same trace, event by event, and the same trace hash.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/sim/catalogue.h"
#include "tests/sim/checker.h"
#include "tests/sim/contacts.h"
#include "tests/sim/event_queue.h"
#include "tests/sim/faults.h"
#include "tests/sim/host.h"
#include "tests/sim/load.h"

namespace tram::sim {

struct WorldOptions {
    node::RouterKind router = node::RouterKind::kEpidemic;
    std::uint64_t rate = 125'000;    ///< of a contact, bytes a second
    std::uint64_t seed = 1;          ///< for faults
    std::int64_t disk_us = 10'000;   ///< from a write to its durability
    std::uint64_t window_bytes = 0;  ///< under way on a link at a time; 0: as the node has it
    bool verify = false;             ///< signatures of bundles are really checked
    Faults faults{};
    Bug bug = Bug::kNone;
    bool heals = false;                                ///< what was accepted must have arrived at the end
    std::shared_ptr<const routing::VisitPlan> plan{};  ///< that every node knows; null: none
};

/// What a run has shown.
struct Outcome {
    std::vector<std::optional<std::int64_t>>
        delivered_us{};                                 ///< of each message; of a group: its first member
    std::vector<std::vector<std::int64_t>> arrivals{};  ///< of each message: when, at each node
    std::vector<double> copies{};                       ///< of each message, mean over its chunks
    std::uint64_t sent_bytes = 0;                       ///< over all contacts, with what was cut short
    std::uint64_t control_bytes = 0;                    ///< of these, what belongs to no stored bundle
    std::uint64_t receipt_bytes = 0;
    std::uint64_t transfers = 0;
    std::uint64_t cut = 0;           ///< transfers that a contact's end cut short
    std::uint64_t duplicates = 0;    ///< transfers of what was there already
    std::uint64_t refused_full = 0;  ///< transfers for which there was no room
    std::uint64_t refused = 0;       ///< transfers that were not taken for other reasons
    std::uint64_t sent_later = 0;    ///< chunks for which there was no room where they were made, each time
    std::uint64_t peak_store_bytes = 0;  ///< the most that one node held at a time
    std::uint64_t confirmed = 0;         ///< messages whose receipt has reached their maker
    std::uint64_t events = 0;
    std::uint64_t trace_hash = 0;
    std::uint64_t violation_count = 0;
    std::vector<std::string> violations{};  ///< the first of them
};

/// What travels.
struct Flight {
    store::BundleKey key = 0;
    Bytes wire{};
    std::uint64_t bytes = 0;  ///< that it stands for
    bool receipt = false;
    std::optional<ChunkIndex> chunk{};
};

class World {
  public:
    /// `contacts` and `load` must outlive the world.
    World(const ContactPlan& contacts, const Load& load, WorldOptions options);
    ~World();
    Outcome run();

    // For hosts and their applications.
    [[nodiscard]] std::int64_t now_us() const { return now_us_; }
    [[nodiscard]] std::int64_t disk_us() const { return options_.disk_us; }
    [[nodiscard]] Bug bug() const { return options_.bug; }
    [[nodiscard]] bool verifies() const { return options_.verify || options_.faults.hostile != 0; }
    [[nodiscard]] const routing::VisitPlan* plan() const { return options_.plan.get(); }
    [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }
    [[nodiscard]] Checker& checker() { return checker_; }
    [[nodiscard]] bool receives(NodeIndex node) const { return receivers_.contains(node); }
    [[nodiscard]] bool is_member(NodeIndex node) const;
    [[nodiscard]] const bpv7::Eid& inbox(NodeIndex node) const { return inboxes_[node]; }
    [[nodiscard]] const bpv7::Eid& group() const { return group_; }
    [[nodiscard]] const Message& message_of(ChunkIndex chunk) const {
        return load_.messages[catalogue_.message_of(chunk)];
    }
    /// Of the chunk's lifetime.
    [[nodiscard]] std::int64_t left_ms(ChunkIndex chunk) const;
    void plan(std::int64_t at_us, EventKind kind, std::uint64_t subject) {
        queue_.plan(at_us, kind, subject);
    }
    /// The host has to settle before anything else happens.
    void touch(Host& host);
    void transmit(NodeIndex from, node::LinkId link, Flight flight);
    void answer(NodeIndex from, node::LinkId link, node::TransferId transfer,
                std::optional<node::Refusal> refusal);
    /// A node will not talk over this link any more.
    void disconnect(node::LinkId link) { to_end_.insert(link); }
    /// There was no room for it.
    void send_later(ChunkIndex chunk);
    /// There was room for it: perhaps for what is to be sent later, too.
    void sent(ChunkIndex chunk);
    void delivered(NodeIndex node, std::size_t message);
    void stores(NodeIndex node, std::uint64_t bytes);

  private:
    struct Link {
        std::size_t contact = 0;
        std::array<NodeIndex, 2> ends{};
        std::uint64_t rate = 0;
        std::array<std::deque<Flight>, 2> waiting{};  // from each end
        std::optional<Flight> moving{};
        std::size_t turn = 0;  // the end from which `moving` comes, or the last one came
        std::int64_t since_us = 0;
        std::unordered_map<node::TransferId, std::pair<std::size_t, Flight>> unanswered{};
    };
    void plan_everything();
    void happen(const Event& event);
    [[nodiscard]] bool has_room_for(std::size_t message) const;
    void send(std::size_t message);
    void settle();
    void trace(std::uint64_t what, std::uint64_t a, std::uint64_t b);
    Outcome finish();

    // links.cpp
    void connect(std::size_t contact);
    void contact_ends(std::size_t contact);
    void end_link(node::LinkId link);
    /// Ends it, and makes a new one later if the contact goes on.
    void break_link(node::LinkId link, std::int64_t back_us);
    void move_on(node::LinkId id, Link& link);
    void transfer_ends(node::LinkId id);
    void count_sent(const Flight& flight, std::uint64_t bytes);

    // faults.cpp
    void plan_faults();
    void choose_hostile();
    void garble(Flight& flight);
    void crash(NodeIndex node);
    void fault(const Event& event);

    const ContactPlan& contacts_;
    const Load& load_;
    WorldOptions options_;
    Catalogue catalogue_;
    Checker checker_;
    Random random_;  // of faults
    std::set<NodeIndex> receivers_;
    std::vector<bpv7::Eid> inboxes_;
    bpv7::Eid group_;
    EventQueue queue_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<Host*> dirty_;
    std::map<node::LinkId, Link> links_;
    std::vector<node::LinkId> link_of_;  // of each contact, 0: none
    std::set<node::LinkId> to_end_;
    std::vector<std::vector<ChunkIndex>> refused_;  // of each message, chunks to be sent later
    std::vector<bool> tried_;                       // each message: its chunks were handed over once
    std::vector<bool> to_try_;                      // each message: it will be tried again
    Outcome outcome_;
    std::int64_t now_us_ = 0;
    node::LinkId last_link_ = 0;
    node::TransferId last_transfer_ = 0;
};

}  // namespace tram::sim
