#include "tests/sim/world.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "proto/base/check.h"
#include "tests/sim/oracle.h"
#include "tests/sim/random.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr std::int64_t kSecond_us = 1'000'000;
// A monotonic time of zero means nothing; the wall shows some day in 2026.
constexpr std::int64_t kMonotonicStart_ms = 1'000;
constexpr std::uint64_t kWallStart_ms = 830'000'000'000;
// Who finds no room for what is to be sent tries again.
constexpr std::int64_t kSendAgain_us = 3'600 * kSecond_us;

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

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15ULL;
    return hash ^ (hash >> 29U);
}

}  // namespace

World::World(const ContactPlan& plan, const Load& load, WorldOptions options)
    : plan_{plan},
      load_{load},
      options_{options},
      catalogue_{load.messages},
      checker_{catalogue_, load},
      refused_(load.messages.size()),
      missing_(load.messages.size()),
      tried_(load.messages.size()),
      to_try_(load.messages.size()) {
    TRAM_CHECK(options_.rate > 0 && load.buffers.size() >= plan.node_count);
    for (std::size_t i = 0; i < load.messages.size(); ++i) {
        receivers_.insert(load.messages[i].to);
        missing_[i] = catalogue_.chunk_count(i);
    }
    for (NodeIndex index = 0; index < plan.node_count; ++index) {
        inboxes_.push_back(*bpv7::Eid::parse(node_name(index) + "in"));
        hosts_.push_back(std::make_unique<Host>(*this, index, options_for(index, load, options_)));
    }
    outcome_.delivered_us.resize(load.messages.size());
}

Now World::now() const {
    const std::int64_t now_ms = now_us_ / 1'000;
    return {Instant{Duration{kMonotonicStart_ms + now_ms}},
            DtnTime{kWallStart_ms + static_cast<std::uint64_t>(now_ms)}};
}

std::int64_t World::time_us(Instant instant) {
    return (instant.time_since_epoch().count() - kMonotonicStart_ms) * 1'000;
}

const bpv7::Eid& World::inbox_of(ChunkIndex chunk) const {
    return inboxes_[load_.messages[catalogue_.message_of(chunk)].to];
}

std::int64_t World::left_ms(ChunkIndex chunk) const {
    const Message& message = load_.messages[catalogue_.message_of(chunk)];
    return (message.created_us + load_.ttl_s * kSecond_us - now_us_) / 1'000;
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
    while (!dirty_.empty()) {
        for (Host* host : std::exchange(dirty_, {})) {
            host->dirty = false;
            host->settle();
        }
    }
}

void World::plan_everything() {
    for (std::size_t i = 0; i < plan_.contacts.size(); ++i)
        plan(plan_.contacts[i].start_s * kSecond_us, EventKind::kContactStart, i);
    for (std::size_t i = 0; i < load_.messages.size(); ++i)
        plan(load_.messages[i].created_us, EventKind::kSubmit, i);
    Random random{options_.seed};
    for (std::uint32_t i = 0; i < options_.crashes; ++i) {
        const auto at_us = random.uniform(0, static_cast<double>(plan_.end_s * kSecond_us));
        plan(static_cast<std::int64_t>(at_us), EventKind::kCrash, random.below(hosts_.size()));
    }
}

Outcome World::run() {
    for (auto& host : hosts_)
        host->start();
    settle();
    plan_everything();
    const std::int64_t end_us = plan_.end_s * kSecond_us;
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
    for (std::size_t i = 0; i < load_.messages.size(); ++i) {
        std::uint64_t made = 0;
        for (ChunkIndex k = 0; k < catalogue_.chunk_count(i); ++k)
            made += checker_.copies_made(catalogue_.first_chunk(i) + k);
        outcome_.copies.push_back(static_cast<double>(made) / catalogue_.chunk_count(i));
    }
    outcome_.violations = checker_.violations();
    outcome_.violation_count = checker_.violation_count();
    return outcome_;
}

void World::happen(const Event& event) {
    const auto node = static_cast<NodeIndex>(event.subject);
    switch (event.kind) {
        case EventKind::kContactStart: contact_starts(event.subject); break;
        case EventKind::kContactEnd: end_link(event.subject); break;
        case EventKind::kTransferEnd: transfer_ends(event.subject); break;
        case EventKind::kDisk: hosts_[node]->sync(); break;
        case EventKind::kTick: hosts_[node]->tick(); break;
        case EventKind::kSubmit: send(event.subject); break;
        case EventKind::kCrash: crash(node); break;
    }
}

void World::contact_starts(std::size_t index) {
    const Contact& contact = plan_.contacts[index];
    const LinkId id = ++last_link_;
    links_[id].ends = {contact.a, contact.b};
    plan(contact.end_s * kSecond_us, EventKind::kContactEnd, id);
    const std::uint64_t mru = Limits{}.bundle_bytes_max;
    hosts_[contact.a]->give(input::PeerUp{id, hosts_[contact.b]->id(), mru, "virtual", false, false, true});
    hosts_[contact.b]->give(input::PeerUp{id, hosts_[contact.a]->id(), mru, "virtual", false, false, true});
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

// Whoever finds no room tries with one chunk later, and with the others when that was taken.
void World::send(std::size_t message) {
    Host& host = *hosts_[load_.messages[message].from];
    to_try_[message] = false;
    const ChunkIndex first = catalogue_.first_chunk(message);
    if (!tried_[message]) {
        tried_[message] = true;
        return host.send(first, first + catalogue_.chunk_count(message));
    }
    std::vector<ChunkIndex>& refused = refused_[message];
    if (refused.empty()) return;
    const ChunkIndex chunk = refused.back();
    refused.pop_back();
    host.send(chunk, chunk + 1);
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
    Host& host = *hosts_[load_.messages[message].from];
    for (const ChunkIndex other : std::exchange(refused_[message], {}))
        host.send(other, other + 1);
}

void World::delivered(ChunkIndex chunk) {
    checker_.delivered(chunk);
    trace(200, chunk, 0);
    const std::size_t message = catalogue_.message_of(chunk);
    if (missing_[message] != 0 && --missing_[message] == 0) outcome_.delivered_us[message] = now_us_;
}

void World::stores(NodeIndex node, std::uint64_t bytes) {
    checker_.stores(node, bytes);
    outcome_.peak_store_bytes = std::max(outcome_.peak_store_bytes, bytes);
}

// The device is back at once, but the contacts that it was in are over.
void World::crash(NodeIndex node) {
    std::vector<LinkId> ended;
    for (const auto& [id, link] : links_) {
        if (std::ranges::find(link.ends, node) != link.ends.end()) ended.push_back(id);
    }
    Host& host = *hosts_[node];
    host.crash();
    for (const LinkId id : ended) {
        const auto link = links_.extract(id);
        for (const NodeIndex end : link.mapped().ends) {
            if (end != node) hosts_[end]->give(input::PeerDown{id, "out of range"});
        }
    }
    host.start();
}

}  // namespace tram::sim
