// Handing bundles to applications: at least once, with a stable id, and an acknowledgement that ends it.
//
// A bundle for an endpoint here waits until an application fetches it. Fetching leases it; without an
// acknowledgement it is handed out again when the lease is over, under the same token. The acknowledgement is
// answered when the removal is durable. Parts of messages are not handed out here: see Messages.
#pragma once

#include <string>

#include "daemon/node/custody.h"
#include "daemon/node/pickup.h"

namespace tram::node {

/// An application, or the destination, is done with the bundle: it goes, with a tombstone; one that others
/// of its group want stays for them.
void end_delivery(Custody& custody, Entry& entry, store::Ending ending);

class Delivery {
  public:
    explicit Delivery(Custody& custody);

    /// What becomes of a bundle for `destination`: delivered here when it is local; forwarded when it is not,
    /// or when others of its group want it too.
    [[nodiscard]] Intake intake_for(const bpv7::Eid& destination) const;
    /// The bundle is durable, whole and for an endpoint here.
    void ready(const Entry& entry);
    void withdraw(const Entry& entry);
    void fetch(const input::Fetch& fetch) { pickup_.ask(fetch.request, fetch.endpoint, fetch.wait); }
    void acknowledge(const input::Acknowledge& acknowledge);
    void take_back(const input::Return& given_back);
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const { return pickup_.next_timeout(); }

  private:
    struct Token {
        BundleKey key = 0;
        std::string short_id;
    };
    static std::optional<Token> parse_token(std::string_view text);
    /// The bundle that a token names; nullptr when it is gone or the token is another bundle's.
    Entry* named_by(const Token& token);
    void hand_out(const Pickup::Waiter& waiter, BundleKey key);
    void delivered(Entry& entry);

    Custody& custody_;
    Pickup pickup_;  // of bundles by key
};

}  // namespace tram::node
