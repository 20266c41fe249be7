// Messages on their way out: from an application's open draft to bundles that set out together.
//
//   open -> { append }* -> finish -> all chunks become ready, in one change
//             |
//             +-- drop, 10 minutes without a request, a restart: as if it had never been
//
// Content is sealed as it comes; each full chunk is stored as a bundle at once, so a draft holds one piece in
// memory. Until the message is finished its bundles are drafts: neither offered nor delivered. A state row
// "draft/<message id>" marks them on disk; finishing erases it in the batch that stores the last chunk.
//
// A sealed message to one node stays, wherever its chunks have gone, until its receipt is back (Receipts).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/node/cargo.h"
#include "daemon/node/custody.h"
#include "daemon/node/delivery.h"
#include "daemon/node/receipts.h"
#include "daemon/node/room.h"
#include "proto/envelope/envelope.h"

namespace tram::node {

class Outgoing {
  public:
    /// The key that messages for a node are sealed with. Errors: no_sealing_key and what is wrong with the
    /// certificate.
    using FindRecipient = std::function<Result<envelope::Recipient>(const std::string& node_id)>;

    static constexpr std::size_t kDraftsMax = 64;
    static constexpr Duration kIdleMax{600'000};

    Outgoing(Custody& custody, Room& room, const Delivery& delivery, Receipts& receipts,
             FindRecipient find_recipient);

    void restore_state(const std::string& name);
    /// Removes what was not finished before the restart. Before any bundle is ready.
    void start();

    void open(const input::OpenMessage& open);
    /// Opens a message with `cargo`, whose content begins with `head`. Errors: those of OpenMessage, and of
    /// Cargo::see().
    Result<effect::Reply::Opened> open(const MessageTerms& terms, Cargo cargo, ByteView head);
    /// The same for a message that is no longer than `head`: it sets out at once. Its id. Errors: also full.
    Result<envelope::MessageId> send(const MessageTerms& terms, Cargo cargo, ByteView head);
    [[nodiscard]] bool is_open(const std::string& token) const { return drafts_.contains(token); }
    void append(const input::AppendMessage& append);
    void finish(const input::FinishMessage& finish);
    void drop(const input::DropMessage& drop);
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const;

  private:
    struct Draft {
        MessageTerms terms;
        bpv7::Eid source;
        envelope::MessageId message_id{};
        envelope::Sealer sealer;
        std::uint64_t content_taken = 0;
        std::vector<std::string> recipients;  // node ids
        std::vector<BundleKey> chunks;
        Instant used;  // last
        std::optional<Cargo> cargo{};
    };
    using Drafts = std::map<std::string, Draft>;  // by token

    [[nodiscard]] Result<void> check(const MessageTerms& terms) const;
    [[nodiscard]] Result<std::vector<envelope::Recipient>> recipients_for(const MessageTerms& terms) const;
    Result<Draft> begin(const MessageTerms& terms);
    Result<Drafts::iterator> add_draft(const MessageTerms& terms);
    /// Upper bound of what `chunks` chunks of the draft take in the store.
    [[nodiscard]] static std::uint64_t room_for(const Draft& draft, std::uint64_t chunks);
    /// What all drafts still have to store.
    [[nodiscard]] std::uint64_t promised() const;
    /// `margin`: what has to be free besides.
    [[nodiscard]] Result<void> reserve(std::uint64_t bytes, std::uint64_t margin = 0) const;
    Drafts::iterator use(const std::string& token, RequestId request);
    Result<void> take(Draft& draft, ByteView content);
    Result<void> store(Draft& draft, std::vector<Bytes>& chunks);
    [[nodiscard]] bool awaits_receipt(const Draft& draft) const;
    void await_receipt(const Draft& draft);
    /// Makes a message of the draft; what its sender hears. Errors: the draft is gone, but after truncated
    /// and full.
    Result<effect::Reply::Sent> publish(Drafts::iterator draft);
    Result<effect::Reply::Sent> set_out(Draft& draft);
    void abandon(Drafts::iterator draft);
    void refuse(RequestId request, Error why);

    Custody& custody_;
    Room& room_;
    const Delivery& delivery_;
    Receipts& receipts_;
    FindRecipient find_recipient_;
    Drafts drafts_;
    std::set<std::string> unfinished_;  // rows of drafts that a restart found
};

}  // namespace tram::node
