// A few nodes on virtual links, disks and clocks, driven by one seed: the real Node with a MemoryStore that
// forgets unsynced batches in a crash. Hosts with an identity show each other their certificates and exchange
// trust; their signature checks are answered in any order, some time later. Checks while it runs:
//   - nothing is promised (accepted, answered) before the batch it depends on is durable;
//   - a bundle whose submission was answered is delivered, and acknowledged deliveries happen once;
//   - the same for messages, whose content is read and compared piece by piece.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/node/node.h"
#include "store/memory_store.h"
#include "tests/commune.h"

namespace tram::node::testing {

class Mesh;

/// A node to be: without `chain` it has no certificate to show.
struct Member {
    NodeOptions options;
    identity::TrustBundle trust{};  ///< what its identity directory holds
    std::vector<Bytes> chain{};
    bool tram = true;  ///< takes part in the trust exchange and the sync

    explicit Member(NodeOptions open) : options{std::move(open)} {}
    Member(const Device& device, identity::TrustBundle known)
        : options{device.options()}, trust{std::move(known)}, chain{device.chain} {}
};

/// One node with its disk. Unsynced batches become durable when sync() is called.
class Host {
  public:
    Host(Mesh& mesh, Member member);
    /// Certificates for this and every later start.
    void believe(identity::TrustBundle trust) { member_.trust = std::move(trust); }
    [[nodiscard]] NodeOptions& options() { return member_.options; }

    void start();
    void crash();
    void sync();
    void give(const Input& input);
    /// Carries out what the node wants.
    void settle();

    [[nodiscard]] Node& node() { return *node_; }
    [[nodiscard]] store::MemoryStore& store() { return *store_; }
    /// What the node has said since, in order.
    [[nodiscard]] std::vector<effect::Notify>& notifications() { return notifications_; }
    [[nodiscard]] const bpv7::Eid& id() const { return member_.options.node_id; }
    [[nodiscard]] Member& member() { return member_; }  ///< changes count from the next start
    [[nodiscard]] const Counters& counters() { return node_->custody().counters(); }
    [[nodiscard]] std::size_t stored() { return node_->custody().inventory().entries().size(); }
    /// Bundles refused with `code` since the last start.
    [[nodiscard]] std::uint64_t refused(ErrorCode code) {
        return counters().refused[static_cast<std::size_t>(code)];
    }
    [[nodiscard]] std::size_t checking() const { return checks_.size(); }
    /// Answers the check at `index`.
    void answer_check(std::size_t index);

    std::vector<effect::Disconnect> disconnects;
    std::vector<effect::Reply> replies;

  private:
    void carry_out(effect::Persist& persist);
    void carry_out(effect::Accept& accept);
    void carry_out(effect::Refuse& refuse);
    void carry_out(effect::Load& load);
    void carry_out(effect::Transmit& transmit);
    void carry_out(effect::Reply& reply);
    void carry_out(effect::Check& check) { checks_.push_back(std::move(check)); }
    void carry_out(effect::Disconnect& disconnect);
    void carry_out(effect::Notify& notify) { notifications_.push_back(std::move(notify)); }

    Mesh& mesh_;
    Member member_;
    std::vector<effect::Notify> notifications_;
    std::unique_ptr<store::MemoryStore> store_;
    std::unique_ptr<Node> node_;
    // The store counts tickets through crashes, each node from 1.
    Ticket base_ = 0;
    Ticket last_committed_ = 0;
    Ticket durable_ = 0;
    Ticket told_ = 0;
    std::deque<BundleKey> to_load_;
    std::deque<effect::Check> checks_;
};

/// What travels on a virtual link, one direction.
struct Flight {
    std::size_t from = 0;
    BundleKey key = 0;
    Bytes wire;
};

class Mesh {
  public:
    Mesh(std::vector<NodeOptions> nodes, std::uint32_t seed);
    Mesh(std::vector<Member> members, std::uint32_t seed);

    [[nodiscard]] Host& host(std::size_t index) { return *hosts_[index]; }
    [[nodiscard]] Now now() const { return {Instant{Duration{now_ms_}}, wall_}; }
    void advance(Duration by) { now_ms_ += by.count(); }

    /// False when one of them does not accept the other's certificates.
    bool connect(std::size_t a, std::size_t b);
    void disconnect(std::size_t a, std::size_t b);
    [[nodiscard]] bool connected(std::size_t a, std::size_t b) const;
    void crash(std::size_t host);

    /// Submits at `from` for an endpoint; the payload is a running number.
    std::uint64_t submit(std::size_t from, const std::string& destination);
    /// Brings bytes to a host over a link of their own; how they were refused, or nothing.
    std::optional<Refusal> bring(std::size_t to, const Bytes& wire);
    /// Fetches and acknowledges everything at an endpoint.
    void drain(std::size_t host, const std::string& endpoint);

    /// Begins to send a message whose content follows from the number that is returned; the rest follows
    /// from the node's answers.
    std::uint64_t send_message(std::size_t from, MessageTerms terms);
    /// Fetches, reads, compares and acknowledges the messages at an endpoint, as far as answers come.
    void drain_messages(std::size_t host, const std::string& endpoint);
    /// Content of `bytes` bytes for the message `number`.
    static Bytes content_of(std::uint64_t number, std::uint64_t bytes);

    /// A number for a request of the test's own; its answer stays in `replies`.
    RequestId own_request() { return ++last_request_; }
    /// Asks, and moves the disk until the answer is there.
    effect::Reply ask(std::size_t host, const std::function<Input(RequestId)>& make);
    std::map<RequestId, effect::Reply> replies;
    /// Moves one thing: delivers a flight, syncs a disk.
    void step();
    /// Steps until nothing moves.
    void settle();

    std::mt19937& random() { return random_; }
    /// What clocks show; nothing: none.
    std::optional<DtnTime>& wall() { return wall_; }

    /// Submissions that were answered, by payload number.
    std::set<std::uint64_t> answered;
    /// How often each payload's acknowledgement was answered.
    std::map<std::uint64_t, int> delivered;
    /// The same for messages, by number.
    std::set<std::uint64_t> messages_answered;
    std::map<std::uint64_t, int> messages_delivered;

  private:
    friend class Host;
    struct Wire {
        std::size_t a = 0;
        std::size_t b = 0;
        std::deque<Flight> flights;
        std::map<TransferId, Flight> unanswered;
    };
    struct Request {
        std::size_t host = 0;
        std::optional<std::uint64_t> submitted;
        std::optional<std::uint64_t> acknowledged;
    };
    /// A message on its way in or out of an application.
    struct Talk {
        std::size_t host = 0;
        std::uint64_t number = 0;
        std::string token;
        Bytes content;           // to be sent
        std::uint64_t sent = 0;  // bytes
        Buffer received;
        std::uint64_t pieces = 0;
        bool acknowledging = false;
    };
    void talk_on(const Talk& talk, const effect::Reply& reply);
    void say(Talk talk, const std::function<Input(RequestId)>& make);
    [[nodiscard]] bool accepts(std::size_t host, std::size_t peer);
    void end_links();
    void transmitted(std::size_t host, const effect::Transmit& transmit);
    void answer(std::size_t host, LinkId link, TransferId transfer, std::optional<Refusal> refusal);
    void replied(std::size_t host, const effect::Reply& reply);
    [[nodiscard]] std::size_t index_of(const Host& host) const;

    std::vector<std::unique_ptr<Host>> hosts_;
    std::map<LinkId, Wire> wires_;
    std::map<RequestId, Request> requests_;
    std::map<RequestId, Talk> talks_;
    std::mt19937 random_;
    bool syncs_;  // neighbours ask before they send; they do not with each third seed
    Duration::rep now_ms_ = 1'000;
    std::optional<DtnTime> wall_{DtnTime{kWall_ms}};
    std::set<LinkId> to_end_;
    std::map<TransferId, std::optional<Refusal>> brought_;  // what became of them
    LinkId last_link_ = 0;
    TransferId last_transfer_ = 0;
    RequestId last_request_ = 0;
    std::uint64_t last_payload_ = 0;
};

}  // namespace tram::node::testing
