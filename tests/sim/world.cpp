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
constexpr std::uint64_t kOverhead = 1'024;  // of a bundle, generously

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

// As the node itself does with the messages that it cuts: all of one or nothing.
bool World::has_room_for(std::size_t message) const {
    const Room& room = hosts_[load_.messages[message].from]->node().room();
    const std::uint64_t bytes = load_.messages[message].bytes + catalogue_.chunk_count(message) * kOverhead;
    return room.could_fit(Room::own(bytes + room.margin(bytes)));
}

// Whoever finds no room tries later; with one chunk, and with the others when that was taken, when there was
// room at first.
void World::send(std::size_t message) {
    Application& application = hosts_[load_.messages[message].from]->application();
    to_try_[message] = false;
    const ChunkIndex first = catalogue_.first_chunk(message);
    if (!tried_[message]) {
        if (!has_room_for(message)) {
            ++outcome_.sent_later;
            to_try_[message] = true;
            if (load_.expires_us(load_.messages[message]) <= now_us_) return;
            return plan(now_us_ + kSendAgain_us, EventKind::kSubmit, message);
        }
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
