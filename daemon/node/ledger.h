// Who holds what: for each bundle here, the peers that are known to have it too, and since when.
//
// What a peer has acknowledged is also in the record (store::BundleRecord::forwarded_to) and comes back after
// a restart; what it has only said is known again when it is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tram::node {

/// Stands for a peer's name while the node runs.
using PeerNumber = std::uint32_t;
/// Of a name that was never heard.
inline constexpr PeerNumber kNobody = ~PeerNumber{0};

class Ledger {
  public:
    /// The same for the same node id text.
    PeerNumber number(std::string_view peer);
    /// The same without remembering the name; kNobody: it is not known.
    [[nodiscard]] PeerNumber find(std::string_view peer) const;

  private:
    std::unordered_map<std::string, PeerNumber> numbers_;
};

/// Of one bundle.
class Holders {
  public:
    void add(PeerNumber peer, std::uint64_t now_ms);
    void forget(PeerNumber peer);
    /// Whether `peer` was known to hold it after `since_ms`; node time.
    [[nodiscard]] bool contains(PeerNumber peer, std::uint64_t since_ms) const;

  private:
    struct Holder {
        PeerNumber peer = 0;
        std::uint32_t at_s = 0;
    };
    std::vector<Holder> holders_;
};

}  // namespace tram::node
