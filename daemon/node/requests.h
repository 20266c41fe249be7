// Requests that applications file here, on their way to an office, and what the office says of them.
//
//   FileRequest -> number, head of the message -> { AppendMessage: attachments } -> FinishMessage
//   words of the office --> dtn://<this node>/updates --> read by the node --> row, kept to be revealed
//   HandOverResult -> receipt "handed over" to the office; the message of the result goes
//
// The number is given in the batch that marks the draft, before anybody hears of it; the row of the request
// is written in the batch in which the message sets out. A crash in between forgets both, and the number is
// not given again. With a client's key a request is filed once, however often it is asked for. A supplement
// or a withdrawal goes the same way under the number of its request, one at a time.
//
// An office is at the endpoint that NodeOptions::offices says; a commune's own (xa:18904) is by default at
// dtn://18904-srv/requests. Others (police, health station) have no default: what is for them must not be
// opened by the commune's server.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/letter.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/messages.h"
#include "daemon/node/outgoing.h"
#include "daemon/node/trust.h"
#include "daemon/registry/registry.h"

namespace tram::node {

class Requests final : public MessageReader, public ReceiptListener {
  public:
    Requests(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages);

    /// Before start; hears of what is handed over of dossiers of an office at this very node.
    void set_office(ReceiptListener& office) { office_ = &office; }
    void restore_state(const std::string& name, ByteView value);
    /// What could not be read, for the log.
    std::vector<Error> start();

    void file(const input::FileRequest& file);
    void hand_over(const input::HandOverResult& hand_over);
    /// The words of the office that are here. Errors: not_found.
    [[nodiscard]] Result<effect::Reply::Revealed> reveal(const admin::LocalNumber& number) const;
    /// Whether the message of a word is here.
    [[nodiscard]] bool is_here(const registry::Request& request, const admin::MessageId& word) const;

    [[nodiscard]] const registry::Registry& registry() const { return registry_; }

    [[nodiscard]] bool wants(const bpv7::Eid& destination, bpv7::Kind kind) const override;
    [[nodiscard]] std::optional<Verdict> known(const MessageName& name) const override;
    [[nodiscard]] Verdict take(const ArrivedMessage& arrived) override;
    [[nodiscard]] std::optional<admin::Awaited> awaits(const admin::Receipt& receipt) const override;
    Result<void> take(const admin::Receipt& receipt) override;

  private:
    using Filing = effect::Reply::Filing;

    Result<Filing> begin(const input::FileRequest& file);
    Result<Filing> begin_new(const input::FileRequest& file);
    Result<Filing> begin_part(const input::FileRequest& file, const std::string& local_number);
    /// What was filed under the same key; nothing: it is new. Errors: contradiction.
    [[nodiscard]] Result<std::string> filed_before(const registry::Filing& filing) const;
    /// Now, as far as the clock is believed.
    void stamp(admin::pb::Message& message) const;
    /// One draft for each key: an earlier one has been given up.
    void replace_draft(const registry::Filing& filing);
    Result<void> hand_over_now(const input::HandOverResult& hand_over);
    /// The message is kept; those that the dossier does not remember any more go.
    void keep(const ArrivedMessage& arrived, registry::Request& request);

    Custody& custody_;
    const Trust& trust_;
    Outgoing& outgoing_;
    Messages& messages_;
    ReceiptListener* office_ = nullptr;
    registry::Registry registry_;
    OpenLetters letters_;                         // of what follows a request
    std::map<cose::Digest, std::string> drafts_;  // of new ones: tokens, by client's key
    std::vector<Error> unreadable_;
    bool found_rows_ = false;
};

}  // namespace tram::node
