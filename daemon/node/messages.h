// Handing messages to applications: chunks gather here until a message is complete; it is then handed out,
// opened piece by piece while it is read, and removed as a whole when it is acknowledged.
//
//   chunks come ... complete -> waits -> leased -> read 0, 1, 2 ... last -> acknowledged: all chunks gone
//                                          ^ |
//                                          | +-- does not open: refused, all chunks gone with tombstones
//                                          |     may open later (no key, unknown signer): set aside
//                                          +---- lease over, restart: from 0 again under the same token
//
// The acknowledgement of a sealed message makes a receipt, in the batch that removes the chunks. It names the
// digest of the content: when a restart has forgotten that, the node reads the message once more by itself
// before it answers the acknowledgement.
//
// Some messages are read by a part of the node first (MessageReader), which says what becomes of them:
//
//   complete -> read by the node -> verdict: offered as above | kept, read by token | gone | refused
//
// One piece is in memory for each message that is being read. What its chunks say about a message is proved
// by their signatures only; what the message says, by what is signed inside.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/node/custody.h"
#include "daemon/node/made_receipts.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/pickup.h"
#include "proto/admin/message.h"
#include "proto/envelope/envelope.h"

namespace tram::node {

class Messages {
  public:
    using FindSigner = envelope::Opener::FindSigner;

    Messages(Custody& custody, MadeReceipts& made_receipts, FindSigner find_signer);

    /// Before start; the first that wants a message reads it. Not on an open node.
    void add_reader(MessageReader& reader) { readers_.push_back(&reader); }

    /// A chunk for an endpoint here is durable. It may be refused and removed at once when it contradicts
    /// the others of its message.
    void ready(const Entry& chunk);
    void withdraw(const Entry& chunk);
    void fetch(const input::FetchMessage& fetch) { pickup_.ask(fetch.request, fetch.endpoint, fetch.wait); }
    void read(const input::ReadMessage& read);
    void acknowledge(const input::AcknowledgeMessage& acknowledge);
    void take_back(const input::Return& given_back);
    /// Removes a message that is kept, and every part of it that is to be forwarded.
    void end(const MessageName& name, store::Ending ending);
    /// A complete message: what ReadMessage needs to know, or nothing.
    struct Readable {
        std::string token;
        std::uint64_t piece_count = 0;
    };
    [[nodiscard]] std::optional<Readable> readable(const MessageName& name) const;
    void tick();
    [[nodiscard]] std::optional<Instant> next_timeout() const { return pickup_.next_timeout(); }

  private:
    using Number = Pickup::Item;  // of a message, in order of its first chunk's arrival
    struct Read {
        RequestId request = 0;
        std::uint64_t index = 0;
    };
    struct Contents {
        cose::Digest digest{};
        bool sealed = false;
    };
    /// While the node reads a message for one of its parts.
    struct OwnReading {
        MessageReader* reader = nullptr;
        admin::ContentReader content;
        bool head_only = false;
    };
    struct Message {
        MessageName name;
        std::string token;
        std::uint64_t chunk_count = 0;
        std::map<std::uint64_t, BundleKey> chunks;  // by index
        Rank rank;                                  // of chunk 0, once complete
        std::optional<envelope::Opener> opener;     // while it is read
        std::uint64_t next = 0;                     // the index that the opener wants
        std::deque<Read> reads;                     // in order; the first may be under way
        bool loading = false;
        bool going_on = false;             // go_on_reading() runs
        std::uint64_t loads = 0;           // tells an answer that nobody waits for any more
        bool complained = false;           // said once that it does not open now
        std::optional<Contents> contents;  // once it was read to its end
        std::optional<OwnReading> reading;
        bool judged = false;                   // no reader wants it, or one has said what becomes of it
        bool kept = false;                     // not for those who fetch
        bool confirmed = false;                // its receipt was made
        std::vector<RequestId> acknowledging;  // wait while the node itself reads it

        [[nodiscard]] bool complete() const { return chunks.size() == chunk_count; }
    };

    [[nodiscard]] Message* find(Number number);
    [[nodiscard]] std::pair<Number, Message*> by_token(const std::string& token);
    static std::string token_for(const MessageName& name);
    void offer(Number number, Message& message);
    void contradict(const Entry& chunk, const std::string& why);
    /// The chunk is not there any more: its message is not complete.
    void lose(Number number, std::uint64_t index);
    void stop_reading(Message& message, const Error& why);
    void forget(Number number);

    [[nodiscard]] Result<envelope::Opener> opener_for(const Message& message) const;
    /// Calls `use` with the payload of a chunk; nothing when the chunk or the message went meanwhile.
    using PayloadUser = std::function<void(Message*, const Bytes& payload)>;
    void with_chunk(Number number, std::uint64_t index, PayloadUser use);
    /// What shows when the first chunk is opened.
    struct Dress {
        bool sealed = true;
        envelope::Header header{};
    };
    void hand_out(const Pickup::Waiter& waiter, Number number);
    void announce(const Pickup::Waiter& waiter, const Message& message, const Dress& dress);
    void go_on_reading(Number number);
    void read_on(Number number);
    void opened(Number number, Message& message, const Bytes& payload);
    /// What may be put right on this node: then the message is kept.
    static bool may_open_later(ErrorCode code);
    void does_not_open(Number number, Message& message, const Error& why);
    void refuse(Number number, Message& message);
    /// Whether its receipt needs the digest of what was not read to the end since the last restart.
    [[nodiscard]] bool must_read_again(const Message& message) const;
    void delivered(Number number, Message& message);
    void make_receipt(Message& message);

    // message_judging.cpp: what parts of the node read.
    /// The message is complete, and nobody has it.
    void arrive(Number number, Message& message);
    [[nodiscard]] MessageReader* reader_for(const Message& message) const;
    void read_piece(Number number, Message& message, ByteView content);
    void read_to_end(Number number, Message& message);
    void cannot_read(Number number, Message& message, const Error& why);
    /// It is like any other message.
    void leave_to_applications(Number number, Message& message);
    void carry_out(Number number, Message& message, const Verdict& verdict);
    void complain(const Message& message, const Error& why, bool kept);
    void keep_for(const Message& message, std::uint64_t keep_ms);
    void remove(Number number, store::Ending ending);

    Custody& custody_;
    MadeReceipts& made_receipts_;
    FindSigner find_signer_;
    std::map<Number, Message> messages_;
    std::vector<MessageReader*> readers_;
    std::map<MessageName, Number> by_name_;
    std::unordered_map<std::string, Number> by_token_;
    Number last_number_ = 0;
    Pickup pickup_;
};

}  // namespace tram::node
