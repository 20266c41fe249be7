#include "daemon/node/forwarding.h"

#include <algorithm>
#include <utility>

#include "daemon/node/reports.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/fragments.h"

namespace tram::node {

namespace {

constexpr Duration kPauseMin{5'000};
constexpr Duration kPauseMax{600'000};
constexpr std::uint64_t kWindowMin = 128U << 10;
// Previous node, age and hop count grow a bundle by at most this much on its way out.
constexpr std::uint64_t kForwardingOverhead = 1'200;

/// For a peer that is not asked what it wants: within an urgency by kind, then as they came.
Order plain_order(const store::BundleRecord& record) {
    return {.tier = tier_of(record), .cost = static_cast<double>(record.kind)};
}

/// The stored bundle as it goes to the next hop (RFC 9171 5.4 step 4, 4.4.1 to 4.4.3); nothing when it
/// cannot be decoded or its hop limit is used up.
std::optional<Bytes> outgoing(const Custody& custody, const Entry& entry, const Bytes& wire) {
    using namespace bpv7;
    auto decoded = decode(wire, {.limits = custody.options().limits, .strict = false});
    if (!decoded) return std::nullopt;
    Bundle& bundle = decoded->bundle;
    if (const CanonicalBlock* block = bundle.find(block_type::kHopCount)) {
        auto hops = decode_hop_count(block->data);
        if (!hops || hops->count >= hops->limit) return std::nullopt;
        ++hops->count;
        bundle.set_block(block_type::kHopCount, block->flags, block->crc_type, encode_hop_count(*hops));
    }
    if (const CanonicalBlock* block = bundle.find(block_type::kBundleAge)) {
        bundle.set_block(block_type::kBundleAge, block->flags, block->crc_type,
                         encode_bundle_age(custody.age_ms(entry.record)));
    }
    const CanonicalBlock* previous = bundle.find(block_type::kPreviousNode);
    bundle.set_block(block_type::kPreviousNode, previous != nullptr ? previous->flags : 0,
                     previous != nullptr ? previous->crc_type : CrcType::kCrc16,
                     encode_previous_node(custody.options().node_id));
    return encode(bundle);
}

}  // namespace

// What everybody should hold stays, unless the peer is the only one that it is for.
bool Forwarding::done_after(const Entry& entry, const bpv7::Eid& peer) {
    if (entry.parcel->flooded_in && entry.destination_node != peer && router().hands_over()) {
        const Peer* known = neighbours_.peer(peer);
        if (known != nullptr && neighbours_.syncs(*known)) return false;
    }
    return router().done_after(copies_.carried(*entry.parcel), peer);
}

void Forwarding::open_gate(LinkId id) {
    Link* link = neighbours_.link(id);
    if (link == nullptr) return;
    link->gated = false;
    if (!link->peer.is_none()) to_pump_.insert(link->peer);
}

void Forwarding::peer_up(const input::PeerUp& up, bool gated, bool syncing) {
    neighbours_.connect(up, gated, syncing);
    custody_.emit(effect::Notify{effect::Notify::What::kPeerUp, {}, {}, up.peer.to_string(), up.address});
    Peer* peer = neighbours_.peer(up.peer);
    if (peer == nullptr) return;
    peer->number = custody_.inventory().ledger().number(peer->text);
    to_pump_.insert(up.peer);
    if (peer->links.size() == 1) copies_.contact_began(up.peer);
    if (!syncing && peer->links.size() == 1) queue_all(*peer);
}

void Forwarding::fall_back(LinkId id) {
    Link* link = neighbours_.link(id);
    if (link == nullptr || !std::exchange(link->syncing, false)) return;
    if (Peer* peer = neighbours_.peer(link->peer)) queue_all(*peer);
}

void Forwarding::queue_all(Peer& peer) {
    for (const auto& [key, entry] : custody_.inventory().entries()) {
        if (wants(entry, peer)) peer.outbox.add(plain_order(entry.record), entry);
        if (entry.record.awaits_receipt) plan_second_look();
    }
    to_pump_.insert(peer.id);
}

void Forwarding::send(Peer& peer, const Order& order, const Entry& entry) {
    peer.outbox.add(order, entry);
    to_pump_.insert(peer.id);
}

bool Forwarding::is_sending(const Peer& peer, BundleKey key) {
    if (peer.outbox.contains(key)) return true;
    return std::ranges::any_of(peer.links, [&](LinkId id) {
        const Link* link = neighbours_.link(id);
        return link != nullptr && link->in_flight.contains(key);
    });
}

void Forwarding::found_at(Entry& entry, const Peer& peer) {
    if (!entry.record.awaits_receipt && entry.record.forward && entry.durable && done_after(entry, peer.id))
        return taken_by(entry, peer);
    entry.holders.add(peer.number, custody_.node_time_ms());
}

void Forwarding::peer_ending(LinkId id) {
    Link* link = neighbours_.link(id);
    if (link == nullptr) return;
    link->ending = true;
    if (!link->peer.is_none()) to_pump_.insert(link->peer);
}

void Forwarding::peer_down(const input::PeerDown& down) {
    const Link* link = neighbours_.link(down.link);
    if (link == nullptr) return;
    const bpv7::Eid id = link->peer;
    custody_.emit(effect::Notify{effect::Notify::What::kPeerDown, {}, {}, link->peer_text, down.reason});
    release(link->bytes_in_flight);
    const auto unconfirmed = neighbours_.disconnect(down.link, custody_.now().monotonic, down.reason);
    Peer* peer = neighbours_.peer(id);
    for (const auto& [key, order] : unconfirmed) {
        Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) continue;
        --entry->in_flight;
        // It goes to the same peer again over another session, if there is one.
        if (peer != nullptr && !peer->links.empty()) peer->outbox.add(order, *entry);
    }
    if (peer == nullptr) return;
    to_pump_.insert(id);
    if (peer->links.empty()) copies_.contact_ended(id);
}

Peer* Forwarding::settle_flight(LinkId id, BundleKey key) {
    Link* link = neighbours_.link(id);
    if (link == nullptr) return nullptr;
    finish_flight(*link, key);
    if (!link->peer.is_none()) to_pump_.insert(link->peer);
    return neighbours_.peer(link->peer);
}

void Forwarding::release(std::uint64_t bytes) {
    const bool was_full = bytes_in_flight_ >= custody_.options().bytes_in_flight_max;
    bytes_in_flight_ -= bytes;
    if (!was_full) return;
    for (const Peer* peer : neighbours_.reachable())
        to_pump_.insert(peer->id);
}

void Forwarding::finish_flight(Link& link, BundleKey key) {
    const auto flight = link.in_flight.find(key);
    if (flight == link.in_flight.end()) return;
    link.bytes_in_flight -= flight->second.bytes;
    release(flight->second.bytes);
    link.in_flight.erase(flight);
    if (Entry* entry = custody_.inventory().find(key)) --entry->in_flight;
}

void Forwarding::confirmed(const input::Confirmed& confirmed) {
    Link* link = neighbours_.link(confirmed.link);
    Peer* peer = settle_flight(confirmed.link, confirmed.key);
    Entry* entry = custody_.inventory().find(confirmed.key);
    if (peer == nullptr || entry == nullptr) return;
    link->pace.count(entry->record.wire_length, custody_.now().monotonic);
    ++peer->sent_bundles;
    peer->sent_bytes += entry->record.wire_length;
    peer->pause = Duration{0};
    ++custody_.counters().bundles_forwarded;
    custody_.notify(effect::Notify::What::kForwarded, *entry, peer->text);
    report_on(custody_, entry->record, bpv7::Assertion::kForwarded, bpv7::ReportReason::kNoInformation);
    taken_by(*entry, *peer);
}

void Forwarding::seen_at(Entry& entry, const Peer& peer) {
    if (held_by(entry, peer) || done_after(entry, peer.id)) return;
    entry.holders.add(peer.number, custody_.node_time_ms());
    entry.record.forwarded_to.push_back({peer.text, custody_.node_time_ms()});
    custody_.update(entry);
}

void Forwarding::taken_by(Entry& entry, const Peer& peer) {
    const store::HopRecord hop{peer.text, custody_.node_time_ms()};
    const bool known = held_by(entry, peer);
    entry.holders.add(peer.number, custody_.node_time_ms());
    if (entry.record.awaits_receipt) return given_again(entry, hop);
    if (entry.record.forward && done_after(entry, peer.id)) {
        if (!entry.record.deliver_here) {
            const bool arrived = entry.destination.is_singleton() && entry.destination_node == peer.id;
            custody_.remove(entry.record.key, arrived ? store::Ending::kDelivered : store::Ending::kForwarded,
                            hop);
            return;
        }
        entry.record.forward = false;
    } else if (known) {
        return;
    }
    entry.record.forwarded_to.push_back(hop);
    custody_.update(entry);
}

void Forwarding::given_again(Entry& entry, const store::HopRecord& hop) {
    const auto before = std::ranges::find(entry.record.forwarded_to, hop.peer, &store::HopRecord::peer);
    if (before != entry.record.forwarded_to.end()) {
        before->node_time_ms = hop.node_time_ms;
    } else {
        entry.record.forwarded_to.push_back(hop);
    }
    custody_.update(entry);
    plan_second_look();
}

bool Forwarding::held_by(const Entry& entry, const Peer& peer) const {
    const std::uint64_t now_ms = custody_.node_time_ms();
    const bool ages = entry.record.awaits_receipt && now_ms > custody_.options().offer_again_ms;
    return entry.holders.contains(peer.number, ages ? now_ms - custody_.options().offer_again_ms + 1'000 : 0);
}

void Forwarding::plan_second_look() {
    if (second_look_ || neighbours_.reachable().empty()) return;
    const std::uint64_t pause = std::max<std::uint64_t>(custody_.options().offer_again_ms / 8, 1'000);
    second_look_ = custody_.now().monotonic + Duration{static_cast<Duration::rep>(pause)};
}

void Forwarding::look_again() {
    second_look_.reset();
    for (auto& [key, entry] : custody_.inventory().entries()) {
        if (!entry.record.awaits_receipt) continue;
        plan_second_look();
        ready(entry);
    }
}

void Forwarding::declined(const input::Declined& declined) {
    const Link* link = neighbours_.link(declined.link);
    const auto flight =
        link != nullptr ? link->in_flight.find(declined.key) : decltype(link->in_flight.end()){};
    if (link == nullptr || flight == link->in_flight.end()) return;
    const Order order = flight->second.order;
    Peer* peer = settle_flight(declined.link, declined.key);
    Entry* entry = custody_.inventory().find(declined.key);
    if (peer == nullptr || entry == nullptr) return;
    switch (declined.refusal) {
        case Refusal::kCompleted: taken_by(*entry, *peer); break;
        case Refusal::kNoResources:
            if (link->syncing) break;  // it will say when there is room
            peer->pause = std::clamp(peer->pause * 2, kPauseMin, kPauseMax);
            peer->paused_until = custody_.now().monotonic + peer->pause;
            peer->outbox.add(order, *entry);
            break;
        case Refusal::kRetransmit:
        case Refusal::kTerminating: peer->outbox.add(order, *entry); break;
        case Refusal::kNotAcceptable:
            peer->declined.insert(declined.key);
            custody_.notify(effect::Notify::What::kRefused, *entry, peer->text,
                            "the peer does not accept it");
            break;
    }
}

void Forwarding::ready(const Entry& entry) {
    for (Peer* peer : neighbours_.reachable()) {
        if (neighbours_.syncs(*peer) || !wants(entry, *peer)) continue;
        send(*peer, plain_order(entry.record), entry);
    }
}

bool Forwarding::wants(const Entry& entry, const Peer& peer) const {
    return is_welcome(entry, peer) &&
           copies_.judge(*entry.parcel, peer.id).copy != routing::Verdict::Copy::kNone;
}

bool Forwarding::is_welcome(const Entry& entry, const Peer& peer) const {
    return may_leave(entry) && !held_by(entry, peer) && !peer.declined.contains(entry.record.key);
}

std::uint64_t Forwarding::window_of(const Link& link) const {
    const std::uint64_t third = link.pace.bytes_per_second(custody_.now().monotonic) / 3;
    return std::clamp(third, std::min(kWindowMin, custody_.options().link_bytes_in_flight_max),
                      custody_.options().link_bytes_in_flight_max);
}

void Forwarding::pump() {
    // Loading from the cache, cutting and confirming may ask for more pumping: those wait for the next burst.
    for (const bpv7::Eid& id : std::exchange(to_pump_, {})) {
        if (Peer* peer = neighbours_.peer(id)) pump(*peer);
    }
}

void Forwarding::pump(Peer& peer) {
    if (peer.paused_until) return;
    Link* link = neighbours_.sending_link(peer);
    if (link == nullptr) return;
    const NodeOptions& options = custody_.options();
    const std::uint64_t window = window_of(*link);
    while (link->in_flight.size() < options.link_bundles_in_flight_max && link->bytes_in_flight < window &&
           (bytes_in_flight_ < options.bytes_in_flight_max || link->in_flight.empty())) {
        const auto next = peer.outbox.take();
        if (!next) return;
        Entry* entry = custody_.inventory().find(next->key);
        if (entry == nullptr || link->in_flight.contains(next->key)) continue;
        if (link->syncing ? is_welcome(*entry, peer) : wants(*entry, peer))
            schedule(*link, *entry, next->order);
    }
}

void Forwarding::schedule(Link& link, Entry& entry, const Order& order) {
    const BundleKey key = entry.record.key;
    if (entry.record.wire_length + kForwardingOverhead > link.transfer_mru) {
        if ((entry.record.flags & bpv7::bundle_flag::kMustNotFragment) != 0) {
            if (Peer* peer = neighbours_.peer(link.peer)) peer->declined.insert(key);
            custody_.notify(effect::Notify::What::kRefused, entry, link.peer_text,
                            "larger than the peer takes, and must not be fragmented");
            return;
        }
        custody_.with_wire(entry, [this, key, bytes_max = link.transfer_mru](const Result<Bytes>& wire) {
            if (wire) cut(key, bytes_max, *wire);
        });
        return;
    }
    link.in_flight.emplace(key, Flight{entry.record.wire_length, order});
    link.bytes_in_flight += entry.record.wire_length;
    bytes_in_flight_ += entry.record.wire_length;
    ++entry.in_flight;
    custody_.with_wire(entry, [this, id = link.id, key](const Result<Bytes>& wire) {
        if (wire) {
            transmit(id, key, *wire);
        } else if (Link* gone = neighbours_.link(id)) {
            finish_flight(*gone, key);
        }
    });
}

void Forwarding::transmit(LinkId id, BundleKey key, const Bytes& wire) {
    Link* link = neighbours_.link(id);
    Entry* entry = custody_.inventory().find(key);
    if (link == nullptr || !link->in_flight.contains(key)) return;
    auto out = entry != nullptr ? outgoing(custody_, *entry, wire) : std::nullopt;
    if (!out) {
        finish_flight(*link, key);
        if (entry != nullptr) {
            if (Peer* peer = neighbours_.peer(link->peer)) peer->declined.insert(key);
            custody_.notify(effect::Notify::What::kRefused, *entry, link->peer_text,
                            "its hop limit is used up");
        }
        return;
    }
    custody_.emit(effect::Transmit{id, key, std::move(*out)});
}

void Forwarding::cut(BundleKey key, std::uint64_t bytes_max, const Bytes& wire) {
    const Entry* entry = custody_.inventory().find(key);
    if (entry == nullptr || entry->in_flight != 0) return;
    const auto decoded = bpv7::decode(wire, {.limits = custody_.options().limits, .strict = false});
    if (!decoded) return;
    const auto pieces = bytes_max > kForwardingOverhead
                            ? bpv7::fragment(decoded->bundle, bytes_max - kForwardingOverhead)
                            : fail(ErrorCode::kTooLarge, "the peer takes only tiny bundles");
    if (!pieces) {
        custody_.notify(effect::Notify::What::kRefused, *entry, {}, pieces.error().message);
        return;
    }
    const Intake intake{entry->record.received_from, entry->record.deliver_here, entry->record.forward};
    ++custody_.counters().bundles_fragmented;
    custody_.remove(key, store::Ending::kReassembled);
    for (const bpv7::Bundle& piece : *pieces) {
        if (custody_.inventory().find_id(piece.id().key()) == nullptr) {
            custody_.store(piece, bpv7::encode(piece), intake);
        }
    }
}

void Forwarding::tick() {
    if (second_look_ && *second_look_ <= custody_.now().monotonic) look_again();
    for (Peer* peer : neighbours_.reachable()) {
        if (peer->paused_until && *peer->paused_until <= custody_.now().monotonic) {
            peer->paused_until.reset();
            to_pump_.insert(peer->id);
        }
    }
}

std::optional<Instant> Forwarding::next_timeout() {
    std::optional<Instant> next = second_look_;
    for (const Peer* peer : neighbours_.reachable()) {
        if (peer->paused_until && (!next || *peer->paused_until < *next)) next = peer->paused_until;
    }
    return next;
}

}  // namespace tram::node
