// One node with everything in the hands of the test: what arrives, which checks are answered when, and when
// the disk is done.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/node/node.h"
#include "tests/commune.h"

namespace tram::node::testing {

class Desk {
  public:
    Desk(NodeOptions options, identity::TrustBundle trust);
    /// The same with what was durable before.
    void restart(NodeOptions options, identity::TrustBundle trust);

    void give(const Input& input);
    void peer_up(LinkId link, const std::string& peer, bool authenticated = true, bool tram = false);
    TransferId arrive(LinkId link, Bytes wire);
    /// Answers all checks that are waiting, truthfully.
    void check_all();
    void sync();
    /// Everything that can be done is done.
    void settle();

    [[nodiscard]] bool accepted(TransferId transfer) const { return accepts.contains(transfer); }
    /// How the transfer was refused, if it was.
    [[nodiscard]] std::optional<Refusal> refusal(TransferId transfer) const;
    [[nodiscard]] std::uint64_t refused(ErrorCode code) const {
        return node->custody().counters().refused[static_cast<std::size_t>(code)];
    }
    [[nodiscard]] std::size_t stored() const { return node->custody().inventory().entries().size(); }
    /// The last notification of that kind, or an empty text.
    [[nodiscard]] std::string last_notice(effect::Notify::What what) const;
    /// What was transmitted on `link` so far, decoded.
    [[nodiscard]] std::vector<bpv7::Bundle> transmitted(LinkId link) const;
    [[nodiscard]] Now now() const { return {Instant{Duration{monotonic_ms}}, wall}; }

    std::unique_ptr<Node> node;
    std::optional<DtnTime> wall{DtnTime{kWall_ms}};
    Duration::rep monotonic_ms = 5'000;
    bool durable = true;  ///< false: batches wait for sync()

    std::map<TransferId, bool> accepts;
    std::map<TransferId, Refusal> refusals;
    std::deque<effect::Check> checks;
    std::vector<effect::Transmit> transmits;
    std::vector<effect::Notify> notices;
    std::vector<effect::Disconnect> disconnects;
    std::vector<effect::Reply> replies;

  private:
    void start(NodeOptions options, identity::TrustBundle trust);
    void run();
    void apply(const store::Batch& batch);

    std::map<BundleKey, std::pair<store::BundleRecord, Bytes>> bundles_;
    std::map<Bytes, store::Tombstone, bool (*)(const Bytes&, const Bytes&)> tombstones_;
    std::map<std::string, Bytes> state_;
    std::vector<effect::Persist> waiting_;
    TransferId last_transfer_ = 100;
};

/// What a hand-made bundle says.
struct Sheet {
    std::string source;
    std::string destination = "dtn://18904-srv/in";
    std::string payload = "paper";
    std::uint64_t sequence = 1;
    std::uint64_t flags = bpv7::bundle_flag::kMustNotFragment;
    DtnTime created{kWall_ms};
    std::uint64_t lifetime_ms = 86'400'000;
    bool with_class = true;
};
bpv7::Bundle draw(const Sheet& sheet);
/// Signed by `device`, encoded.
Bytes signed_wire(const Sheet& sheet, const Device& device);

}  // namespace tram::node::testing
