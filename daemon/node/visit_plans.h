// Visit plans at a node: read wherever they pass, and given to the router.
//
//   office      PublishPlan -> number, office, lifetime -> it sets out, with its row
//   everywhere  it comes -> signed by the node of its commune's office? -> a higher number? -> its row;
//               the router has the visits of all plans; the message that it takes the place of is ended
//
// One row "visits/18904" for each commune: a plan that is over still says which numbers are not newer. An own
// plan that comes back to an office that has forgotten it (a restored server) is taken as any.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/node/copies.h"
#include "daemon/node/custody.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/messages.h"
#include "daemon/node/outgoing.h"
#include "daemon/node/trust.h"
#include "daemon/registry/plans.h"

namespace tram::node {

class VisitPlans final : public MessageReader {
  public:
    /// That of the own commune among them, which always has a place.
    static constexpr std::size_t kCommunesMax = 5;

    VisitPlans(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages, Copies& copies);

    void restore_state(const std::string& name, ByteView value);
    /// What could not be read, for the log.
    std::vector<Error> start();

    [[nodiscard]] bool wants(const bpv7::Eid& destination, bpv7::Kind kind) const override;
    [[nodiscard]] std::optional<Verdict> known(const MessageName& name) const override;
    [[nodiscard]] Verdict take(const ArrivedMessage& arrived) override;

    void publish(const input::PublishPlan& publish);

    /// By commune.
    [[nodiscard]] const std::map<std::string, registry::KnownPlan>& plans() const { return plans_; }

  private:
    [[nodiscard]] std::string own_id() const { return custody_.options().node_id.to_string(); }
    [[nodiscard]] std::string own_commune() const;
    Result<effect::Reply::Planned> publish_now(const input::PublishPlan& publish);
    /// What the office need not say, and whether it may say it.
    Result<admin::VisitPlan> complete(ByteView message) const;
    [[nodiscard]] Result<std::uint64_t> lifetime_ms(const admin::VisitPlan& plan) const;
    [[nodiscard]] std::vector<std::string> unknown_nodes(const admin::VisitPlan& plan) const;
    /// Plans of other communes that are over go first.
    bool make_room(const std::string& commune);
    /// It is the newest of its commune from now on.
    void learn(registry::KnownPlan known);
    void tell_router();

    Custody& custody_;
    const Trust& trust_;
    Outgoing& outgoing_;
    Messages& messages_;
    Copies& copies_;
    std::map<std::string, registry::KnownPlan> plans_;
    std::vector<Error> unreadable_;
};

}  // namespace tram::node
