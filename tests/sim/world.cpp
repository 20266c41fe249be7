#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "tests/sim/identities.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr std::int64_t kSecond_us = 1'000'000;
// Who finds no room for what is to be sent tries again.
constexpr std::int64_t kSendAgain_us = 3'600 * kSecond_us;

<<<<<<< HEAD
std::string node_name(NodeIndex node) {
    return "dtn://18904-n" + std::to_string(node) + "/";
}

NodeOptions options_for(NodeIndex index, const Load& load, const WorldOptions& world) {
    NodeOptions options;
    options.node_id = *bpv7::Eid::parse(node_name(index));
    options.router = world.router;
    options.quota_bytes = load.buffers[index];
    options.weigh = &Catalogue::weigh;
    if (world.window_bytes != 0) options.link_bytes_in_flight_max = world.window_bytes;
    return options;
}

=======
>>>>>>> dd29031 (sim: nodes with certificates, receipts, faults, places where it must work, and 2,000 meshes)
std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15ULL;
    return hash ^ (hash >> 29U);
}

}  // namespace

World::World(const ContactPlan& contacts, const Load& load, WorldOptions options)
    : contacts_{contacts},
      load_{load},
      options_{std::move(options)},
      catalogue_{load.messages},
      checker_{catalogue_, load},
      random_{options_.seed},
      group_{*bpv7::Eid::parse("dtn://18904/~all")},
      link_of_(contacts.contacts.size()),
      refused_(load.messages.size()),
      tried_(load.messages.size()),
      to_try_(load.messages.size()) {
    TRAM_CHECK(options_.rate > 0 && load.buffers.size() >= contacts.node_count);
    for (const Message& message : load.messages) {
        if (message.to != kGroup) receivers_.insert(message.to);
    }
    for (NodeIndex index = 0; index < contacts.node_count; ++index) {
        NodeOptions node = device(index).options();
        node.router = options_.router;
        node.quota_bytes = load.buffers[index] * (options_.bug == Bug::kExceedQuota ? 4 : 1);
        node.clock_earliest = DtnTime{kWallStart_ms - 1};
        node.weigh = &Catalogue::weigh;
        if (is_member(index)) node.groups = {group_};
        if (options_.window_bytes != 0) node.link_bytes_in_flight_max = options_.window_bytes;
        inboxes_.push_back(*bpv7::Eid::parse(node_name(index) + "in"));
        hosts_.push_back(std::make_unique<Host>(*this, index, std::move(node), device(index)));
    }
    outcome_.delivered_us.resize(load.messages.size());
    outcome_.arrivals.resize(load.messages.size());
}

World::~World() = default;

bool World::is_member(NodeIndex node) const {
    return std::ranges::find(load_.members, node) != load_.members.end();
}

std::int64_t World::left_ms(ChunkIndex chunk) const {
    return (load_.expires_us(message_of(chunk)) - now_us_) / 1'000;
}

void World::trace(std::uint64_t what, std::uint64_t a, std::uint64_t b) {
    std::uint64_t hash = mixed(outcome_.trace_hash, static_cast<std::uint64_t>(now_us_));
    hash = mixed(hash, what);
    hash = mixed(hash, a);
    outcome_.trace_hash = mixed(hash, b);
}

void World::touch(Host& host) {
    if (std::exchange(host.dirty, true)) return;
    dirty_.push_back(&host);
}

void World::settle() {
    while (!dirty_.empty() || !to_end_.empty()) {
        for (Host* host : std::exchange(dirty_, {})) {
            host->dirty = false;
            host->settle();
        }
        for (const LinkId link : std::exchange(to_end_, {}))
            end_link(link);
    }
}

void World::plan_everything() {
    for (std::size_t i = 0; i < contacts_.contacts.size(); ++i)
        plan(contacts_.contacts[i].start_s * kSecond_us, EventKind::kContactStart, i);
    for (std::size_t i = 0; i < load_.messages.size(); ++i)
        plan(load_.messages[i].created_us, EventKind::kSubmit, i);
    plan_faults();
}

Outcome World::run() {
    choose_hostile();
    for (auto& host : hosts_)
        host->start();
    settle();
    plan_everything();
    const std::int64_t end_us = contacts_.end_s * kSecond_us;
    while (!queue_.empty()) {
        const Event event = queue_.take();
        if (event.time_us > end_us) break;
        now_us_ = event.time_us;
        checker_.at(now_us_);
        ++outcome_.events;
        trace(static_cast<std::uint64_t>(event.kind), event.subject, 0);
        happen(event);
        settle();
    }
    return finish();
}

Outcome World::finish() {
    if (options_.heals) checker_.healed();
    for (std::size_t i = 0; i < load_.messages.size(); ++i) {
        std::uint64_t made = 0;
        for (ChunkIndex k = 0; k < catalogue_.chunk_count(i); ++k)
            made += checker_.copies_made(catalogue_.first_chunk(i) + k);
        outcome_.copies.push_back(static_cast<double>(made) / catalogue_.chunk_count(i));
    }
    for (const auto& host : hosts_)
        outcome_.confirmed += host->node().custody().counters().messages_confirmed;
    outcome_.violations = checker_.violations();
    outcome_.violation_count = checker_.violation_count();
    return outcome_;
}

void World::happen(const Event& event) {
    switch (event.kind) {
        case EventKind::kContactStart:
        case EventKind::kReconnect: connect(event.subject); break;
        case EventKind::kContactEnd: contact_ends(event.subject); break;
        case EventKind::kTransferEnd: transfer_ends(event.subject); break;
        case EventKind::kDisk: hosts_[event.subject]->sync(); break;
        case EventKind::kTick: hosts_[event.subject]->tick(); break;
        case EventKind::kSubmit: send(event.subject); break;
        case EventKind::kCrash:
        case EventKind::kClockReset:
        case EventKind::kClockSet:
        case EventKind::kDiskFull:
        case EventKind::kDiskFree: fault(event); break;
    }
}

<<<<<<< HEAD
void World::contact_starts(std::size_t index) {
    const Contact& contact = plan_.contacts[index];
    const LinkId id = ++last_link_;
    links_[id].ends = {contact.a, contact.b};
    plan(contact.end_s * kSecond_us, EventKind::kContactEnd, id);
    const std::uint64_t mru = Limits{}.bundle_bytes_max;
    hosts_[contact.a]->give(input::PeerUp{id, hosts_[contact.b]->id(), mru, "virtual", false, true});
    hosts_[contact.b]->give(input::PeerUp{id, hosts_[contact.a]->id(), mru, "virtual", false, true});
}

void World::end_link(LinkId id) {
    const auto found = links_.extract(id);
    if (found.empty()) return;
    const Link& link = found.mapped();
    if (link.moving) {
        const auto moved_us = static_cast<std::uint64_t>(now_us_ - link.since_us);
        outcome_.sent_bytes += moved_us * options_.rate / kSecond_us;
        ++outcome_.cut;
    }
    for (const NodeIndex end : link.ends)
        hosts_[end]->give(input::PeerDown{id, "out of range"});
}

void World::transmit(NodeIndex from, LinkId id, Flight flight) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;  // it ended while the node was at it
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
    plan(now_us_ + transfer_us(link.moving->bytes, options_.rate), EventKind::kTransferEnd, id);
}

void World::transfer_ends(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    Link& link = found->second;
    TRAM_CHECK(link.moving.has_value());
    Flight flight = std::move(*link.moving);
    link.moving.reset();
    ++outcome_.transfers;
    outcome_.sent_bytes += flight.bytes;
    if (flight.key == kUnstored || flight.key == kSyncMessage) outcome_.control_bytes += flight.bytes;
    const TransferId transfer = ++last_transfer_;
    input::Arrived arrived{id, transfer, std::move(flight.wire)};
    link.unanswered.emplace(transfer, std::pair{link.turn, std::move(flight)});
    Host& receiver = *hosts_[link.ends.at(1 - link.turn)];
    move_on(id, link);
    receiver.give(arrived);
}

void World::answer(NodeIndex from, LinkId id, TransferId transfer, std::optional<Refusal> refusal) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    const auto found = link->second.unanswered.extract(transfer);
    if (found.empty()) return;
    const auto& [end, flight] = found.mapped();
    trace(100 + static_cast<std::uint64_t>(refusal ? static_cast<int>(*refusal) + 1 : 0), from,
          flight.chunk.value_or(0));
    if (flight.chunk && (!refusal || *refusal == Refusal::kCompleted))
        checker_.acknowledged_to_peer(from, *flight.chunk);
    Host& sender = *hosts_[link->second.ends.at(end)];
    if (!refusal) return sender.give(input::Confirmed{id, flight.key});
    if (*refusal == Refusal::kCompleted) ++outcome_.duplicates;
    if (*refusal == Refusal::kNoResources) ++outcome_.refused_full;
    sender.give(input::Declined{id, flight.key, *refusal});
}

=======
>>>>>>> dd29031 (sim: nodes with certificates, receipts, faults, places where it must work, and 2,000 meshes)
// Whoever finds no room tries with one chunk later, and with the others when that was taken.
void World::send(std::size_t message) {
    Application& application = hosts_[load_.messages[message].from]->application();
    to_try_[message] = false;
    const ChunkIndex first = catalogue_.first_chunk(message);
    if (!tried_[message]) {
        tried_[message] = true;
        return application.send(first, first + catalogue_.chunk_count(message));
    }
    std::vector<ChunkIndex>& refused = refused_[message];
    if (refused.empty()) return;
    const ChunkIndex chunk = refused.back();
    refused.pop_back();
    application.send(chunk, chunk + 1);
}

void World::send_later(ChunkIndex chunk) {
    ++outcome_.sent_later;
    const std::size_t message = catalogue_.message_of(chunk);
    refused_[message].push_back(chunk);
    if (to_try_[message]) return;
    to_try_[message] = true;
    plan(now_us_ + kSendAgain_us, EventKind::kSubmit, message);
}

void World::sent(ChunkIndex chunk) {
    const std::size_t message = catalogue_.message_of(chunk);
    if (refused_[message].empty() || to_try_[message]) return;
    Application& application = hosts_[load_.messages[message].from]->application();
    for (const ChunkIndex other : std::exchange(refused_[message], {}))
        application.send(other, other + 1);
}

void World::delivered(NodeIndex node, std::size_t message) {
    checker_.delivered(node, message);
    trace(200, node, message);
    if (outcome_.arrivals[message].empty()) outcome_.delivered_us[message] = now_us_;
    outcome_.arrivals[message].push_back(now_us_);
}

void World::stores(NodeIndex node, std::uint64_t bytes) {
    checker_.stores(node, bytes);
    outcome_.peak_store_bytes = std::max(outcome_.peak_store_bytes, bytes);
}

}  // namespace tram::sim
