#include "daemon/node/messages.h"

#include <algorithm>
#include <sodium.h>
#include <utility>

#include "daemon/node/delivery.h"
#include "daemon/node/reports.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::size_t kReadsMax = 16;
constexpr std::size_t kTokenBytes = 16;

Error not_here() {
    return {ErrorCode::kNotFound,
            "no complete message waits here under this token: it was acknowledged, refused, has expired or "
            "lost a part; fetch the next one"};
}

}  // namespace

bool Messages::may_open_later(ErrorCode code) {
    return code == ErrorCode::kNoSealingKey || code == ErrorCode::kUnknownSigner ||
           code == ErrorCode::kUnknownSuite || code == ErrorCode::kUnsupportedVersion;
}

Messages::Messages(Custody& custody, MadeReceipts& made_receipts, FindSigner find_signer)
    : custody_{custody},
      made_receipts_{made_receipts},
      find_signer_{std::move(find_signer)},
      pickup_{custody,
              [this](const Pickup::Waiter& waiter, Pickup::Item number) { hand_out(waiter, number); }} {}

Messages::Message* Messages::find(Number number) {
    const auto found = messages_.find(number);
    return found == messages_.end() ? nullptr : &found->second;
}

std::pair<Messages::Number, Messages::Message*> Messages::by_token(const std::string& token) {
    const auto found = by_token_.find(token);
    if (found == by_token_.end()) return {0, nullptr};
    return {found->second, find(found->second)};
}

// A hash of the name: the same for every hand-over and across restarts, and no other message's.
std::string Messages::token_for(const MessageName& name) {
    cbor::Writer out;
    out.open_array(3);
    out.write_text(name.source);
    out.write_text(name.destination);
    out.write_bytes(name.message_id);
    std::array<std::uint8_t, kTokenBytes> hash;
    crypto_generichash(hash.data(), hash.size(), out.buffer().data(), out.size(), nullptr, 0);
    return to_hex(hash);
}

void Messages::ready(const Entry& entry) {
    const store::ChunkRecord& chunk = *entry.record.chunk;
    if (chunk.count > envelope::kChunksMax) return contradict(entry, "no message has so many chunks");
    MessageName name{entry.record.source, entry.record.destination, chunk.message_id};
    const auto [known, first] = by_name_.try_emplace(name, last_number_ + 1);
    if (first) {
        Message& message = messages_[++last_number_];
        message.token = token_for(name);
        message.name = std::move(name);
        message.chunk_count = chunk.count;
        by_token_[message.token] = last_number_;
    }
    const Number number = known->second;
    Message& message = messages_.at(number);
    if (message.chunk_count != chunk.count) {
        return contradict(entry, "it says " + std::to_string(chunk.count) + " chunks and others say " +
                                     std::to_string(message.chunk_count));
    }
    const auto [place, added] = message.chunks.emplace(chunk.index, entry.record.key);
    if (!added) {
        if (place->second == entry.record.key) return;
        if (custody_.inventory().find(place->second) != nullptr) {
            return contradict(entry, "another bundle is chunk " + std::to_string(chunk.index) + " already");
        }
        place->second = entry.record.key;
    }
    if (message.complete()) arrive(number, message);
}

void Messages::offer(Number number, Message& message) {
    const Entry* head = custody_.inventory().find(message.chunks.begin()->second);
    if (head == nullptr) return lose(number, 0);
    message.rank = rank_of(head->record);
    if (custody_.options().weigh != nullptr) message.contents = Contents{{}, true};
    pickup_.offer(message.name.destination, message.rank, number);
}

void Messages::contradict(const Entry& chunk, const std::string& why) {
    ++custody_.counters().refused[static_cast<std::size_t>(ErrorCode::kForeignChunk)];
    custody_.notify(effect::Notify::What::kRefused, chunk, {},
                    std::string{code_name(ErrorCode::kForeignChunk)} + ": " + why);
    if (Entry* entry = custody_.inventory().find(chunk.record.key)) {
        end_delivery(custody_, *entry, store::Ending::kRefused);
    }
}

void Messages::withdraw(const Entry& entry) {
    const store::ChunkRecord& chunk = *entry.record.chunk;
    const auto known =
        by_name_.find(MessageName{entry.record.source, entry.record.destination, chunk.message_id});
    if (known == by_name_.end()) return;
    const auto place = messages_.at(known->second).chunks.find(chunk.index);
    if (place == messages_.at(known->second).chunks.end() || place->second != entry.record.key) return;
    lose(known->second, chunk.index);
}

void Messages::lose(Number number, std::uint64_t index) {
    Message* message = find(number);
    if (message == nullptr) return;
    stop_reading(*message, not_here());
    pickup_.withdraw(message->name.destination, message->rank, number);
    message->contents.reset();
    message->reading.reset();
    message->chunks.erase(index);
    if (message->chunks.empty()) forget(number);
}

void Messages::stop_reading(Message& message, const Error& why) {
    if (message.acknowledging.empty() && !message.reading) {
        for (const Read& read : message.reads)
            custody_.emit(effect::Reply{read.request, std::unexpected{why}});
    }
    for (const RequestId request : message.acknowledging)
        custody_.emit(effect::Reply{request, std::unexpected{why}});
    message.reads.clear();
    message.acknowledging.clear();
    message.opener.reset();
    message.loading = false;
    ++message.loads;
}

void Messages::forget(Number number) {
    const auto found = messages_.find(number);
    by_name_.erase(found->second.name);
    by_token_.erase(found->second.token);
    messages_.erase(found);
}

Result<envelope::Opener> Messages::opener_for(const Message& message) const {
    const auto source = bpv7::Eid::parse(message.name.source, custody_.options().limits);
    if (!source) return std::unexpected{source.error()};
    return envelope::Opener{{.source = message.name.source,
                             .sender = source->node_id().to_string(),
                             .destination = message.name.destination,
                             .message_id = message.name.message_id},
                            message.chunk_count,
                            custody_.options().node_id.to_string(),
                            custody_.options().security.sealing_key.get(),
                            find_signer_};
}

void Messages::with_chunk(Number number, std::uint64_t index, PayloadUser use) {
    Message* message = find(number);
    const auto place = message->chunks.find(index);
    const Entry* entry = place == message->chunks.end() ? nullptr : custody_.inventory().find(place->second);
    if (entry == nullptr) {
        lose(number, index);
        return use(nullptr, {});
    }
    message->loading = true;
    custody_.with_wire(*entry, [this, number, index, load = ++message->loads,
                                use = std::move(use)](const Result<Bytes>& wire) {
        Message* waiting = find(number);
        if (waiting == nullptr || waiting->loads != load) return use(nullptr, {});
        waiting->loading = false;
        const auto decoded = wire
                                 ? bpv7::decode(*wire, {.limits = custody_.options().limits, .strict = false})
                                 : Result<bpv7::Decoded>{std::unexpected{wire.error()}};
        if (!decoded) {
            // Custody drops what cannot be read; a neighbour may bring the chunk again.
            lose(number, index);
            return use(nullptr, {});
        }
        use(waiting, decoded->bundle.payload());
    });
}

void Messages::hand_out(const Pickup::Waiter& waiter, Number number) {
    with_chunk(number, 0, [this, waiter, number](Message* message, const Bytes& payload) {
        if (message == nullptr) return pickup_.ask_again(waiter);
        if (custody_.options().weigh != nullptr) return announce(waiter, *message, {});
        auto opener = opener_for(*message);
        const auto first = opener ? opener->open(payload) : Result<Buffer>{std::unexpected{opener.error()}};
        if (!first) {
            does_not_open(number, *message, first.error());
            return pickup_.ask_again(waiter);
        }
        announce(waiter, *message, {.sealed = opener->sealed(), .header = *opener->header()});
        go_on_reading(number);
    });
}

void Messages::announce(const Pickup::Waiter& waiter, const Message& message, const Dress& dress) {
    const Entry& head = *custody_.inventory().find(message.chunks.at(0));
    custody_.emit(
        effect::Reply{waiter.request, MessageHandOver{.token = message.token,
                                                      .message_id = message.name.message_id,
                                                      .source = *bpv7::Eid::parse(message.name.source),
                                                      .destination = head.destination,
                                                      .urgency = head.record.urgency,
                                                      .kind = static_cast<bpv7::Kind>(head.record.kind),
                                                      .age_ms = custody_.age_ms(head.record),
                                                      .sealed = dress.sealed,
                                                      .sender = dress.header.sender,
                                                      .recipients = dress.header.recipients,
                                                      .content_bytes = dress.header.content_bytes,
                                                      .content_type = dress.header.content_type,
                                                      .piece_count = message.chunk_count}});
}

void Messages::read(const input::ReadMessage& read) {
    const auto [number, message] = by_token(read.token);
    const auto refuse = [&](Error why) {
        custody_.emit(effect::Reply{read.request, std::unexpected{std::move(why)}});
    };
    if (message == nullptr || !message->complete() || !message->judged || !message->acknowledging.empty())
        return refuse(not_here());
    if (message->reads.size() >= kReadsMax) {
        return refuse({ErrorCode::kBusy, "too many reads of this message are under way; wait for answers"});
    }
    if (!message->kept) pickup_.lease(message->name.destination, message->rank, number);
    message->reads.push_back({read.request, read.index});
    go_on_reading(number);
}

// One load at a time, in the order of the requests: the stream opens in no other. A load may come back at
// once and want the next one: the loop that runs goes on, so that a long message does not pile up on the
// stack.
void Messages::go_on_reading(Number number) {
    if (Message* message = find(number); message == nullptr || std::exchange(message->going_on, true)) return;
    read_on(number);
    if (Message* message = find(number)) message->going_on = false;
}

void Messages::read_on(Number number) {
    Message* message = find(number);
    while (message != nullptr && !message->loading && !message->reads.empty()) {
        const Read read = message->reads.front();
        if (read.index == 0) {
            auto opener = opener_for(*message);
            if (!opener) return does_not_open(number, *message, opener.error());
            message->opener = std::move(*opener);
            message->next = 0;
        }
        if (!message->opener || read.index != message->next) {
            message->reads.pop_front();
            custody_.emit(effect::Reply{
                read.request, fail(ErrorCode::kInvalidArgument,
                                   "pieces are read one after the other: begin again with piece 0")});
            continue;
        }
        with_chunk(number, read.index, [this, number](Message* reading, const Bytes& payload) {
            if (reading != nullptr) opened(number, *reading, payload);
        });
        message = find(number);
    }
}

void Messages::opened(Number number, Message& message, const Bytes& payload) {
    auto content = message.opener->open(payload);
    if (!content) return does_not_open(number, message, content.error());
    ++message.next;
    if (message.reading) return read_piece(number, message, *content);
    effect::Reply::Piece piece{Bytes{std::move(*content)}, message.opener->complete(), {}};
    if (piece.last) {
        piece.digest = message.opener->digest();
        message.contents = Contents{piece.digest, message.opener->sealed()};
        message.opener.reset();
    }
    if (!message.acknowledging.empty()) {
        message.reads.clear();
        if (piece.last) return delivered(number, message);
        pickup_.lease(message.name.destination, message.rank, number);
        message.reads.push_back({0, message.next});
        return go_on_reading(number);
    }
    const RequestId request = message.reads.front().request;
    message.reads.pop_front();
    custody_.emit(effect::Reply{request, std::move(piece)});
    go_on_reading(number);
}

void Messages::does_not_open(Number number, Message& message, const Error& why) {
    if (message.reading) return cannot_read(number, message, why);
    stop_reading(message, why);
    const bool later = may_open_later(why.code);
    if (!message.complained) {
        message.complained = later;
        complain(message, why, later);
    }
    // Set aside: the lease goes on, nobody gets the message, and others have their turn.
    if (!later) refuse(number, message);
}

void Messages::refuse(Number number, Message& message) {
    pickup_.withdraw(message.name.destination, message.rank, number);
    for (const auto& [index, key] : message.chunks) {
        if (Entry* entry = custody_.inventory().find(key)) {
            end_delivery(custody_, *entry, store::Ending::kRefused);
        }
    }
    forget(number);
}

void Messages::acknowledge(const input::AcknowledgeMessage& acknowledge) {
    if (acknowledge.token.size() != 2 * kTokenBytes || !from_hex(acknowledge.token)) {
        custody_.emit(effect::Reply{
            acknowledge.request,
            fail(ErrorCode::kInvalidArgument,
                 "this token was not made by this daemon; use the one that came with the message")});
        return;
    }
    // A message that is gone was acknowledged before (or expired meanwhile): the same answer, once durable.
    const auto [number, message] = by_token(acknowledge.token);
    if (message != nullptr && !message->acknowledging.empty()) {
        message->acknowledging.push_back(acknowledge.request);
        return;
    }
    if (message != nullptr) stop_reading(*message, not_here());
    if (message != nullptr && must_read_again(*message)) {
        pickup_.lease(message->name.destination, message->rank, number);
        message->acknowledging.push_back(acknowledge.request);
        message->reads.push_back({});
        return go_on_reading(number);
    }
    if (message != nullptr) delivered(number, *message);
    custody_.emit_when_durable(effect::Reply{acknowledge.request, effect::Reply::Done{}});
}

bool Messages::must_read_again(const Message& message) const {
    if (message.contents || message.confirmed || !message.complete()) return false;
    const auto source = bpv7::Eid::parse(message.name.source);
    const auto destination = bpv7::Eid::parse(message.name.destination);
    return source && destination && has_receipt(custody_.options(), *source, *destination);
}

void Messages::delivered(Number number, Message& message) {
    pickup_.withdraw(message.name.destination, message.rank, number);
    ++custody_.counters().messages_delivered;
    if (const Entry* head = custody_.inventory().find(message.chunks.begin()->second)) {
        custody_.notify(effect::Notify::What::kDelivered, *head, {},
                        "message " + to_hex(message.name.message_id));
    }
    make_receipt(message);
    for (const auto& [index, key] : message.chunks) {
        Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) continue;
        ++custody_.counters().bundles_delivered;
        report_on(custody_, entry->record, bpv7::Assertion::kDelivered, bpv7::ReportReason::kNoInformation);
        end_delivery(custody_, *entry, store::Ending::kDelivered);
    }
    const std::vector<RequestId> acknowledging = std::move(message.acknowledging);
    forget(number);
    for (const RequestId request : acknowledging)
        custody_.emit_when_durable(effect::Reply{request, effect::Reply::Done{}});
}

void Messages::make_receipt(Message& message) {
    auto source = bpv7::Eid::parse(message.name.source);
    auto destination = bpv7::Eid::parse(message.name.destination);
    if (message.confirmed || !message.contents || !message.contents->sealed || !source || !destination ||
        !has_receipt(custody_.options(), *source, *destination)) {
        return;
    }
    std::uint64_t expires_at_ms = custody_.node_time_ms();
    const std::uint64_t now_ms = expires_at_ms;
    for (const auto& [index, key] : message.chunks) {
        if (const Entry* entry = custody_.inventory().find(key))
            expires_at_ms = std::max(expires_at_ms, entry->record.expires_at_ms);
    }
    made_receipts_.confirm({message.name.message_id, std::move(*source), std::move(*destination),
                            message.contents->digest, expires_at_ms - now_ms});
    message.confirmed = true;
}

void Messages::take_back(const input::Return& given_back) {
    const auto [number, message] = by_token(given_back.token);
    if (message == nullptr || !pickup_.leased(number) || !message->acknowledging.empty()) return;
    stop_reading(*message, not_here());
    pickup_.end_lease(number);
    if (message->complete()) offer(number, *message);
}

void Messages::tick() {
    for (const Number number : pickup_.tick()) {
        Message* message = find(number);
        if (message == nullptr) continue;
        stop_reading(*message, not_here());
        if (message->complete()) arrive(number, *message);
    }
}

}  // namespace tram::node
