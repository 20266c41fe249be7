// What comes back about requests that were filed here: words of the office, its receipts, and the end.
#include <algorithm>
#include <utility>

#include "daemon/node/dossier_receipt.h"
#include "daemon/node/requests.h"

namespace tram::node {

namespace {

namespace pb = admin::pb;

// Three years, as receipts are kept.
constexpr std::uint64_t kKeep_ms = 1'096ULL * 24 * 3600 * 1000;
constexpr std::string_view kUpdates = "updates";

MessageName name_of(const registry::KeptWord& kept) {
    return {kept.source, kept.destination, kept.message_id};
}

std::unexpected<Error> not_filed(const admin::LocalNumber& number) {
    return fail(ErrorCode::kNotFound, "no request was filed here under " + number.print());
}

/// The newest word that brought a result, or null.
const admin::Word* result_of(const admin::Dossier& dossier) {
    const auto found = std::ranges::find(dossier.history(), pb::UPDATE_RESULT, &admin::Word::kind);
    return found == dossier.history().end() ? nullptr : &*found;
}

Result<admin::HandedOver> read_hand_over(const input::HandOverResult& hand_over,
                                         const admin::Dossier& dossier) {
    admin::HandedOver says{.dossier_code = dossier.code(), .witness = hand_over.witness};
    if (!pb::EvidenceType_IsValid(static_cast<int>(hand_over.evidence)))
        return fail(ErrorCode::kInvalidArgument, "the evidence is 0 (none), 1 (PNG), 2 (JPEG) or 3 (PDF)");
    says.evidence = static_cast<pb::EvidenceType>(hand_over.evidence);
    if (hand_over.evidence_digest.empty() != (says.evidence == pb::EVIDENCE_NONE)) {
        return fail(ErrorCode::kInvalidArgument,
                    "evidence has a type and a SHA-256 digest, or neither of them");
    }
    if (says.evidence == pb::EVIDENCE_NONE) return says;
    cose::Digest digest{};
    if (hand_over.evidence_digest.size() != digest.size())
        return fail(ErrorCode::kInvalidArgument, "the digest of evidence is a SHA-256 of 32 bytes");
    std::ranges::copy(as_bytes(hand_over.evidence_digest), digest.begin());
    says.evidence_digest = digest;
    return says;
}

}  // namespace

bool Requests::wants(const bpv7::Eid& destination, bpv7::Kind kind) const {
    return kind == bpv7::Kind::kUpdate && destination.node_id() == custody_.options().node_id &&
           destination.demux() == kUpdates;
}

std::optional<Verdict> Requests::known(const MessageName& name) const {
    const registry::Request* request = registry_.find_message(name.message_id);
    const registry::KeptWord* kept = request == nullptr ? nullptr : request->find_kept(name.message_id);
    if (kept == nullptr || name_of(*kept) != name) return std::nullopt;
    return Verdict{.what = Verdict::What::kKeep, .confirm = true};
}

Verdict Requests::take(const ArrivedMessage& arrived) {
    using What = Verdict::What;
    if (arrived.head_only) {
        return {.what = What::kSetAside,
                .why = {ErrorCode::kUnsupportedVersion,
                        "an update was written by a newer program: install that one here too"}};
    }
    const auto number = admin::LocalNumber::parse(arrived.message.head().local_number());
    if (!number) return {.what = What::kRefuse, .why = number.error()};
    const registry::Request* request = registry_.find(*number);
    if (request == nullptr) return {.what = What::kSetAside, .why = not_filed(*number).error()};
    registry::Request changed = *request;
    const auto taken =
        changed.dossier.apply(arrived.message, {arrived.sender, arrived.name.message_id, arrived.digest});
    if (!taken) {
        const bool aside = taken.error().code == ErrorCode::kContradiction;
        return {.what = aside ? What::kSetAside : What::kRefuse, .why = taken.error()};
    }
    if (*taken == admin::Dossier::Outcome::kRepeated) return {.what = What::kDone, .confirm = true};
    keep(arrived, changed);
    registry_.put(std::move(changed));
    return {.what = What::kKeep, .confirm = true, .keep_ms = kKeep_ms};
}

void Requests::keep(const ArrivedMessage& arrived, registry::Request& request) {
    request.kept.push_back({.message_id = arrived.name.message_id,
                            .source = arrived.name.source,
                            .destination = arrived.name.destination,
                            .content_bytes = arrived.content_bytes,
                            .attachments = static_cast<std::uint32_t>(arrived.message.attachments_size()),
                            .arrived_at_ms = custody_.node_time_ms()});
    const auto& words = request.dossier.history();
    std::erase_if(request.kept, [&](const registry::KeptWord& kept) {
        const bool remembered =
            std::ranges::find(words, kept.message_id, &admin::Word::message_id) != words.end();
        if (!remembered && kept.message_id != arrived.name.message_id)
            messages_.end(name_of(kept), store::Ending::kDelivered);
        return !remembered;
    });
}

std::optional<admin::Awaited> Requests::awaits(const admin::Receipt& receipt) const {
    const registry::Request* request = registry_.find_message(receipt.message_id);
    if (request == nullptr || receipt.source != custody_.options().node_id.to_string()) return std::nullopt;
    admin::Awaited awaited{.message_id = receipt.message_id,
                           .source = receipt.source,
                           .digest = request->message_digest,
                           .recipients = {request->dossier.office_node()}};
    if (receipt.message_id == request->message_id) return awaited;
    const auto part = std::ranges::find(request->parts, receipt.message_id, &registry::FiledPart::message_id);
    if (part == request->parts.end()) return std::nullopt;
    awaited.digest = part->message_digest;
    return awaited;
}

Result<void> Requests::take(const admin::Receipt& receipt) {
    if (!std::holds_alternative<admin::Official>(receipt.says) || !awaits(receipt)) return {};
    registry::Request changed = *registry_.find_message(receipt.message_id);
    const auto taken = changed.dossier.accept(receipt);
    if (!taken) return std::unexpected{taken.error()};
    if (*taken) registry_.put(std::move(changed));
    return {};
}

bool Requests::is_here(const registry::Request& request, const admin::MessageId& word) const {
    const registry::KeptWord* kept = request.find_kept(word);
    return kept != nullptr && messages_.readable(name_of(*kept)).has_value();
}

Result<effect::Reply::Revealed> Requests::reveal(const admin::LocalNumber& number) const {
    const registry::Request* request = registry_.find(number);
    if (request == nullptr) return not_filed(number);
    effect::Reply::Revealed revealed;
    const auto& words = request->dossier.history();
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        const registry::KeptWord* kept = request->find_kept(word->message_id);
        const auto readable = kept == nullptr ? std::nullopt : messages_.readable(name_of(*kept));
        if (!readable) continue;
        revealed.contents.push_back({.token = readable->token,
                                     .message_id = kept->message_id,
                                     .content_bytes = kept->content_bytes,
                                     .piece_count = readable->piece_count,
                                     .epoch = word->number.epoch,
                                     .sequence = word->number.sequence});
    }
    return revealed;
}

void Requests::hand_over(const input::HandOverResult& hand_over) {
    if (auto done = hand_over_now(hand_over); !done) {
        custody_.emit(effect::Reply{hand_over.request, std::unexpected{std::move(done.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{hand_over.request, effect::Reply::Done{}});
    }
}

Result<void> Requests::hand_over_now(const input::HandOverResult& hand_over) {
    const auto number = admin::LocalNumber::parse(hand_over.local_number);
    if (!number) return std::unexpected{number.error()};
    const registry::Request* request = registry_.find(*number);
    if (request == nullptr) return not_filed(*number);
    const admin::Word* result = result_of(request->dossier);
    if (result == nullptr)
        return fail(ErrorCode::kNotFound, "no result of " + number->print() + " has come yet");
    if (request->handed_over && request->handed_over->message_id == result->message_id) return {};
    auto says = read_hand_over(hand_over, request->dossier);
    if (!says) return std::unexpected{std::move(says.error())};

    registry::Request changed = *request;
    changed.handed_over = registry::HandedOver{.message_id = result->message_id,
                                               .at_ms = custody_.node_time_ms(),
                                               .witness = says->witness,
                                               .evidence = says->evidence};
    admin::Receipt receipt{.says = std::move(*says)};
    receipt.message_id = result->message_id;
    receipt.message_digest = result->digest;
    receipt.source = request->dossier.office_node();
    receipt.local_number = *number;
    if (auto told = tell(custody_, trust_, *office_, std::move(receipt)); !told) return told;
    if (const registry::KeptWord* kept = changed.find_kept(changed.handed_over->message_id)) {
        messages_.end(name_of(*kept), store::Ending::kDelivered);
        std::erase_if(changed.kept, [&](const registry::KeptWord& each) {
            return each.message_id == changed.handed_over->message_id;
        });
    }
    registry_.put(std::move(changed));
    return {};
}

}  // namespace tram::node
