#include <algorithm>
#include <utility>

#include "daemon/node/delivery.h"
#include "daemon/node/messages.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"

namespace tram::node {

namespace {

/// The error codes of an envelope that was sealed for others than this node.
bool is_for_others(ErrorCode code) {
    return code == ErrorCode::kNotRecipient || code == ErrorCode::kNoSealingKey;
}

/// What is flooded as a notice must be one, and what is about a person must have been sealed.
Result<void> check_dress(const admin::pb::Message& message, std::uint8_t kind, bool sealed) {
    bool fits = false;
    switch (static_cast<bpv7::Kind>(kind)) {
        case bpv7::Kind::kRequest: fits = message.head().kind() == admin::pb::KIND_REQUEST; break;
        case bpv7::Kind::kUpdate: fits = message.head().kind() == admin::pb::KIND_UPDATE; break;
        case bpv7::Kind::kNotice: fits = message.head().kind() == admin::pb::KIND_NOTICE; break;
        case bpv7::Kind::kControl: fits = message.head().kind() == admin::pb::KIND_PLAN; break;
        default: break;
    }
    if (!fits) return fail(ErrorCode::kMalformed, "it is of another kind than its bundles say");
    const bool may_be_public =
        message.head().kind() == admin::pb::KIND_NOTICE || message.head().kind() == admin::pb::KIND_PLAN;
    if (!sealed && !may_be_public) {
        return fail(
            ErrorCode::kPersonalData,
            "it is about a person and was sent for everybody to read: requests and updates are sealed");
    }
    return {};
}

}  // namespace

MessageReader* Messages::reader_for(const Message& message) const {
    const Entry* head = custody_.inventory().find(message.chunks.begin()->second);
    if (head == nullptr || custody_.options().security.open) return nullptr;
    for (MessageReader* reader : readers_) {
        if (reader->wants(head->destination, static_cast<bpv7::Kind>(head->record.kind))) return reader;
    }
    return nullptr;
}

void Messages::arrive(Number number, Message& message) {
    if (message.judged && message.kept) return;
    if (message.judged) return offer(number, message);
    MessageReader* reader = reader_for(message);
    if (reader == nullptr) {
        message.judged = true;
        return offer(number, message);
    }
    if (const auto before = reader->known(message.name)) {
        message.confirmed = before->confirm;
        return carry_out(number, message, *before);
    }
    message.reading.emplace().reader = reader;
    message.reads.push_back({});
    go_on_reading(number);
}

void Messages::read_piece(Number number, Message& message, ByteView content) {
    message.reads.clear();
    OwnReading& reading = *message.reading;
    if (message.opener->header()->content_type != admin::kContentType)
        return leave_to_applications(number, message);
    if (!reading.head_only) {
        const auto parts = reading.content.take(content);
        if (!parts && parts.error().code == ErrorCode::kUnsupportedVersion) {
            reading.head_only = true;
        } else if (!parts) {
            return cannot_read(number, message, parts.error());
        }
    }
    if (message.opener->complete()) return read_to_end(number, message);
    message.reads.push_back({0, message.next});
    go_on_reading(number);
}

void Messages::read_to_end(Number number, Message& message) {
    message.contents = Contents{message.opener->digest(), message.opener->sealed()};
    const OwnReading reading = std::move(*message.reading);
    message.reading.reset();
    ArrivedMessage arrived;
    if (reading.head_only) {
        auto head = admin::decode_head(reading.content.encoded_message());
        if (!head) return cannot_read(number, message, head.error());
        *arrived.message.mutable_head() = std::move(*head);
    } else if (!reading.content.complete()) {
        return cannot_read(number, message, {ErrorCode::kTruncated, "an attachment is not all there"});
    } else {
        arrived.message = *reading.content.message();
    }
    auto good = reading.head_only ? admin::check_secrecy(arrived.message) : admin::check(arrived.message);
    const Entry& head = *custody_.inventory().find(message.chunks.begin()->second);
    if (good) good = check_dress(arrived.message, head.record.kind, message.contents->sealed);
    if (!good) return cannot_read(number, message, good.error());
    arrived.name = message.name;
    arrived.token = message.token;
    arrived.sender = message.opener->header()->sender;
    arrived.sealed = message.contents->sealed;
    arrived.digest = message.contents->digest;
    arrived.content_bytes = message.opener->header()->content_bytes;
    arrived.piece_count = message.chunk_count;
    arrived.age_ms = custody_.age_ms(head.record);
    const std::uint64_t now_ms = custody_.node_time_ms();
    arrived.remaining_ms = head.record.expires_at_ms > now_ms ? head.record.expires_at_ms - now_ms : 0;
    arrived.head_only = reading.head_only;
    message.opener.reset();
    carry_out(number, message, reading.reader->take(arrived));
}

void Messages::cannot_read(Number number, Message& message, const Error& why) {
    const Entry* head = custody_.inventory().find(message.chunks.begin()->second);
    const bool for_group = head != nullptr && !head->destination.is_singleton();
    if (for_group && is_for_others(why.code)) return leave_to_applications(number, message);
    stop_reading(message, why);
    message.reading.reset();
    message.contents.reset();
    if (!may_open_later(why.code)) {
        complain(message, why, false);
        return remove(number, store::Ending::kRefused);
    }
    if (!std::exchange(message.complained, true)) complain(message, why, true);
    // Tried again when the lease is over.
    pickup_.lease(message.name.destination, message.rank, number);
}

void Messages::leave_to_applications(Number number, Message& message) {
    message.reading.reset();
    message.reads.clear();
    message.opener.reset();
    message.judged = true;
    const Entry* head = custody_.inventory().find(message.chunks.begin()->second);
    if (head != nullptr && is_local(custody_.options(), head->destination)) return offer(number, message);
    // It came to be read here, and it is not for here: a carrier's business only.
    for (const auto& [index, key] : message.chunks) {
        if (Entry* entry = custody_.inventory().find(key))
            end_delivery(custody_, *entry, store::Ending::kForwarded);
    }
    forget(number);
}

void Messages::carry_out(Number number, Message& message, const Verdict& verdict) {
    message.judged = true;
    if (verdict.confirm) make_receipt(message);
    if (verdict.keep_ms) keep_for(message, *verdict.keep_ms);
    switch (verdict.what) {
        case Verdict::What::kOffer: return offer(number, message);
        case Verdict::What::kSetAside: complain(message, verdict.why, true); [[fallthrough]];
        case Verdict::What::kKeep: message.kept = true; return;
        case Verdict::What::kDone: return remove(number, store::Ending::kDelivered);
        case Verdict::What::kRefuse:
            complain(message, verdict.why, false);
            return remove(number, store::Ending::kRefused);
    }
}

void Messages::complain(const Message& message, const Error& why, bool kept) {
    ++custody_.counters().refused[static_cast<std::size_t>(why.code)];
    ++(kept ? custody_.counters().messages_set_aside : custody_.counters().messages_refused);
    const Entry* head = custody_.inventory().find(message.chunks.begin()->second);
    if (head == nullptr) return;
    custody_.notify(effect::Notify::What::kRefused, *head, {},
                    std::string{code_name(why.code)} + ": message " + to_hex(message.name.message_id) + ": " +
                        why.message + (kept ? "; it is kept" : "; it is removed"));
}

void Messages::keep_for(const Message& message, std::uint64_t keep_ms) {
    const std::uint64_t until = custody_.node_time_ms() + keep_ms;
    for (const auto& [index, key] : message.chunks) {
        Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr || entry->record.expires_at_ms >= until) continue;
        custody_.inventory().postpone(*entry, until);
        custody_.update(*entry);
    }
}

void Messages::remove(Number number, store::Ending ending) {
    Message& message = messages_.at(number);
    stop_reading(message, {ErrorCode::kNotFound, "the message is not here any more"});
    pickup_.withdraw(message.name.destination, message.rank, number);
    for (const auto& [index, key] : message.chunks)
        custody_.remove(key, ending);
    forget(number);
}

void Messages::end(const MessageName& name, store::Ending ending) {
    if (const auto known = by_name_.find(name); known != by_name_.end()) remove(known->second, ending);
}

std::optional<Messages::Readable> Messages::readable(const MessageName& name) const {
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) return std::nullopt;
    const Message& message = messages_.at(known->second);
    if (!message.complete() || !message.judged) return std::nullopt;
    return Readable{message.token, message.chunk_count};
}

}  // namespace tram::node
