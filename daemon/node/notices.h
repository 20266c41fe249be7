// Notices at a node: read wherever they pass, so that what is superseded, recalled or secret ends at every
// hop.
//
//   issuer      PublishNotice -> edition, head -> { AppendMessage } -> FinishMessage:
//               its row, and that of its proof, in the batch in which it sets out
//   everywhere  it comes -> issued by the node of its office? -> newest edition? -> its row;
//               what it takes the place of is ended
//   village     the same -> receipt "delivered" for each of our villages
//               MarkNotice -> receipts "displayed", "announced"
//   issuer      these receipts -> its proof, and what is known of villages
//
// An office is at the node that NodeOptions::offices names; a commune's own (xa:18904) is by default
// dtn://18904-srv/. Nobody else's notice in its name is believed. Of an office whose node nobody has named
// here, notices are passed on and not shown.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/messages.h"
#include "daemon/node/outgoing.h"
#include "daemon/node/trust.h"
#include "daemon/registry/areas.h"
#include "daemon/registry/notices.h"

namespace tram::node {

class Notices : public MessageReader, public ReceiptListener {
  public:
    /// Of a newer program: only its head can be shown.
    struct Newer {
        admin::pb::Head head;
        std::string sender;  ///< node id
        std::uint64_t arrived_at_ms = 0;
        std::uint64_t expires_at_ms = 0;
    };
    static constexpr std::size_t kNewerMax = 256;

    Notices(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages);

    void restore_state(const std::string& name, ByteView value);
    /// What could not be read, for the log.
    std::vector<Error> start();

    [[nodiscard]] bool wants(const bpv7::Eid& destination, bpv7::Kind kind) const override;
    [[nodiscard]] std::optional<Verdict> known(const MessageName& name) const override;
    [[nodiscard]] Verdict take(const ArrivedMessage& arrived) override;

    [[nodiscard]] std::optional<admin::Awaited> awaits(const admin::Receipt& receipt) const override;
    Result<void> take(const admin::Receipt& receipt) override;

    void publish(const input::PublishNotice& publish);
    void mark(const input::MarkNotice& mark);
    void join(const input::JoinArea& join);
    void leave(const input::LeaveArea& leave);
    void expire(std::uint64_t now_ms);

    // For those who look on.
    [[nodiscard]] const registry::Notices& book() const { return book_; }
    [[nodiscard]] const registry::Areas& areas() const { return areas_; }
    [[nodiscard]] const std::map<MessageId, Newer>& newer() const { return newer_; }
    /// Errors: invalid_argument (no document number), not_found, ambiguous (say year or issuer).
    [[nodiscard]] Result<const registry::Notice*> find(const NoticeReference& reference) const;
    [[nodiscard]] bool is_own(const registry::Notice& notice) const;
    /// Nodes that took the whole notice from here.
    [[nodiscard]] std::vector<registry::Carrier> carriers(const registry::Notice& notice) const;

  private:
    [[nodiscard]] std::string own_id() const { return custody_.options().node_id.to_string(); }
    Verdict take_newer(const ArrivedMessage& arrived);
    /// Takes in what has come or was published. Nothing: there is a better one, and this one may go. Errors:
    /// those of KnownNotice::take(); full.
    Result<bool> learn(const admin::pb::Message& message, const admin::NoticeName& name,
                       const admin::Proof& proof, const MessageName& at, std::uint64_t content_bytes,
                       std::uint64_t age_ms);
    /// `older` is not valid any more.
    void supersede(const admin::NoticeName& older, const admin::NoticeName& by);
    void end_message(const registry::Notice& notice);
    /// Signs that the notice is here, in those of our villages where that was not said yet.
    void sign_delivered(registry::Notice& notice);
    Result<void> sign(const registry::Notice& notice, admin::Receipt receipt);

    // notice_publishing.cpp
    Result<effect::Reply::Publishing> begin(const input::PublishNotice& publish);
    /// Fills in what the office need not say. Errors: those of the rules, with what to do.
    Result<void> complete(admin::pb::Message& message) const;
    Result<void> complete_recall(admin::pb::Message& message) const;
    void complete_ended(admin::pb::Message& message) const;
    Result<void> complete_times(admin::pb::Notice& notice) const;
    [[nodiscard]] Result<std::uint32_t> next_edition(const admin::NoticeName& name, bool replace,
                                                     bool recall) const;
    [[nodiscard]] Result<void> may_speak_for(const admin::pb::Notice& notice) const;
    Result<MessageTerms> terms_for(const admin::pb::Message& message, std::size_t encoded_bytes) const;
    void published(const admin::pb::Message& message, const MessageName& at, const cose::Digest& digest,
                   std::uint64_t content_bytes);
    [[nodiscard]] std::vector<admin::Village> expected_villages(const admin::pb::Notice& notice) const;

    // notice_marks.cpp
    Result<void> mark_now(const input::MarkNotice& mark);

    Custody& custody_;
    const Trust& trust_;
    Outgoing& outgoing_;
    Messages& messages_;
    registry::Notices book_;
    registry::Areas areas_;
    std::vector<admin::Village> villages_;  // NodeOptions::villages
    std::map<MessageId, Newer> newer_;
    std::map<admin::NoticeName, std::string> drafts_;  // tokens
    std::vector<Error> unreadable_;
};

}  // namespace tram::node
