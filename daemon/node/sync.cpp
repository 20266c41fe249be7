#include "daemon/node/sync.h"

#include <algorithm>
#include <sodium.h>
#include <utility>

#include "daemon/node/flooding.h"
#include "daemon/node/own_bundle.h"
#include "daemon/node/sync_session.h"

namespace tram::node {

namespace {

constexpr std::string_view kDemux = "tram/sync";

std::vector<sync::Item> items_of(const std::vector<std::pair<sync::Item, BundleKey>>& all) {
    std::vector<sync::Item> items;
    items.reserve(all.size());
    for (const auto& [item, key] : all)
        items.push_back(item);
    return items;
}

}  // namespace

Reconciliation::Reconciliation(std::vector<std::pair<sync::Item, BundleKey>> all)
    : keys{std::move(all)}, items{items_of(keys)}, reconciler{items} {}

Sync::Sync(Custody& custody, Copies& copies, Room& room, Forwarding& forwarding, MadeReceipts& made_receipts)
    : custody_{custody},
      copies_{copies},
      room_{room},
      forwarding_{forwarding},
      made_receipts_{made_receipts} {}

Sync::~Sync() = default;

void Sync::link_up(const input::PeerUp& up) {
    auto session = std::make_unique<Session>();
    session->link = up.link;
    session->peer = up.peer;
    session->patience = custody_.now().monotonic + kHelloPatience;
    const ByteView chance = custody_.options().chance;
    Buffer seed{chance.begin(), chance.end()};
    append(seed, as_bytes(custody_.options().node_id.to_string()));
    append(seed, as_bytes(std::to_string(++nonces_)));
    crypto_generichash(session->nonce.data(), session->nonce.size(), seed.data(), seed.size(), nullptr, 0);
    sync::Hello hello{session->nonce, communes_of(custody_.options()), custody_.now().wall.has_value(),
                      copies_.greet(up.peer)};
    if (hello.communes.size() > sync::kCommunesMax) hello.communes.resize(sync::kCommunesMax);
    transmit(*session, hello);
    sessions_[up.link] = std::move(session);
}

void Sync::link_down(LinkId link) {
    const auto found = sessions_.extract(link);
    if (found.empty()) return;
    for (const auto& [id, promised] : found.mapped()->promised)
        promised_bytes_ -= promised.bytes;
}

void Sync::refused(LinkId link) {
    if (!sessions_.contains(link)) return;
    link_down(link);
    forwarding_.fall_back(link);
}

bool Sync::is_message(const bpv7::Bundle& bundle) const {
    const bpv7::Eid& destination = bundle.primary.destination;
    return destination.demux() == kDemux && destination.node_id() == custody_.options().node_id;
}

void Sync::transmit(Session& session, const sync::Message& message) {
    auto made = make_neighbour_message(custody_, session.peer, kDemux, sync::encode(message));
    if (made) custody_.emit(effect::Transmit{session.link, kSyncMessage, std::move(made->wire)});
}

Result<void> Sync::received(LinkId link, const bpv7::Bundle& bundle) {
    const auto found = sessions_.find(link);
    if (found == sessions_.end())
        return fail(ErrorCode::kForbidden,
                    "the sync is for neighbours that take part and have proved who they are");
    Session& session = *found->second;
    if (bundle.primary.source.node_id() != session.peer) {
        return fail(ErrorCode::kWrongNodeId, "a message of the sync from " +
                                                 bundle.primary.source.to_string() + " came from " +
                                                 session.peer.to_string());
    }
    if (session.mistakes >= kMistakesMax)
        return fail(ErrorCode::kBusy, "too much of what this peer said in the sync was wrong");
    auto message = sync::decode(bundle.payload());
    Result<void> taken;
    if (!message) {
        taken = std::unexpected{std::move(message.error())};
    } else if (!session.greeted && !std::holds_alternative<sync::Hello>(*message)) {
        taken = fail(ErrorCode::kMalformed, "the sync begins with a hello");
    } else {
        taken = std::visit([&](auto& what) { return take(session, std::move(what)); }, *message);
    }
    if (!taken) ++session.mistakes;
    return taken;
}

Result<void> Sync::take(Session& session, sync::Hello hello) {
    if (session.greeted) return fail(ErrorCode::kDuplicate, "this peer has said hello already");
    session.greeted = true;
    const bool first = custody_.options().node_id < session.peer;
    session.key =
        first ? sync::make_key(session.nonce, hello.nonce) : sync::make_key(hello.nonce, session.nonce);
    const auto ours = communes_of(custody_.options());
    std::ranges::sort(hello.communes);
    std::ranges::set_intersection(ours, hello.communes, std::back_inserter(session.communes));
    hear(session, hello.gossip);
    reconcile(session);
    return {};
}

Result<void> Sync::take(Session& session, const sync::Gossip& gossip) {
    if (++session.gossips > kGossipsMax)
        return fail(ErrorCode::kBusy, "this peer has told enough about contacts");
    hear(session, gossip.said);
    return {};
}

// What a router of another kind says means nothing here, and is no mistake.
void Sync::hear(Session& session, ByteView said) {
    if (said.empty()) return;
    auto answer = copies_.hear(session.peer, said);
    if (!answer) return;
    if (!answer->empty()) transmit(session, sync::Gossip{std::move(*answer)});
    if (session.offering_begun) review(session);
}

bool Sync::is_common(const Session& session, const Parcel& parcel) const {
    return parcel.flooded_in && std::ranges::binary_search(session.communes, *parcel.flooded_in);
}

void Sync::reconcile(Session& session) {
    if (session.communes.empty()) return begin_offering(session);
    std::vector<std::pair<sync::Item, BundleKey>> all;
    for (const auto& [id, flooded] : custody_.inventory().flooded()) {
        if (!std::ranges::binary_search(session.communes, flooded.commune)) continue;
        all.emplace_back(sync::Item{flooded.time_ms, sync::keyed_id(session.key, as_bytes(id))}, flooded.key);
    }
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all, {}, &std::pair<sync::Item, BundleKey>::first);
    all.erase(repeated.begin(), repeated.end());
    session.reconciliation = std::make_unique<Reconciliation>(std::move(all));
    session.patience = custody_.now().monotonic + kRangesPatience;
    if (custody_.options().node_id < session.peer)
        transmit(session, sync::Ranges{session.reconciliation->reconciler.begin()});
}

Result<void> Sync::take(Session& session, const sync::Ranges& ranges) {
    if (session.reconciliation == nullptr) return {};  // it took too long
    sync::Reconciler& reconciler = session.reconciliation->reconciler;
    auto answer = reconciler.receive(ranges.wire);
    if (answer && *answer) transmit(session, sync::Ranges{std::move(**answer)});
    send_lacking(session);
    if (answer && reconciler.is_over()) note_common(session);
    if (reconciler.is_over()) begin_offering(session);
    if (!answer) return std::unexpected{std::move(answer.error())};
    return {};
}

void Sync::send_lacking(Session& session) {
    Reconciliation& reconciliation = *session.reconciliation;
    Peer* peer = forwarding_.neighbours().peer(session.peer);
    const auto& lacking = reconciliation.reconciler.lacking();
    for (; reconciliation.sent < lacking.size() && peer != nullptr; ++reconciliation.sent) {
        Entry* entry = custody_.inventory().find(reconciliation.keys[lacking[reconciliation.sent]].second);
        if (entry == nullptr || !Forwarding::may_leave(*entry)) continue;
        entry->holders.forget(peer->number);
        forwarding_.send(
            *peer, order_of(entry->record, {routing::Verdict::Copy::kDirect}, entry->record.wire_length),
            *entry);
    }
}

void Sync::tick() {
    const Instant now = custody_.now().monotonic;
    std::vector<LinkId> silent;
    for (auto& [link, session] : sessions_) {
        if (session->patience && *session->patience <= now) {
            session->patience.reset();
            if (session->greeted) {
                begin_offering(*session);
            } else {
                silent.push_back(link);
            }
        }
        if (session->offering_begun && session->review_at <= now) review(*session);
    }
    for (const LinkId link : silent)
        refused(link);
}

std::optional<Instant> Sync::next_timeout() const {
    std::optional<Instant> next;
    const auto consider = [&](Instant at) {
        if (!next || at < *next) next = at;
    };
    for (const auto& [link, session] : sessions_) {
        if (session->patience) consider(*session->patience);
        if (session->offering_begun) consider(session->review_at);
    }
    return next;
}

}  // namespace tram::node
