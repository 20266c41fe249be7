#include "tests/sim/host.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "proto/base/check.h"
#include "tests/sim/world.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr ChunkIndex kNoChunk = std::numeric_limits<ChunkIndex>::max();
constexpr Duration kForEver{200LL * 366 * 24 * 3600 * 1000};

}  // namespace

Host::Host(World& world, NodeIndex index, NodeOptions options)
    : world_{world},
      index_{index},
      options_{std::move(options)},
      inbox_{*bpv7::Eid::parse(options_.node_id.to_string() + "in")} {
    store_ = std::make_unique<store::MemoryStore>([this](store::Ticket up_to, const Result<void>& outcome) {
        TRAM_CHECK(outcome.has_value());
        durable_ = up_to;
    });
}

void Host::start() {
    node_ = std::make_unique<Node>(options_);
    const auto read = store_->scan({.bundle =
                                        [this](store::BundleRecord record) {
                                            node_->restore(std::move(record));
                                            return true;
                                        },
                                    .tombstone =
                                        [this](store::Tombstone grave) {
                                            node_->restore(std::move(grave));
                                            return true;
                                        },
                                    .state =
                                        [this](const std::string& name, ByteView value) {
                                            node_->restore_state(name, value);
                                            return true;
                                        }});
    TRAM_CHECK(read.has_value());
    base_ = committed_;
    node_->start(world_.now());
    world_.touch(*this);
    if (world_.receives(index_)) fetch();
    resume_application();
}

void Host::crash() {
    node_.reset();
    store_->crash();
    written_.clear();
    to_load_.clear();
    tick_us_.reset();
}

void Host::give(const Input& input) {
    node_->step(input, world_.now());
    world_.touch(*this);
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
    const std::int64_t at_us = std::max(World::time_us(*next), world_.now_us() + 1'000);
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
    if (durable_ > base_ && !world_.lies()) give(input::Persisted{durable_ - base_});
}

void Host::note(const store::Batch& batch) {
    for (const store::Change& change : batch.changes) {
        if (const auto* put = std::get_if<store::change::PutBundle>(&change)) {
            const auto chunk = world_.catalogue().chunk_in(put->record);
            if (put->record.key >= chunk_of_key_.size()) chunk_of_key_.resize(put->record.key + 1, kNoChunk);
            chunk_of_key_[put->record.key] = chunk.value_or(kNoChunk);
            if (chunk) written_.push_back({*chunk, true});
        } else if (const auto* erase = std::get_if<store::change::EraseBundle>(&change)) {
            const ChunkIndex chunk = erase->key < chunk_of_key_.size() ? chunk_of_key_[erase->key] : kNoChunk;
            if (chunk != kNoChunk) written_.push_back({chunk, false});
        }
    }
}

void Host::carry_out(effect::Persist& persist) {
    note(persist.batch);
    committed_ = store_->commit(std::move(persist.batch));
    TRAM_CHECK(committed_ - base_ == persist.ticket);
    if (world_.lies()) give(input::Persisted{persist.ticket});
    if (std::exchange(syncing_, true)) return;
    world_.plan(world_.now_us() + world_.disk_us(), EventKind::kDisk, index_);
}

void Host::carry_out(effect::Accept& accept) {
    world_.answer(index_, accept.link, accept.transfer, std::nullopt);
}

void Host::carry_out(effect::Refuse& refuse) {
    world_.answer(index_, refuse.link, refuse.transfer, refuse.refusal);
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
    const Entry* entry = node_->custody().inventory().find(transmit.key);
    const std::uint64_t bytes = entry != nullptr ? entry->record.wire_length : transmit.wire.size();
    const ChunkIndex chunk = transmit.key < chunk_of_key_.size() ? chunk_of_key_[transmit.key] : kNoChunk;
    world_.transmit(index_, transmit.link,
                    Flight{transmit.key, std::move(transmit.wire), bytes,
                           chunk != kNoChunk ? std::optional{chunk} : std::nullopt});
}

void Host::carry_out(effect::Reply& reply) {
    if (const auto submitted = submitting_.extract(reply.request); !submitted.empty()) {
        if (reply.outcome) {
            world_.checker().acknowledged_to_sender(submitted.mapped());
            world_.sent(submitted.mapped());
        } else {
            world_.send_later(submitted.mapped());
        }
        return;
    }
    if (const auto acknowledged = acknowledging_.extract(reply.request); !acknowledged.empty()) {
        TRAM_CHECK(reply.outcome.has_value());
        world_.delivered(acknowledged.mapped());
        return;
    }
    if (!reply.outcome) return;
    if (const auto* bundle = std::get_if<HandOver>(&*reply.outcome)) handed_over(*bundle);
}

void Host::handed_over(const HandOver& bundle) {
    const auto chunk = world_.catalogue().chunk_in(bundle.payload);
    TRAM_CHECK(chunk.has_value());
    world_.checker().taken_by_application(*chunk);
    acknowledging_.emplace(++last_request_, *chunk);
    give(input::Acknowledge{last_request_, bundle.token});
    fetch();
}

void Host::fetch() {
    give(input::Fetch{++last_request_, inbox_, kForEver});
}

void Host::send(ChunkIndex first, ChunkIndex end) {
    for (ChunkIndex chunk = first; chunk < end; ++chunk)
        submit(chunk);
}

void Host::submit(ChunkIndex chunk) {
    const auto left_ms = world_.left_ms(chunk);
    if (left_ms <= 0) return;
    Submission submission;
    submission.destination = world_.inbox_of(chunk);
    submission.lifetime_ms = static_cast<std::uint64_t>(left_ms);
    submission.chunk = world_.catalogue().class_of(chunk);
    submission.payload = world_.catalogue().payload(chunk);
    submitting_.emplace(++last_request_, chunk);
    give(input::Submit{last_request_, std::move(submission)});
}

// An application whose node died before it answered looks at what is there, and goes on.
void Host::resume_application() {
    std::vector<ChunkIndex> again;
    for (const auto& [request, chunk] : std::exchange(submitting_, {})) {
        if (world_.checker().was_durable(index_, chunk)) {
            world_.checker().acknowledged_to_sender(chunk);
        } else {
            again.push_back(chunk);
        }
    }
    std::ranges::sort(again);
    for (const ChunkIndex chunk : again)
        submit(chunk);
    std::vector<ChunkIndex> done;
    for (const auto& [request, chunk] : std::exchange(acknowledging_, {})) {
        if (!world_.checker().is_durable(index_, chunk)) done.push_back(chunk);
    }
    std::ranges::sort(done);
    for (const ChunkIndex chunk : done)
        world_.delivered(chunk);
}

}  // namespace tram::sim
