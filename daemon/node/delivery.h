// Handing bundles to applications: at least once, with a stable id, and an acknowledgement that ends it.
//
// A bundle for an endpoint here waits until an application fetches it. Fetching leases it; without an
// acknowledgement it is handed out again when the lease is over, under the same token. The acknowledgement is
// answered when the removal is durable.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/node/custody.h"

namespace tram::node {

class Delivery {
  public:
    explicit Delivery(Custody& custody) : custody_{custody} {}

    /// Whether bundles for `endpoint` belong to applications of this node.
    [[nodiscard]] bool is_local(const bpv7::Eid& endpoint) const;
    /// What becomes of a bundle for `destination`: delivered here when it is local; forwarded when it is not,
    /// or when others of its group want it too.
    [[nodiscard]] Intake intake_for(const bpv7::Eid& destination) const;
    /// The bundle is durable, whole and for an endpoint here.
    void ready(const Entry& entry);
    void withdraw(const Entry& entry);
    void fetch(const input::Fetch& fetch);
    void acknowledge(const input::Acknowledge& acknowledge);
    void take_back(const input::Return& given_back);
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const;

  private:
    using Position = std::pair<Rank, BundleKey>;
    struct Token {
        BundleKey key = 0;
        std::string short_id;
    };
    static std::optional<Token> parse_token(std::string_view text);
    struct Waiter {
        RequestId request = 0;
        std::string endpoint;
        Instant until;
    };
    /// The bundle that a token names; nullptr when it is gone or the token is another bundle's.
    Entry* named_by(const Token& token);
    void serve(const std::string& endpoint);
    void end_lease(BundleKey key);
    void hand_out(RequestId request, const Entry& entry);
    void delivered(Entry& entry);

    Custody& custody_;
    std::map<std::string, std::set<Position>> waiting_;   // by endpoint, what can be handed out
    std::unordered_map<BundleKey, Instant> leases_;       // until when
    std::set<std::pair<Instant, BundleKey>> lease_ends_;  // of leases_
    std::vector<Waiter> waiters_;                         // oldest first
};

}  // namespace tram::node
