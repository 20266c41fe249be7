// An office at this node: requests come in, words about them go out.
//
//   request, supplement, withdrawal --> read by the node --> row, offered to the office's applications
//   SendUpdate -> numbered head -> { AppendMessage } -> FinishMessage -> the word sets out, and is the last
//   AcceptDossier -> official receipt (Mẫu 01) about the request's message
//
// A request is confirmed to its sender as soon as it is here with all its attachments: from then on it is
// the office's, and waits for its applications as long as it must. What contradicts a dossier is set aside
// unread and unconfirmed. A word has its number in the row from the batch in which it sets out: a crash
// before that forgets both.
//
// The offices of a node are the endpoints in NodeOptions::offices that are at this node, and a commune's own
// (xa:18904) at dtn://18904-srv/requests unless another endpoint is named for it.
#pragma once

#include <string>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/letter.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/messages.h"
#include "daemon/node/outgoing.h"
#include "daemon/node/trust.h"
#include "daemon/registry/dossiers.h"

namespace tram::node {

class Dossiers final : public MessageReader, public ReceiptListener {
  public:
    /// `filed`: hears of official receipts about requests that were filed at this very node.
    Dossiers(Custody& custody, const Trust& trust, Outgoing& outgoing, const Messages& messages,
             ReceiptListener& filed);

    void restore_state(const std::string& name, ByteView value);
    /// What could not be read, for the log.
    std::vector<Error> start();

    void send_update(const input::SendUpdate& send);
    void accept(const input::AcceptDossier& accept);
    /// Errors: not_found.
    [[nodiscard]] Result<effect::Reply::Revealed> reveal(const admin::LocalNumber& number) const;
    /// Whether a part waits here for an application.
    [[nodiscard]] bool is_waiting(const registry::Received& received) const;

    [[nodiscard]] const registry::Dossiers& registry() const { return registry_; }

    [[nodiscard]] bool wants(const bpv7::Eid& destination, bpv7::Kind kind) const override;
    [[nodiscard]] std::optional<Verdict> known(const MessageName& name) const override;
    [[nodiscard]] Verdict take(const ArrivedMessage& arrived) override;
    [[nodiscard]] std::optional<admin::Awaited> awaits(const admin::Receipt& receipt) const override;
    Result<void> take(const admin::Receipt& receipt) override;

  private:
    [[nodiscard]] bool is_office(const bpv7::Eid& endpoint) const;
    Result<effect::Reply::Filing> begin(const input::SendUpdate& send);
    /// The word that was sent under the same key. Errors: contradiction.
    [[nodiscard]] Result<std::optional<effect::Reply::Filing>> sent_before(
        const registry::Received& received, const registry::Draft& draft) const;
    Result<void> accept_now(const input::AcceptDossier& accept);

    Custody& custody_;
    const Trust& trust_;
    Outgoing& outgoing_;
    const Messages& messages_;
    ReceiptListener& filed_;
    registry::Dossiers registry_;
    OpenLetters letters_;
    std::vector<Error> unreadable_;
};

}  // namespace tram::node
