// Requests that applications file here, on their way to an office.
//
//   FileRequest -> number, head of the message -> { AppendMessage: attachments } -> FinishMessage
//
// The number is given in the batch that marks the draft, before anybody hears of it; the row of the request
// is written in the batch in which the message sets out. A crash in between forgets both, and the number is
// not given again. With a client's key a request is filed once, however often it is asked for.
//
// An office is at the endpoint that NodeOptions::offices says; a commune's own (xa:18904) is by default at
// dtn://18904-srv/requests. Others (police, health station) have no default: what is for them must not be
// opened by the commune's server.
#pragma once

#include <map>
#include <string>

#include "daemon/node/custody.h"
#include "daemon/node/outgoing.h"
#include "daemon/registry/registry.h"

namespace tram::node {

class Requests {
  public:
    Requests(Custody& custody, Outgoing& outgoing);

    void restore_state(const std::string& name, ByteView value);
    /// What could not be read, for the log.
    std::vector<Error> start();

    void file(const input::FileRequest& file);

    [[nodiscard]] const registry::Registry& registry() const { return registry_; }

  private:
    Result<effect::Reply::Filing> begin(const input::FileRequest& file);
    /// What was filed under the same key. Errors: contradiction.
    [[nodiscard]] Result<std::string> filed_before(const registry::Filing& filing) const;
    [[nodiscard]] Result<bpv7::Eid> endpoint_of(const admin::Office& office) const;
    /// One draft for each key: an earlier one has been given up.
    void replace_draft(const registry::Filing& filing);

    Custody& custody_;
    Outgoing& outgoing_;
    registry::Registry registry_;
    std::map<cose::Digest, std::string> drafts_;  // tokens, by client's key
    std::vector<Error> unreadable_;
    bool found_rows_ = false;
};

}  // namespace tram::node
