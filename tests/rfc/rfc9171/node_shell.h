// A shell around one Node: keeps what it persists in memory and answers its effects at once, so that a test
// can say what happens and look at what the node does about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/node/node.h"
#include "proto/bpv7/status_report.h"
#include "wire.h"

namespace tram::rfc9171 {

/// Half a second after the creation time in Primary's defaults.
inline constexpr std::uint64_t kWallStart = 819'280'839'925;

class Shell {
  public:
    explicit Shell(node::NodeOptions options = defaults(), bool trusted_clock = true);
    static node::NodeOptions defaults();  ///< dtn://here/, epidemic, status reports on

    void step(const node::Input& input);
    void pass(Duration time);  ///< lets time go by, with a Tick whenever the node asks for one

    void peer_up(node::LinkId link, std::string_view eid, std::uint64_t mru = 1'000'000'000);
    /// `wire` comes in on `link`; the number of the transfer.
    node::TransferId arrive(node::LinkId link, const Buffer& wire);
    /// The peer takes everything that was transmitted on `link` and not yet answered.
    void confirm(node::LinkId link);

    bpv7::Bundle transmitted(std::size_t index) const;  ///< decoded; the test fails when it is not legal
    /// Transmitted bundles that are no administrative records.
    std::vector<bpv7::Bundle> forwarded() const;
    /// Status reports that were transmitted, decoded, each once.
    std::vector<bpv7::StatusReport> reports() const;
    /// Those that assert `which`.
    std::vector<bpv7::StatusReport> reports(bpv7::Assertion which) const;
    bool accepted(node::TransferId transfer) const;
    bool refused(node::TransferId transfer) const;
    /// What an application that asks for a bundle of `endpoint` gets now, or nothing.
    std::optional<node::HandOver> fetch(std::string_view endpoint);
    void acknowledge(const std::string& token);
    /// The keys of the bundles in the store.
    std::vector<node::BundleKey> stored() const;

    node::Node node;
    Instant monotonic{Duration{5'000'000}};
    std::optional<DtnTime> wall;
    bool durable = true;  ///< false: batches wait until settle()
    void settle();

    std::vector<node::effect::Transmit> transmits;
    std::vector<node::effect::Accept> accepts;
    std::vector<node::effect::Refuse> refusals;
    std::vector<node::effect::Reply> replies;

  private:
    Now now() const { return {monotonic, wall}; }
    void run();
    void apply(const store::Batch& batch);

    std::map<node::BundleKey, Bytes> store_;
    std::vector<node::effect::Persist> waiting_;
    std::size_t confirmed_ = 0;
    node::TransferId next_transfer_ = 100;
    node::RequestId next_request_ = 1;
};

}  // namespace tram::rfc9171
