// The second part of a contact: what each offers and what the other wants of it.
#include <algorithm>
#include <utility>

#include "daemon/node/reception.h"
#include "daemon/node/sync_session.h"

namespace tram::node {

namespace {

using Copy = routing::Verdict::Copy;

// While a contact lasts, estimates and plans change.
constexpr Duration kReviewInterval{600'000};
constexpr Duration kReviewAfterRefusal{10'000};
constexpr std::uint64_t kOfferBytesMin = 256U << 10;  // of what an offer offers
constexpr std::uint64_t kAheadBytesMin = 512U << 10;  // of what is wanted and waits
constexpr std::size_t kPromisedMax = 4'096;
// There is room again when so much of the quota has become free.
constexpr std::uint64_t kRoomPart = 64;

/// The first `count` of what is set.
Buffer first_bits(const std::vector<bool>& wanted, std::uint64_t count) {
    Buffer bits;
    for (std::size_t i = 0; i < wanted.size() && count > 0; ++i) {
        if (!wanted[i]) continue;
        sync::set_bit(bits, i);
        --count;
    }
    return bits;
}

std::uint64_t whole_bytes(const sync::Offered& item) {
    const std::uint64_t parts = std::max<std::uint64_t>(item.part_count(), 1);
    return item.bytes / parts * std::max(item.count, parts);
}

/// Whether not even an empty store would have room for a copy of so many bytes by one source.
bool is_beyond_any_room(const NodeOptions& options, std::uint64_t bytes) {
    const std::uint64_t room = options.quota_bytes / 100 * options.spare_percent_max;
    return bytes > room / 100 * options.source_percent_max;
}

}  // namespace

// What was not found lacking is there.
void Sync::note_common(const Session& session) {
    const Peer* peer = forwarding_.neighbours().peer(session.peer);
    const Reconciliation& reconciliation = *session.reconciliation;
    std::vector<bool> lacks(reconciliation.keys.size());
    for (const std::size_t index : reconciliation.reconciler.lacking())
        lacks[index] = true;
    for (std::size_t i = 0; i < lacks.size() && peer != nullptr; ++i) {
        Entry* entry = custody_.inventory().find(reconciliation.keys[i].second);
        if (entry != nullptr && !lacks[i]) forwarding_.found_at(*entry, *peer);
    }
}

void Sync::begin_offering(Session& session) {
    session.patience.reset();
    session.reconciliation.reset();
    if (std::exchange(session.offering_begun, true)) return;
    review(session);
}

void Sync::review(Session& session) {
    session.review_at = custody_.now().monotonic + kReviewInterval;
    for (const auto& [number, parcel] : custody_.inventory().parcels().here()) {
        if (!is_common(session, *parcel)) consider(session, *parcel);
    }
}

void Sync::consider(Session& session, Parcel& parcel) {
    const Peer* peer = forwarding_.neighbours().peer(session.peer);
    const Entry* first = custody_.inventory().find(parcel.here.front().key);
    if (peer == nullptr || first == nullptr || parcel.is_all_at(peer->number, custody_.node_time_ms()))
        return;
    const routing::Verdict verdict =
        is_common(session, parcel) ? routing::Verdict{Copy::kDirect} : copies_.judge(parcel, session.peer);
    if (verdict.copy == Copy::kNone) return session.offering.remove(parcel.number);
    session.offering.add(parcel.number, order_of(first->record, verdict, parcel.bytes), verdict);
}

void Sync::ready(const Entry& entry) {
    if (!Forwarding::may_leave(entry)) return;
    for (auto& [link, session] : sessions_) {
        const Peer* peer = forwarding_.neighbours().peer(session->peer);
        if (!session->greeted || peer == nullptr || forwarding_.held_by(entry, *peer)) continue;
        consider(*session, *entry.parcel);
    }
}

void Sync::pump() {
    say_room_again();
    for (auto& [link, session] : sessions_) {
        if (session->offering_begun) offer(*session);
    }
}

void Sync::offer(Session& session) {
    Peer* peer = forwarding_.neighbours().peer(session.peer);
    const Link* link = peer != nullptr ? forwarding_.neighbours().sending_link(*peer) : nullptr;
    if (link == nullptr || link->id != session.link) return;
    const std::uint64_t pace = link->pace.bytes_per_second(custody_.now().monotonic);
    const std::uint64_t ahead = std::max(kAheadBytesMin, 2 * pace);
    while (session.offering.may_ask()) {
        auto next = session.offering.first();
        if (!next || peer->outbox.bytes_before(next->order.klass()) >= ahead) return;
        sync::Offer offer;
        std::vector<Offering::Asked> asked;
        std::uint64_t bytes = 0;
        while (next && offer.items.size() < sync::kOfferItemsMax && bytes < std::max(kOfferBytesMin, pace)) {
            session.offering.remove(next->parcel);
            if (auto item = item_for(session, *peer, *next)) {
                bytes += item->first.bytes;
                offer.items.push_back(std::move(item->first));
                asked.push_back(std::move(item->second));
            }
            next = session.offering.first();
        }
        if (offer.items.empty()) return;
        offer.number = session.offering.ask(std::move(asked));
        transmit(session, offer);
    }
}

std::optional<std::pair<sync::Offered, Offering::Asked>> Sync::item_for(Session& session, const Peer& peer,
                                                                        const Offering::Candidate& next) {
    Parcel* parcel = custody_.inventory().parcels().find(next.parcel);
    if (parcel == nullptr || parcel->here.empty()) return std::nullopt;
    sync::Offered item{.id = sync::keyed_id(session.key, parcel->id), .count = parcel->count};
    Offering::Asked asked{.parcel = next.parcel, .verdict = next.verdict, .parts = {}};
    std::size_t held = 0;
    std::vector<std::uint64_t> indices;
    for (const Parcel::Part& part : parcel->here) {
        const Entry& entry = *custody_.inventory().find(part.key);
        if (forwarding_.held_by(entry, peer)) {
            ++held;
            continue;
        }
        if (!Forwarding::may_leave(entry) || peer.declined.contains(part.key) ||
            session.offering.is_asked(part.key) || forwarding_.is_sending(peer, part.key))
            continue;
        if (!indices.empty() && part.index - indices.front() >= sync::kOfferPartsMax) break;
        // Of two bundles that claim to be the same part the second one is offered another time.
        if (!indices.empty() && indices.back() == part.index) continue;
        indices.push_back(part.index);
        asked.parts.push_back(part.key);
        item.bytes += entry.record.wire_length;
    }
    if (held == parcel->here.size()) parcel->note_all_at(peer.number, custody_.node_time_ms());
    if (indices.empty()) return std::nullopt;
    if (indices.size() != parcel->count || parcel->count > sync::kOfferPartsMax) {
        item.first = indices.front();
        for (const std::uint64_t index : indices)
            sync::set_bit(item.parts, index - item.first);
    }
    item.copy = static_cast<std::uint8_t>(next.verdict.copy);
    item.only = copies_.router().hands_over() && !is_common(session, *parcel);
    asked.shares = held == 0 && next.verdict.copy != Copy::kDirect;
    if (asked.shares) item.note = copies_.share(*parcel, session.peer);
    return std::pair{std::move(item), std::move(asked)};
}

Result<void> Sync::take(Session& session, const sync::Want& want) {
    auto asked = session.offering.answered(want.number);
    if (!asked || asked->size() != want.answers.size())
        return fail(ErrorCode::kMalformed, "an answer to an offer that was not made, or not like this");
    Peer* peer = forwarding_.neighbours().peer(session.peer);
    for (std::size_t i = 0; i < asked->size() && peer != nullptr; ++i)
        answered(session, *peer, (*asked)[i], want.answers[i]);
    return {};
}

void Sync::answered(Session& session, Peer& peer, const Offering::Asked& asked, const sync::Answer& answer) {
    using What = sync::Answer::What;
    Parcel* parcel = custody_.inventory().parcels().find(asked.parcel);
    if (parcel == nullptr || parcel->here.empty()) return;
    if (answer.what == What::kLater) return session.offering.postpone(asked.parcel);
    if (answer.what == What::kNo) copies_.known_at(*parcel, session.peer);
    if (answer.what == What::kPart) session.offering.postpone(asked.parcel);
    const bool has_bits = answer.what == What::kSome || answer.what == What::kPart;
    std::vector<Entry*> wanted;
    std::uint64_t lacking = 0;
    for (std::size_t i = 0; i < asked.parts.size(); ++i) {
        Entry* entry = custody_.inventory().find(asked.parts[i]);
        if (entry == nullptr) continue;
        const bool wants = answer.what == What::kAll || (has_bits && sync::bit_at(answer.parts, i));
        if (answer.what == What::kNever) {
            peer.declined.insert(asked.parts[i]);
        } else if (wants) {
            wanted.push_back(entry);
            lacking += entry->record.wire_length;
        } else if (answer.what != What::kPart) {
            forwarding_.found_at(*entry, peer);
        }
    }
    if (wanted.empty()) return;
    if (asked.shares) session.offering.shared.insert(asked.parcel);
    const Order order = order_of(wanted.front()->record, asked.verdict, lacking);
    for (const Entry* entry : wanted)
        forwarding_.send(peer, order, *entry);
}

void Sync::confirming(LinkId link, BundleKey key) {
    const auto session = sessions_.find(link);
    const Entry* entry = custody_.inventory().find(key);
    if (session == sessions_.end() || entry == nullptr) return;
    if (session->second->offering.shared.erase(entry->parcel->number) != 0)
        copies_.given(*entry->parcel, session->second->peer);
}

void Sync::no_room(LinkId link, BundleKey key) {
    const auto session = sessions_.find(link);
    const Entry* entry = custody_.inventory().find(key);
    if (session == sessions_.end() || entry == nullptr) return;
    session->second->offering.postpone(entry->parcel->number);
    // It may have been busy only.
    Duration& pause = session->second->review_pause;
    const Instant now = custody_.now().monotonic;
    if (session->second->review_at - now <= pause) return;
    pause = std::clamp(pause * 2, kReviewAfterRefusal, kReviewInterval);
    session->second->review_at = std::min(session->second->review_at, now + pause);
}

Result<void> Sync::take(Session& session, const sync::RoomAgain&) {
    for (const ParcelNumber number : session.offering.take_postponed()) {
        Parcel* parcel = custody_.inventory().parcels().find(number);
        if (parcel != nullptr && !parcel->here.empty()) consider(session, *parcel);
    }
    return {};
}

Result<void> Sync::take(Session& session, const sync::Offer& offer) {
    sync::Want want{offer.number, {}};
    std::optional<std::vector<Room::Spare>> spares;
    for (const sync::Offered& item : offer.items)
        want.answers.push_back(answer(session, item, spares));
    transmit(session, want);
    return {};
}

Parcel* Sync::known(Session& session, sync::KeyedId id) {
    const auto& all = custody_.inventory().parcels().all();
    session.parcels.reserve(all.size());
    for (auto next = all.upper_bound(session.parcels_up_to); next != all.end(); ++next) {
        session.parcels[sync::keyed_id(session.key, next->second.id)] = next->first;
        session.parcels_up_to = next->first;
    }
    const auto found = session.parcels.find(id);
    return found == session.parcels.end() ? nullptr : custody_.inventory().parcels().find(found->second);
}

/// Which of the offered parts should come, in their order.
std::vector<bool> Sync::wanted_of(const Parcel& parcel, const sync::Offered& item,
                                  const std::vector<std::uint64_t>& indices) const {
    std::vector<bool> wanted(indices.size(), parcel.ended == 0);
    const bool local = is_local(custody_.options(), parcel.destination);
    // When both would let go of their copies on the other's word, the bundle itself must decide (Reception).
    const bool has_counts = local || !item.only || !copies_.router().hands_over();
    for (std::size_t i = 0; i < indices.size() && parcel.ended == 0; ++i)
        wanted[i] = !(has_counts && parcel.has(indices[i])) && !parcel.was_here(indices[i]);
    // Its sender has waited for the receipt in vain: the first part asks the destination for it (Reception).
    const bool asks = !local && indices.front() == 0 && parcel.was_here(0) && parcel.ended == 0 &&
                      custody_.node_time_ms() - parcel.gone_at_ms >= custody_.options().offer_again_ms / 2;
    if (asks) wanted.front() = true;
    return wanted;
}

Room::Claim Sync::claim_of(const Session& session, const sync::Offered& item) const {
    const auto copy = static_cast<Copy>(item.copy);
    Room::Claim claim{.bytes = item.bytes, .spare = !item.only, .copy = copy};
    claim.preferred = copy == Copy::kDirect;
    claim.bulk = item.count > 1;  // as most that is large
    claim.worth = copies_.router().worth_offered(whole_bytes(item), item.note, copies_.now());
    claim.peer = session.peer.to_string();
    return claim;
}

std::uint64_t Sync::room_for(const Room::Claim& claim,
                             std::optional<std::vector<Room::Spare>>& spares) const {
    Room::Claim with_promised = claim;
    with_promised.bytes += promised_bytes_;
    std::uint64_t most = room_.could_take(with_promised, {});
    if (most < with_promised.bytes && claim.copy != Copy::kSurplus) {
        if (!spares) spares = room_.spares();
        most = room_.could_take(with_promised, *spares);
    }
    return most - std::min(most, promised_bytes_);
}

sync::Answer Sync::answer(Session& session, const sync::Offered& item,
                          std::optional<std::vector<Room::Spare>>& spares) {
    using What = sync::Answer::What;
    const auto indices = item.part_indices();
    std::vector<bool> wanted(indices.size(), true);
    if (const Parcel* parcel = known(session, item.id)) {
        wanted = wanted_of(*parcel, item, indices);
        if (indices.front() == 0 && parcel->was_here(0) && is_local(custody_.options(), parcel->destination))
            made_receipts_.came_again(parcel->message_id, parcel->source);
    }
    const auto missing = static_cast<std::uint64_t>(std::ranges::count(wanted, true));
    if (missing == 0) return {What::kNo, {}};
    const std::uint64_t part_bytes = std::max<std::uint64_t>(item.bytes / indices.size(), 1);
    const Room::Claim claim = claim_of(session, item);
    std::uint64_t fitting = std::min(missing, room_for(claim, spares) / part_bytes);
    // Half of a message helps nobody but its destination, unless it can come in no other way.
    if (fitting < missing && claim.spare && claim.copy != Copy::kDirect &&
        !is_beyond_any_room(custody_.options(), whole_bytes(item)))
        fitting = 0;
    if (fitting < missing && claim.copy != Copy::kSurplus)
        session.later_at_bytes = custody_.inventory().bytes() + promised_bytes_;
    if (fitting == 0 || session.promised.size() >= kPromisedMax) return {What::kLater, {}};
    const std::uint64_t bytes = fitting == indices.size() ? item.bytes : fitting * part_bytes;
    promise(session, item, bytes);
    session.promised[item.id].worth = claim.worth;
    if (fitting == indices.size()) return {What::kAll, {}};
    return {fitting < missing ? What::kPart : What::kSome, first_bits(wanted, fitting)};
}

void Sync::promise(Session& session, const sync::Offered& item, std::uint64_t bytes) {
    Promised& promised = session.promised[item.id];
    promised_bytes_ += bytes;
    promised.bytes += bytes;
    promised.copy = item.copy;
    promised.only = item.only;
    promised.note = item.note;
}

/// Nothing: it is part of nothing that the peer was asked for.
std::optional<sync::KeyedId> Sync::promised_id(const Session& session, const bpv7::Bundle& bundle) {
    const auto klass = Receipts::class_of(bundle);
    if (!klass) return std::nullopt;
    std::optional<store::ChunkRecord> chunk;
    if (klass->form == bpv7::Form::kMessage)
        chunk = store::ChunkRecord{klass->message_id, klass->chunk_index, klass->chunk_count};
    const ParcelId parcel =
        parcel_id(chunk, bundle.primary.source, bundle.primary.destination, bundle.id().key());
    const sync::KeyedId id = sync::keyed_id(session.key, parcel);
    return session.promised.contains(id) ? std::optional{id} : std::nullopt;
}

Room::Claim Sync::claim(LinkId link, const bpv7::Bundle& bundle) const {
    const auto session = sessions_.find(link);
    if (session == sessions_.end()) return {};
    const auto id = promised_id(*session->second, bundle);
    if (!id) return {};
    const Promised& promised = session->second->promised.at(*id);
    Room::Claim claim{.spare = !promised.only, .copy = static_cast<Copy>(promised.copy)};
    claim.worth = promised.worth;
    return claim;
}

void Sync::stored(const Entry& entry, LinkId link) {
    const auto found = sessions_.find(link);
    if (found == sessions_.end()) return;
    Session& session = *found->second;
    const auto promised = session.promised.find(sync::keyed_id(session.key, entry.parcel->id));
    if (promised == session.promised.end()) return;
    Promised& left = promised->second;
    if (!std::exchange(left.begun, true))
        copies_.taken(*entry.parcel, session.peer, static_cast<Copy>(left.copy), left.only, left.note);
    has_come(session, promised->first, entry.record.wire_length);
}

void Sync::not_stored(const bpv7::Bundle& bundle, std::uint64_t bytes, LinkId link) {
    const auto session = sessions_.find(link);
    if (session == sessions_.end() || session->second->promised.empty()) return;
    if (const auto id = promised_id(*session->second, bundle)) has_come(*session->second, *id, bytes);
}

void Sync::has_come(Session& session, sync::KeyedId id, std::uint64_t bytes) {
    Promised& left = session.promised.at(id);
    bytes = std::min(left.bytes, bytes);
    left.bytes -= bytes;
    promised_bytes_ -= bytes;
    if (left.bytes == 0) session.promised.erase(id);
}

void Sync::say_room_again() {
    const std::uint64_t used = custody_.inventory().bytes() + promised_bytes_;
    for (auto& [link, session] : sessions_) {
        if (!session->later_at_bytes) continue;
        if (used + custody_.options().quota_bytes / kRoomPart > *session->later_at_bytes) continue;
        session->later_at_bytes.reset();
        transmit(*session, sync::RoomAgain{});
    }
}

}  // namespace tram::node
