#include "daemon/node/outgoing.h"

#include <algorithm>
#include <sodium.h>
#include <utility>

#include "daemon/node/own_bundle.h"
#include "daemon/node/own_receipt.h"
#include "daemon/node/submission.h"

namespace tram::node {

namespace {

constexpr std::string_view kRowPrefix = "draft/";
// A longer message would push everything else out of the cache of bundles, and its own first chunks too,
// before it sets out.
constexpr std::uint64_t kCachedChunksMax = 16;
// Blocks of a chunk's bundle, signature included, besides the texts of its endpoints.
constexpr std::uint64_t kBundleOverhead = 1'024;

std::string row_of(const envelope::MessageId& id) {
    return std::string{kRowPrefix} + to_hex(id);
}

Error gone() {
    return {ErrorCode::kNotFound,
            "there is no open message under this token: it was finished or dropped, or nothing came for it "
            "for 10 minutes; begin again"};
}

}  // namespace

Outgoing::Outgoing(Custody& custody, Room& room, const Delivery& delivery, Receipts& receipts,
                   FindRecipient find_recipient)
    : custody_{custody},
      room_{room},
      delivery_{delivery},
      receipts_{receipts},
      find_recipient_{std::move(find_recipient)} {}

void Outgoing::restore_state(const std::string& name) {
    if (name.starts_with(kRowPrefix)) unfinished_.insert(name);
}

void Outgoing::start() {
    if (unfinished_.empty()) return;
    std::vector<BundleKey> keys;
    for (const auto& [key, entry] : custody_.inventory().entries()) {
        const auto& chunk = entry.record.chunk;
        if (entry.record.local && chunk && unfinished_.contains(row_of(chunk->message_id)))
            keys.push_back(key);
    }
    for (const BundleKey key : keys)
        custody_.drop(key);
    for (const std::string& row : std::exchange(unfinished_, {}))
        custody_.erase_state(row);
}

void Outgoing::refuse(RequestId request, Error why) {
    if (request != 0) custody_.emit(effect::Reply{request, std::unexpected{std::move(why)}});
}

Result<void> Outgoing::check(const MessageTerms& terms) const {
    const NodeOptions& options = custody_.options();
    if (auto good = check_endpoints(terms.destination, terms.source, options); !good) return good;
    if (auto able = can_make_bundles(options); !able) return able;
    if (options.security.signing_key == nullptr) {
        return fail(ErrorCode::kNoCertificate,
                    "messages are signed, and this node has no certificate to sign with: begin with `tram "
                    "device init`");
    }
    if (terms.lifetime_ms > kLifetimeMax_ms) {
        return fail(ErrorCode::kInvalidArgument, "the lifetime is above a hundred years");
    }
    if (payload_bytes_max(options) < envelope::kChunkBytesMax) {
        return fail(
            ErrorCode::kTooLarge,
            "parts of messages do not fit into a bundle here; set links.bundle_max to 128 KiB or more");
    }
    if (drafts_.size() >= kDraftsMax) {
        return fail(ErrorCode::kBusy, "too many messages are being written at once; finish one first");
    }
    return {};
}

Result<std::vector<envelope::Recipient>> Outgoing::recipients_for(const MessageTerms& terms) const {
    std::vector<envelope::Recipient> recipients;
    if (terms.is_public) {
        if (terms.also_for.empty()) return recipients;
        return fail(ErrorCode::kInvalidArgument,
                    "a public message is for everybody: name no further recipients, or seal it");
    }
    std::vector<bpv7::Eid> nodes = terms.also_for;
    if (terms.destination.is_singleton()) nodes.insert(nodes.begin(), terms.destination.node_id());
    if (nodes.empty()) {
        return fail(ErrorCode::kInvalidArgument,
                    terms.destination.to_string() +
                        " is a group and has no key of its own: make the message public, or name the nodes "
                        "that may open it");
    }
    for (const bpv7::Eid& node : nodes) {
        const std::string node_id = node.node_id().to_string();
        if (std::ranges::find(recipients, node_id, &envelope::Recipient::node_id) != recipients.end())
            continue;
        auto recipient = find_recipient_(node_id);
        if (!recipient) {
            return fail(recipient.error().code,
                        "nothing can be sealed for " + node_id + ": " + recipient.error().message);
        }
        recipients.push_back(std::move(*recipient));
    }
    return recipients;
}

Result<Outgoing::Draft> Outgoing::begin(const MessageTerms& terms) {
    if (auto good = check(terms); !good) return std::unexpected{std::move(good.error())};
    const auto recipients = recipients_for(terms);
    if (!recipients) return std::unexpected{recipients.error()};
    const NodeOptions& options = custody_.options();
    const bpv7::Eid source = terms.source.value_or(options.node_id);
    // The id of a bundle that nobody makes: no other message's name comes from it.
    const Buffer unique = bpv7::BundleId{source, custody_.next_timestamp(), {}}.key();
    envelope::Binding binding{.source = source.to_string(),
                              .sender = options.node_id.to_string(),
                              .destination = terms.destination.to_string(),
                              .message_id = {}};
    crypto_generichash(binding.message_id.data(), binding.message_id.size(), unique.data(), unique.size(),
                       nullptr, 0);
    envelope::Header header{.sender = binding.sender,
                            .recipients = {},
                            .message_id = binding.message_id,
                            .content_bytes = terms.content_bytes,
                            .content_type = terms.content_type};
    for (const envelope::Recipient& recipient : *recipients)
        header.recipients.push_back(recipient.node_id);
    auto sealer = envelope::Sealer::begin(binding, header, *recipients, *options.security.signing_key,
                                          options.security.signer);
    if (!sealer) return std::unexpected{std::move(sealer.error())};
    return Draft{terms,
                 source,
                 binding.message_id,
                 std::move(*sealer),
                 0,
                 header.recipients,
                 {},
                 custody_.now().monotonic};
}

std::uint64_t Outgoing::room_for(const Draft& draft, std::uint64_t chunks) {
    const std::uint64_t names =
        draft.terms.destination.to_string().size() + 2 * draft.source.to_string().size();
    return envelope::kChunkBytesMax - envelope::kPieceBytes +
           chunks * (envelope::kPieceBytes + kBundleOverhead + names);
}

std::uint64_t Outgoing::promised() const {
    std::uint64_t bytes = 0;
    for (const auto& [token, draft] : drafts_)
        bytes += room_for(draft, draft.sealer.chunk_count() - draft.chunks.size());
    return bytes;
}

Result<void> Outgoing::reserve(std::uint64_t bytes, std::uint64_t margin) const {
    if (room_.could_fit(Room::own(bytes + margin)) && room_.make_fit(Room::own(bytes))) return {};
    ++custody_.counters().bundles_refused_full;
    return fail(ErrorCode::kFull,
                "the store has no room for the message: see `tram status`; free disk space, raise "
                "store.quota, or let a carrier take bundles away first");
}

Result<Outgoing::Drafts::iterator> Outgoing::add_draft(const MessageTerms& terms) {
    auto draft = begin(terms);
    if (!draft) return std::unexpected{std::move(draft.error())};
    // Small messages are as long as their bucket, but what counts is that the large ones fit.
    const std::uint64_t room = room_for(*draft, draft->sealer.chunk_count());
    if (auto enough = reserve(promised() + room, room_.margin(room)); !enough)
        return std::unexpected{std::move(enough.error())};
    custody_.save_state(row_of(draft->message_id), {});
    std::string token = to_hex(draft->message_id);
    return drafts_.emplace(std::move(token), std::move(*draft)).first;
}

void Outgoing::open(const input::OpenMessage& open) {
    const auto draft = add_draft(open.terms);
    if (!draft) return refuse(open.request, draft.error());
    const auto& [token, opened] = **draft;
    custody_.emit(effect::Reply{open.request, effect::Reply::Opened{token, opened.message_id}});
}

Result<effect::Reply::Opened> Outgoing::open(const MessageTerms& terms, Cargo cargo, ByteView head) {
    const auto draft = add_draft(terms);
    if (!draft) return std::unexpected{draft.error()};
    const auto& [token, opened] = **draft;
    effect::Reply::Opened answer{token, opened.message_id};
    (*draft)->second.cargo.emplace(std::move(cargo));
    if (auto taken = take((*draft)->second, head); !taken) {
        abandon(*draft);
        return std::unexpected{std::move(taken.error())};
    }
    return answer;
}

Outgoing::Drafts::iterator Outgoing::use(const std::string& token, RequestId request) {
    const auto found = drafts_.find(token);
    if (found == drafts_.end()) {
        refuse(request, gone());
    } else {
        found->second.used = custody_.now().monotonic;
    }
    return found;
}

void Outgoing::append(const input::AppendMessage& append) {
    const auto found = use(append.token, append.request);
    if (found == drafts_.end()) return;
    Draft& draft = found->second;
    if (append.offset > draft.content_taken) {
        return refuse(append.request, {ErrorCode::kInvalidArgument,
                                       "content is missing before offset " + std::to_string(append.offset) +
                                           ": go on at " + std::to_string(draft.content_taken)});
    }
    // What was taken before is not taken twice.
    const std::uint64_t known =
        std::min<std::uint64_t>(draft.content_taken - append.offset, append.content.size());
    const ByteView content = append.content.view().subspan(static_cast<std::size_t>(known));
    if (content.size() > draft.terms.content_bytes - draft.content_taken) {
        return refuse(append.request, {ErrorCode::kTooLarge, "the message was opened for " +
                                                                 std::to_string(draft.terms.content_bytes) +
                                                                 " bytes of content, and this is more"});
    }
    if (auto enough = reserve(room_for(draft, content.size() / envelope::kPieceBytes + 1)); !enough) {
        return refuse(append.request, enough.error());
    }
    if (auto taken = take(draft, content); !taken) {
        abandon(found);
        return refuse(append.request, std::move(taken.error()));
    }
    custody_.emit_when_durable(effect::Reply{append.request, effect::Reply::Done{}});
}

Result<void> Outgoing::take(Draft& draft, ByteView content) {
    // By piece, so that sealed chunks do not pile up.
    std::vector<Bytes> chunks;
    while (!content.empty()) {
        const ByteView part = content.first(std::min(content.size(), envelope::kPieceBytes));
        content = content.subspan(part.size());
        if (draft.cargo) {
            if (auto good = draft.cargo->see(part); !good) return good;
        }
        if (auto written = draft.sealer.write(part, chunks); !written) return written;
        draft.content_taken += part.size();
        if (auto stored = store(draft, chunks); !stored) return stored;
    }
    return {};
}

Result<void> Outgoing::store(Draft& draft, std::vector<Bytes>& chunks) {
    const NodeOptions& options = custody_.options();
    const MessageTerms& terms = draft.terms;
    for (Bytes& chunk : chunks) {
        OwnTerms own;
        own.destination = terms.destination;
        own.source = draft.source;
        own.report_to = options.node_id;
        own.lifetime_ms = terms.lifetime_ms != 0 ? terms.lifetime_ms : options.lifetime_ms;
        own.hops = {options.hop_limit, 0};
        own.klass = {.urgency = terms.urgency,
                     .kind = terms.kind,
                     .message_id = draft.message_id,
                     .chunk_index = draft.chunks.size(),
                     .chunk_count = draft.sealer.chunk_count(),
                     .form = bpv7::Form::kMessage};
        own.payload = std::move(chunk);
        auto made = make_own_bundle(custody_, std::move(own));
        if (!made) return std::unexpected{std::move(made.error())};
        room_.count_stored(made->wire.size());
        Intake intake = delivery_.intake_for(terms.destination);
        intake.draft = true;
        intake.awaits_receipt = awaits_receipt(draft);
        Entry& entry = custody_.store(made->bundle, std::move(made->wire), std::move(intake));
        if (draft.sealer.chunk_count() > kCachedChunksMax) custody_.inventory().drop_cache(entry);
        draft.chunks.push_back(entry.record.key);
    }
    chunks.clear();
    return {};
}

bool Outgoing::awaits_receipt(const Draft& draft) const {
    return !draft.terms.is_public && has_receipt(custody_.options(), draft.source, draft.terms.destination);
}

void Outgoing::await_receipt(const Draft& draft) {
    if (!awaits_receipt(draft)) return;
    const store::BundleRecord& last = custody_.inventory().find(draft.chunks.back())->record;
    receipts_.sent({.message_id = draft.message_id,
                    .source = draft.source.to_string(),
                    .destination = draft.terms.destination.to_string(),
                    .recipients = draft.recipients,
                    .digest = draft.sealer.digest(),
                    .kind = static_cast<std::uint8_t>(draft.terms.kind),
                    .sent_at_ms = custody_.node_time_ms(),
                    .expires_at_ms = last.expires_at_ms});
}

void Outgoing::finish(const input::FinishMessage& finish) {
    const auto found = use(finish.token, finish.request);
    if (found == drafts_.end()) return;
    const auto sent = publish(found);
    if (!sent) return refuse(finish.request, sent.error());
    custody_.emit_when_durable(effect::Reply{finish.request, *sent});
}

Result<envelope::MessageId> Outgoing::send(const MessageTerms& terms, Cargo cargo, ByteView head) {
    const auto opened = open(terms, std::move(cargo), head);
    if (!opened) return std::unexpected{opened.error()};
    const auto draft = drafts_.find(opened->token);
    if (const auto sent = publish(draft); !sent) {
        drop({0, opened->token});
        return std::unexpected{sent.error()};
    }
    return opened->message_id;
}

Result<effect::Reply::Sent> Outgoing::publish(Drafts::iterator found) {
    Draft& draft = found->second;
    if (draft.content_taken < draft.terms.content_bytes) {
        return fail(ErrorCode::kTruncated,
                    "the message lacks " + std::to_string(draft.terms.content_bytes - draft.content_taken) +
                        " of the bytes that it was opened for");
    }
    if (auto enough = reserve(room_for(draft, draft.sealer.chunk_count() - draft.chunks.size())); !enough)
        return std::unexpected{std::move(enough.error())};
    auto sent = set_out(draft);
    if (sent) {
        drafts_.erase(found);
    } else {
        abandon(found);
    }
    return sent;
}

Result<effect::Reply::Sent> Outgoing::set_out(Draft& draft) {
    std::vector<Bytes> chunks;
    if (auto sealed = draft.sealer.finish(chunks); !sealed) return std::unexpected{std::move(sealed.error())};
    if (auto stored = store(draft, chunks); !stored) return std::unexpected{std::move(stored.error())};
    for (const BundleKey key : draft.chunks) {
        if (custody_.inventory().find(key) != nullptr) continue;
        return fail(ErrorCode::kExpired,
                    "a part of the message expired or was cancelled before the message was finished; send it "
                    "again");
    }
    custody_.erase_state(row_of(draft.message_id));
    await_receipt(draft);
    for (const BundleKey key : draft.chunks) {
        const Entry& entry = *custody_.inventory().find(key);
        custody_.release(entry);
        custody_.notify(effect::Notify::What::kStored, entry);
    }
    if (draft.cargo) draft.cargo->sent(draft.message_id);
    custody_.counters().bundles_submitted += draft.chunks.size();
    ++custody_.counters().messages_sent;
    const store::BundleRecord& first = custody_.inventory().find(draft.chunks.front())->record;
    const auto id = bpv7::BundleId::from_key(first.id);
    if (!id) return std::unexpected{id.error()};
    return effect::Reply::Sent{*id, first.chunk, draft.cargo ? draft.cargo->local_number() : std::string{}};
}

void Outgoing::drop(const input::DropMessage& drop) {
    if (const auto found = drafts_.find(drop.token); found != drafts_.end()) abandon(found);
    if (drop.request != 0) custody_.emit_when_durable(effect::Reply{drop.request, effect::Reply::Done{}});
}

void Outgoing::abandon(Drafts::iterator draft) {
    for (const BundleKey key : draft->second.chunks)
        custody_.drop(key);
    custody_.erase_state(row_of(draft->second.message_id));
    drafts_.erase(draft);
}

void Outgoing::tick() {
    const Instant now = custody_.now().monotonic;
    for (auto draft = drafts_.begin(); draft != drafts_.end();) {
        const auto next = std::next(draft);
        if (draft->second.used + kIdleMax <= now) abandon(draft);
        draft = next;
    }
}

std::optional<Instant> Outgoing::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [token, draft] : drafts_) {
        const Instant until = draft.used + kIdleMax;
        if (!next || until < *next) next = until;
    }
    return next;
}

}  // namespace tram::node
