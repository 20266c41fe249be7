// The network of a simulated world.
#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "tests/sim/oracle.h"
#include "tests/sim/world.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr std::int64_t kSecond_us = 1'000'000;
// Who was cut off under a transfer is back after this.
constexpr std::int64_t kBackAfterLoss_us = 5 * kSecond_us;

}  // namespace

void World::connect(std::size_t index) {
    const Contact& contact = contacts_.contacts[index];
    const std::int64_t end_us = contact.end_s * kSecond_us;
    if (now_us_ == contact.start_s * kSecond_us) plan(end_us, EventKind::kContactEnd, index);
    if (now_us_ >= end_us || link_of_[index] != 0) return;
    Host& a = *hosts_[contact.a];
    Host& b = *hosts_[contact.b];
    if (!a.accepts(b) || !b.accepts(a)) return;
    const LinkId id = ++last_link_;
    link_of_[index] = id;
    Link& link = links_[id];
    link.contact = index;
    link.ends = {contact.a, contact.b};
    link.rate = contact.rate != 0 ? contact.rate : options_.rate;
    const std::uint64_t mru = Limits{}.bundle_bytes_max;
    a.give(input::PeerUp{id, b.id(), mru, "virtual", true, true, true});
    b.give(input::PeerUp{id, a.id(), mru, "virtual", true, true, true});
}

void World::contact_ends(std::size_t contact) {
    if (link_of_[contact] != 0) end_link(link_of_[contact]);
}

void World::count_sent(const Flight& flight, std::uint64_t bytes) {
    outcome_.sent_bytes += bytes;
    if (flight.key == kUnstored || flight.key == kSyncMessage) outcome_.control_bytes += bytes;
    if (flight.receipt) outcome_.receipt_bytes += bytes;
}

void World::end_link(LinkId id) {
    const auto found = links_.extract(id);
    if (found.empty()) return;
    const Link& link = found.mapped();
    link_of_[link.contact] = 0;
    if (link.moving) {
        count_sent(*link.moving,
                   static_cast<std::uint64_t>(now_us_ - link.since_us) * link.rate / kSecond_us);
        ++outcome_.cut;
    }
    for (const NodeIndex end : link.ends)
        hosts_[end]->give(input::PeerDown{id, "out of range"});
}

void World::break_link(LinkId id, std::int64_t back_us) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    plan(now_us_ + back_us, EventKind::kReconnect, link->second.contact);
    end_link(id);
}

void World::transmit(NodeIndex from, LinkId id, Flight flight) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;  // it ended while the node was at it
    if (hosts_[from]->hostile()) garble(flight);
    const std::size_t end = link->second.ends[0] == from ? 0 : 1;
    link->second.waiting.at(end).push_back(std::move(flight));
    move_on(id, link->second);
}

void World::move_on(LinkId id, Link& link) {
    if (link.moving) return;
    if (!link.waiting.at(1 - link.turn).empty()) {
        link.turn = 1 - link.turn;
    } else if (link.waiting.at(link.turn).empty()) {
        return;
    }
    std::deque<Flight>& waiting = link.waiting.at(link.turn);
    link.moving = std::move(waiting.front());
    waiting.pop_front();
    link.since_us = now_us_;
    plan(now_us_ + transfer_us(link.moving->bytes, link.rate), EventKind::kTransferEnd, id);
}

void World::transfer_ends(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    Link& link = found->second;
    TRAM_CHECK(link.moving.has_value());
    const Faults& faults = options_.faults;
    if (faults.loss > 0 && (faults.until_us == 0 || now_us_ < faults.until_us) &&
        random_.unit() < faults.loss)
        return break_link(id, kBackAfterLoss_us);
    Flight flight = std::move(*link.moving);
    link.moving.reset();
    ++outcome_.transfers;
    count_sent(flight, flight.bytes);
    const TransferId transfer = ++last_transfer_;
    const bool stored = flight.key != kUnstored && flight.key != kSyncMessage;
    Bytes wire = std::move(flight.wire);
    link.unanswered.emplace(transfer, std::pair{link.turn, std::move(flight)});
    Host& receiver = *hosts_[link.ends.at(1 - link.turn)];
    move_on(id, link);
    receiver.receive(id, transfer, std::move(wire), stored);
}

void World::answer(NodeIndex from, LinkId id, TransferId transfer, std::optional<Refusal> refusal) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    const auto found = link->second.unanswered.extract(transfer);
    if (found.empty()) return;
    const auto& [end, flight] = found.mapped();
    trace(100 + static_cast<std::uint64_t>(refusal ? static_cast<int>(*refusal) + 1 : 0), from,
          flight.chunk.value_or(0));
    if (flight.chunk && (!refusal || *refusal == Refusal::kCompleted) && !hosts_[from]->hostile())
        checker_.acknowledged_to_peer(from, *flight.chunk, refusal.has_value());
    Host& sender = *hosts_[link->second.ends.at(end)];
    if (!refusal) return sender.give(input::Confirmed{id, flight.key});
    switch (*refusal) {
        case Refusal::kCompleted: ++outcome_.duplicates; break;
        case Refusal::kNoResources: ++outcome_.refused_full; break;
        default: ++outcome_.refused; break;
    }
    sender.give(input::Declined{id, flight.key, *refusal});
}

}  // namespace tram::sim
