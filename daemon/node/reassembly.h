// Putting fragments together at the destination (RFC 9171 5.9).
//
// Fragments wait in the store like any bundle; when they cover the application data unit they are read, and
// the whole bundle takes their place in one batch.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "daemon/node/custody.h"
#include "proto/bpv7/fragments.h"

namespace tram::node {

class Reassembly {
  public:
    explicit Reassembly(Custody& custody) : custody_{custody} {}

    /// A fragment for this node is durable.
    void ready(const Entry& fragment);
    /// A fragment left (expired, cancelled) before the whole was there.
    void withdraw(const Entry& fragment);

    /// The id of the whole that a fragment belongs to.
    static bpv7::BundleId whole_id(bpv7::BundleId fragment);

  private:
    struct Pile {
        bpv7::Coverage coverage;
        std::set<BundleKey> keys;
        bool loading = false;
        bool stale = false;  ///< `coverage` still counts fragments that left
    };
    void renew(Pile& pile) const;
    void load(const bpv7::BundleId& whole, Pile& pile);
    void assemble(const bpv7::BundleId& whole, const std::vector<Bytes>& wires);

    Custody& custody_;
    std::map<bpv7::BundleId, Pile> piles_;
};

}  // namespace tram::node
