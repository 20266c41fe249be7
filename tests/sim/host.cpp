#include "tests/sim/host.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/node/checks.h"
#include "proto/base/check.h"
#include "tests/sim/identities.h"
#include "tests/sim/world.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr ChunkIndex kNoChunk = std::numeric_limits<ChunkIndex>::max();
// A monotonic time of zero means nothing.
constexpr std::int64_t kMonotonicStart_ms = 1'000;

}  // namespace

Host::Host(World& world, NodeIndex index, NodeOptions options, const testing::Device& device)
    : world_{world},
      index_{index},
      options_{std::move(options)},
      device_{device},
      application_{world, *this} {
    store_ = std::make_unique<store::MemoryStore>([this](store::Ticket up_to, const Result<void>& outcome) {
        TRAM_CHECK(outcome.has_value());
        durable_ = up_to;
    });
}

// Before 2000, the beginning of DTN time, the shell shows the first moments of that year.
Now Host::now() const {
    const std::int64_t up_ms = (world_.now_us() - started_us_) / 1'000;
    const std::uint64_t wall_ms =
        reset_us_ ? 1 : kWallStart_ms + static_cast<std::uint64_t>(world_.now_us()) / 1'000;
    return {Instant{Duration{kMonotonicStart_ms + up_ms}}, DtnTime{wall_ms}};
}

std::int64_t Host::time_us(Instant instant) const {
    return started_us_ + (instant.time_since_epoch().count() - kMonotonicStart_ms) * 1'000;
}

void Host::start() {
    started_us_ = world_.now_us();
    node_ = std::make_unique<Node>(options_);
    node_->restore_trust(trust_of(index_));
    const bool forgets = world_.bug() == Bug::kForgetTombstones;
    const auto read = store_->scan({.bundle =
                                        [this](store::BundleRecord record) {
                                            node_->restore(std::move(record));
                                            return true;
                                        },
                                    .tombstone =
                                        [&](store::Tombstone grave) {
                                            if (!forgets) node_->restore(std::move(grave));
                                            return true;
                                        },
                                    .state =
                                        [this](const std::string& name, ByteView value) {
                                            node_->restore_state(name, value);
                                            return true;
                                        }});
    TRAM_CHECK(read.has_value());
    base_ = committed_;
    node_->start(now());
    if (world_.plan() != nullptr) give(input::SetPlan{*world_.plan()});
    if (disk_full_) give(input::FreeSpace{0});
    world_.touch(*this);
    application_.start();
}

void Host::crash() {
    node_.reset();
    store_->crash();
    written_.clear();
    to_load_.clear();
    tick_us_.reset();
}

void Host::reset_clock() {
    reset_us_ = world_.now_us();
}

void Host::set_disk_full(bool full) {
    disk_full_ = full;
    give(input::FreeSpace{full ? 0 : ~0ULL});
}

void Host::give(const Input& input) {
    node_->step(input, now());
    world_.touch(*this);
}

bool Host::accepts(const Host& peer) {
    const auto named = node_->accept_chain(peer.device_.chain, now());
    world_.touch(*this);
    return named && *named == peer.id().to_string();
}

void Host::receive(LinkId link, TransferId transfer, Bytes wire, bool stored) {
    if (hostile_ && stored) return world_.answer(index_, link, transfer, std::nullopt);
    give(input::Arrived{link, transfer, std::move(wire)});
}

void Host::settle() {
    while (true) {
        auto effects = node_->take_effects();
        if (effects.empty() && to_load_.empty()) break;
        for (Effect& effect : effects)
            std::visit([this](auto& what) { carry_out(what); }, effect);
        load_all();
    }
    world_.stores(index_, node_->custody().inventory().bytes());
    plan_tick();
}

void Host::plan_tick() {
    const auto next = node_->next_timeout();
    if (!next) return;
    const std::int64_t at_us = std::max(time_us(*next), world_.now_us() + 1'000);
    if (tick_us_ && *tick_us_ <= at_us) return;
    tick_us_ = at_us;
    world_.plan(at_us, EventKind::kTick, index_);
}

void Host::tick() {
    if (tick_us_ != world_.now_us()) return;  // a later one was replaced by this, or a crash came between
    tick_us_.reset();
    give(input::Tick{});
}

void Host::sync() {
    syncing_ = false;
    store_->sync();
    for (const Written& written : std::exchange(written_, {})) {
        if (written.put) {
            world_.checker().became_durable(index_, written.chunk);
        } else {
            world_.checker().was_erased(index_, written.chunk);
        }
    }
    if (durable_ > base_ && world_.bug() != Bug::kAcknowledgeEarly) give(input::Persisted{durable_ - base_});
}

ChunkIndex Host::chunk_of(store::BundleKey key) const {
    return key < chunk_of_key_.size() ? chunk_of_key_[key] : kNoChunk;
}

void Host::note(const store::Batch& batch) {
    for (const store::Change& change : batch.changes) {
        if (const auto* put = std::get_if<store::change::PutBundle>(&change)) {
            const auto chunk = world_.catalogue().chunk_in(put->record);
            if (put->record.key >= chunk_of_key_.size()) chunk_of_key_.resize(put->record.key + 1, kNoChunk);
            chunk_of_key_[put->record.key] = chunk.value_or(kNoChunk);
            if (chunk) written_.push_back({*chunk, true});
        } else if (const auto* erase = std::get_if<store::change::EraseBundle>(&change)) {
            if (const ChunkIndex chunk = chunk_of(erase->key); chunk != kNoChunk)
                written_.push_back({chunk, false});
        }
    }
}

void Host::carry_out(effect::Persist& persist) {
    note(persist.batch);
    committed_ = store_->commit(std::move(persist.batch));
    TRAM_CHECK(committed_ - base_ == persist.ticket);
    if (world_.bug() == Bug::kAcknowledgeEarly) give(input::Persisted{persist.ticket});
    if (std::exchange(syncing_, true)) return;
    world_.plan(world_.now_us() + world_.disk_us(), EventKind::kDisk, index_);
}

void Host::carry_out(effect::Accept& accept) {
    world_.answer(index_, accept.link, accept.transfer, std::nullopt);
}

void Host::carry_out(effect::Refuse& refuse) {
    world_.answer(index_, refuse.link, refuse.transfer, refuse.refusal);
}

// Signatures are good unless somebody has been at them: a hop costs no arithmetic.
void Host::carry_out(effect::Check& check) {
    const bool good = !world_.verifies() || is_good(check);
    give(input::Checked{check.check, good});
}

void Host::carry_out(effect::Disconnect& disconnect) {
    world_.disconnect(disconnect.link);
}

void Host::carry_out(effect::Load& load) {
    to_load_.insert(to_load_.end(), load.keys.begin(), load.keys.end());
}

void Host::load_all() {
    while (!to_load_.empty()) {
        const store::BundleKey key = to_load_.front();
        to_load_.pop_front();
        auto wire = store_->load(std::span{&key, 1});
        give(input::Loaded{key, std::move(wire.front())});
    }
}

void Host::carry_out(effect::Transmit& transmit) {
    Flight flight{.key = transmit.key, .wire = std::move(transmit.wire)};
    const Entry* entry = node_->custody().inventory().find(transmit.key);
    flight.bytes = entry != nullptr ? entry->record.wire_length : flight.wire.size();
    flight.receipt =
        entry != nullptr && entry->record.kind == static_cast<std::uint8_t>(bpv7::Kind::kReceipt);
    if (const ChunkIndex chunk = chunk_of(transmit.key); chunk != kNoChunk) flight.chunk = chunk;
    world_.transmit(index_, transmit.link, std::move(flight));
}

}  // namespace tram::sim
