// Receipts that come here: what they say, whether they may say it, and what follows.
//
//   at the sender    a message was sent -> its row and chunks stay -> a good receipt of its recipient comes:
//                    the receipt is kept as evidence, row and chunks go, in one batch
//   at carriers      a good receipt for somebody else passes -> copies of its message go, with tombstones,
//                    and later ones are not taken, as long as the receipt is here or remembered
//
// A forged, altered or mis-signed receipt, and one by who is not the recipient, changes nothing and is
// refused. Rows: "sent/<message id>" of each message that waits, "receipt/<name>" of each that is kept.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/receipt_rows.h"
#include "daemon/node/trust.h"
#include "proto/admin/receipt.h"

namespace tram::node {

class Receipts {
  public:
    /// Of the receipts that are kept; the oldest go first.
    static constexpr std::size_t kKeptMax = 4'096;
    static constexpr std::uint64_t kKeptMax_ms = 1'096ULL * 24 * 3600 * 1000;
    /// More about one message are taken and not kept. A notice has up to three from every node of a commune.
    static constexpr std::size_t kOfOneMessageMax = 1'024;

    Receipts(Custody& custody, const Trust& trust) : custody_{custody}, trust_{trust} {}

    /// Before start; hears of every receipt about messages of ours.
    void add_listener(ReceiptListener& listener) { listeners_.push_back(&listener); }
    void restore_state(const std::string& name, ByteView value);
    /// After drafts have been cleared away.
    void start();

    /// A message of ours sets out and waits for its receipt; in the batch that releases it.
    void sent(SentMessage message);
    /// The same, from one of its chunks: for the node it is sent to, whatever digest the receipt names.
    void wait_for(const Entry& chunk);
    /// A bundle has been removed by the operator or by its age: when it was the last of its message, nothing
    /// waits any more.
    void chunk_gone(const store::BundleRecord& record);
    void expire(std::uint64_t now_ms);

    /// Whether the bundle claims to be a receipt. On an open node none does: nobody could check it.
    [[nodiscard]] bool is_receipt(const bpv7::Bundle& bundle) const;
    /// The receipt in the bundle, whose address is that of the message's maker; nothing in it may be believed
    /// before admin::verify_receipt(). Errors: those of admin::read_receipt(), forbidden (wrong address, a
    /// fragment, another kind of bundle).
    [[nodiscard]] Result<admin::SignedReceipt> read(const bpv7::Bundle& bundle) const;
    /// The key that it must be signed with. Errors: those of Keyring::signer().
    [[nodiscard]] Result<cose::PublicKey> signer_of(const admin::SignedReceipt& signed_receipt) const;
    /// One for a message of this node: kept, and what waited for it goes. One that nobody waits for is taken
    /// and forgotten. Errors: those of admin::confirms() but not_found.
    Result<void> take(const admin::SignedReceipt& signed_receipt);
    /// One for another node: removes the copies of the message here. What it ends, or null when it is not of
    /// the kind that ends a message's way. Errors: wrong_sender (its holder is not the node that the message
    /// is for).
    Result<std::shared_ptr<const store::EndedMessage>> pass(const admin::SignedReceipt& signed_receipt);
    /// The class block of a bundle. Errors: not_found, and those of bpv7::decode_class().
    [[nodiscard]] static Result<bpv7::ClassBlock> class_of(const bpv7::Bundle& bundle);
    /// Whether a chunk is of a message that is known to have arrived.
    [[nodiscard]] bool is_needless(const bpv7::Bundle& bundle) const;

    [[nodiscard]] const std::map<MessageId, SentMessage>& waiting() const { return waiting_; }
    /// Whether one that ends the message's way is kept.
    [[nodiscard]] bool has_arrived(const MessageId& id) const;
    /// By name: hexadecimal, the same for the same receipt.
    [[nodiscard]] const std::map<std::string, KeptReceipt>& kept() const { return kept_; }

  private:
    [[nodiscard]] std::optional<admin::Awaited> awaited(const admin::Receipt& receipt) const;
    [[nodiscard]] bool is_told(std::string_view name, const admin::SignedReceipt& news) const;
    void keep(const admin::SignedReceipt& signed_receipt);
    void forget(const std::string& name);
    void release(const admin::Receipt& receipt);

    Custody& custody_;
    const Trust& trust_;
    std::vector<ReceiptListener*> listeners_;
    std::map<MessageId, SentMessage> waiting_;
    std::map<std::string, KeptReceipt> kept_;
    std::map<MessageId, std::vector<std::string>> kept_of_;              // names
    std::map<std::pair<std::uint64_t, std::string>, MessageId> by_age_;  // of kept_
};

}  // namespace tram::node
