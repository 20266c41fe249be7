#include "daemon/registry/dossiers.h"

#include <algorithm>
#include <utility>

#include "proto/admin/rows.h"

namespace tram::registry {

namespace {

namespace pb = admin::pb;
namespace rows = admin::rows;

constexpr std::string_view kRowPrefix = "dossier/";

std::unexpected<Error> not_here(const admin::LocalNumber& number) {
    return fail(ErrorCode::kNotFound, "no request has come to this office under the number " +
                                          number.print() + ": see `tram request list`");
}

/// What lists show comes from the request itself, and until it is here from what followed it.
void describe(const pb::Message& message, Received& received) {
    const pb::Request& request = message.request();
    received.procedure = request.procedure();
    received.procedure_version = request.procedure_version();
    received.title = message.head().title();
    received.urgency = message.head().urgency();
    received.village = request.from_village();
}

}  // namespace

Result<void> Dossiers::restore_state(const std::string& name, ByteView value) {
    if (name == OfficeEpoch::kRow) {
        epoch_.restore(value);
        return {};
    }
    if (!name.starts_with(kRowPrefix)) return {};
    auto received = Received::decode(value);
    if (!received) return std::unexpected{std::move(received.error())};
    if (name.substr(kRowPrefix.size()) != received->dossier.number().print())
        return rows::corrupt("dossier that was received");
    shelve(std::move(*received));
    return {};
}

void Dossiers::start(ByteView place, ByteView chance, std::optional<std::int64_t> unix_now) {
    const bool is_new = shelf_.size() == 0;
    epoch_row_ = epoch_.start(place, chance, unix_now, is_new);
    if (!is_new) save_epoch();
}

Result<admin::OfficeDossier::Outcome> Dossiers::take(const Arrival& arrival) {
    using Outcome = admin::OfficeDossier::Outcome;
    const pb::Message& message = arrival.message;
    const pb::Request& request = message.request();
    const auto number = admin::LocalNumber::parse(message.head().local_number());
    const auto office = admin::Office::parse(request.to());
    if (!number) return std::unexpected{number.error()};
    if (!office) return std::unexpected{office.error()};
    const Received* known = find(*number);
    if (known == nullptr && shelf_.size() >= kDossiersMax)
        return fail(ErrorCode::kFull, "this office has as many dossiers as it keeps");
    auto dossier = known != nullptr ? known->dossier
                                    : admin::OfficeDossier::open(*number, *office, epoch_.value()).value();
    const auto taken = dossier.take(message, arrival.proof);
    if (!taken || *taken == Outcome::kRepeated) return taken;

    Received received =
        known != nullptr ? *known : Received{.dossier = dossier, .arrived_at_ms = arrival.at_ms};
    received.dossier = std::move(dossier);
    if (request.part() == 0 || known == nullptr) describe(message, received);
    received.parts.push_back({.number = request.part(),
                              .purpose = request.purpose(),
                              .message_id = arrival.proof.message_id,
                              .digest = arrival.proof.digest,
                              .source = arrival.source,
                              .destination = arrival.destination,
                              .arrived_at_ms = arrival.at_ms,
                              .content_bytes = arrival.content_bytes,
                              .attachments = static_cast<std::uint32_t>(message.attachments_size())});
    save(std::move(received));
    return taken;
}

Result<pb::Message> Dossiers::number(const admin::LocalNumber& number, pb::Message draft) const {
    const Received* received = find(number);
    if (received == nullptr) return not_here(number);
    if (const auto code = admin::DossierCode::parse(draft.head().dossier_code())) {
        if (auto own = check_code(*received, *code); !own) return std::unexpected{std::move(own.error())};
    }
    admin::OfficeDossier dossier = received->dossier;
    dossier.begin_epoch(epoch_.value());
    return dossier.issue(std::move(draft));
}

Result<void> Dossiers::sent(const pb::Message& update, Issued issued) {
    const auto number = admin::LocalNumber::parse(update.head().local_number());
    if (!number) return std::unexpected{number.error()};
    const Received* known = find(*number);
    if (known == nullptr) return not_here(*number);
    Received received = *known;
    received.dossier.begin_epoch(epoch_.value());
    const auto again = received.dossier.issue(update);
    if (!again) return std::unexpected{again.error()};
    if (again->update().sequence() != update.update().sequence() ||
        again->update().issuer_epoch() != update.update().issuer_epoch()) {
        return fail(ErrorCode::kContradiction,
                    "something else was said about " + number->print() + " meanwhile");
    }
    issued.word.number = {update.update().issuer_epoch(), update.update().sequence()};
    received.issued.insert(received.issued.begin(), std::move(issued));
    if (received.issued.size() > Received::kIssuedMax) received.issued.pop_back();
    save(std::move(received));
    return {};
}

Result<void> Dossiers::check_code(const Received& received, const admin::DossierCode& code) const {
    const auto taken = by_code_.find(code);
    if (taken == by_code_.end() || taken->second == received.dossier.number()) return {};
    return fail(ErrorCode::kContradiction,
                code.text() + " is the code of " + taken->second.print() + " already: check which is right");
}

Result<void> Dossiers::accept(const admin::LocalNumber& number, const admin::DossierCode& code,
                              Accepted accepted) {
    const Received* known = find(number);
    if (known == nullptr) return not_here(number);
    Received received = *known;
    if (auto bound = received.dossier.accept(code); !bound) return bound;
    received.accepted = std::move(accepted);
    save(std::move(received));
    return {};
}

void Dossiers::handed_over(HandedOver handed_over) {
    const Received* known = find_message(handed_over.message_id);
    const Issued* word = known == nullptr ? nullptr : known->find_issued(handed_over.message_id);
    if (word == nullptr) return;
    if (known->handed_over) {
        // Receipts overtake each other: what was said last stays.
        const Issued* before = known->find_issued(known->handed_over->message_id);
        if (before != nullptr && before->word.number >= word->word.number) return;
    }
    Received received = *known;
    received.handed_over = std::move(handed_over);
    save(std::move(received));
}

const Received* Dossiers::find_message(const admin::MessageId& id) const {
    const auto found = by_message_.find(id);
    return found == by_message_.end() ? nullptr : find(found->second);
}

std::optional<Dossiers::ByKey> Dossiers::find_key(const cose::Digest& key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const Received* received = find(found->second);
    const auto issued = std::ranges::find_if(
        received->issued, [&](const Issued& each) { return each.digests && each.digests->key == key; });
    if (issued == received->issued.end()) return std::nullopt;
    return ByKey{received, &*issued};
}

const Received& Dossiers::shelve(Received received) {
    const admin::LocalNumber number = received.dossier.number();
    if (received.dossier.code()) by_code_.insert_or_assign(*received.dossier.code(), number);
    for (const ReceivedPart& part : received.parts)
        by_message_.insert_or_assign(part.message_id, number);
    for (const Issued& issued : received.issued) {
        by_message_.insert_or_assign(issued.word.message_id, number);
        if (issued.digests) by_key_.insert_or_assign(issued.digests->key, number);
    }
    return shelf_.put(number, std::move(received));
}

void Dossiers::save_epoch() {
    if (epoch_row_) save_(std::string{OfficeEpoch::kRow}, std::move(*epoch_row_));
    epoch_row_.reset();
}

void Dossiers::save(Received received) {
    save_epoch();
    const Received& kept = shelve(std::move(received));
    save_(std::string{kRowPrefix} + kept.dossier.number().print(), kept.encode());
}

}  // namespace tram::registry
