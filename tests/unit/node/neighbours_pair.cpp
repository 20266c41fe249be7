#include "tests/unit/node/neighbours_pair.h"

#include <catch2/catch.hpp>
#include <utility>

#include "proto/bpv7/codec.h"

namespace tram::node::testing {

Pair::Pair(NodeOptions a, NodeOptions b)
    : nodes_{std::make_unique<Node>(std::move(a)), std::make_unique<Node>(std::move(b))} {}

void Pair::start() {
    for (std::size_t end = 0; end < 2; ++end) {
        nodes_[end]->start(now());
        settle(end);
    }
}

void Pair::give(std::size_t end, const Input& input) {
    nodes_.at(end)->step(input, now());
    settle(end);
}

void Pair::submit(std::size_t end, const Submission& submission) {
    give(end, input::Submit{++last_request_, submission});
}

void Pair::settle(std::size_t end) {
    while (true) {
        auto effects = nodes_.at(end)->take_effects();
        if (effects.empty()) return;
        for (Effect& effect : effects)
            carry_out(end, effect);
    }
}

void Pair::carry_out(std::size_t end, Effect& effect) {
    if (auto* persist = std::get_if<effect::Persist>(&effect)) {
        for (store::Change& change : persist->batch.changes) {
            if (auto* put = std::get_if<store::change::PutBundle>(&change))
                disks_.at(end)[put->record.key] = std::move(put->wire);
        }
        nodes_.at(end)->step(input::Persisted{persist->ticket}, now());
    } else if (auto* load = std::get_if<effect::Load>(&effect)) {
        for (const BundleKey key : load->keys) {
            // What was only restored has no bytes: it stays under way.
            if (disks_.at(end).contains(key))
                nodes_.at(end)->step(input::Loaded{key, disks_.at(end).at(key)}, now());
        }
    } else if (auto* transmit = std::get_if<effect::Transmit>(&effect)) {
        if (up_) flights_.push_back({end, transmit->link, transmit->key, std::move(transmit->wire)});
    } else if (const auto* accept = std::get_if<effect::Accept>(&effect)) {
        const auto flight = unanswered_.extract(accept->transfer);
        if (!flight.empty()) give(flight.mapped().from, input::Confirmed{link_, flight.mapped().key});
    } else if (const auto* refuse = std::get_if<effect::Refuse>(&effect)) {
        const auto flight = unanswered_.extract(refuse->transfer);
        if (counts_ != nullptr) ++counts_->refused;
        if (!flight.empty())
            give(flight.mapped().from, input::Declined{link_, flight.mapped().key, refuse->refusal});
    }
}

void Pair::count(Counts& counts, const Flight& flight) {
    if (flight.key != kSyncMessage) return counts.bundles.push_back(flight.wire);
    const auto bundle = bpv7::decode(flight.wire);
    REQUIRE(bundle);
    const auto message = sync::decode(bundle->bundle.payload());
    REQUIRE(message);
    ++counts.messages;
    counts.bytes += flight.wire.size();
    ++counts.by_kind[message->index()];
    counts.payload_bytes[message->index()] += bundle->bundle.payload().size();
}

Pair::Counts Pair::meet(std::size_t transfers) {
    Counts counts;
    counts_ = &counts;
    up_ = true;
    ++link_;
    for (std::size_t end = 0; end < 2; ++end) {
        give(end, input::PeerUp{.link = link_,
                                .peer = nodes_.at(1 - end)->options().node_id,
                                .transfer_mru = 1U << 20,
                                .address = "pair",
                                .syncs = true});
    }
    while (counts.bundles.size() < transfers && (!flights_.empty() || at_quiet())) {
        if (flights_.empty()) continue;
        Flight flight = std::move(flights_.front());
        flights_.pop_front();
        count(counts, flight);
        const std::size_t to = 1 - flight.from;
        const input::Arrived arrived{link_, ++last_transfer_, flight.wire};
        unanswered_.emplace(last_transfer_, std::move(flight));
        now_ += Duration{1};
        give(to, arrived);
    }
    up_ = false;
    flights_.clear();
    unanswered_.clear();
    for (std::size_t end = 0; end < 2; ++end)
        give(end, input::PeerDown{link_, "out of range"});
    counts_ = nullptr;
    return counts;
}

store::BundleRecord stored_record(std::uint64_t n, const std::string& source, const std::string& destination,
                                  std::uint64_t lifetime_ms) {
    bpv7::Bundle bundle;
    bundle.primary.source = *bpv7::Eid::parse(source);
    bundle.primary.timestamp = {DtnTime{840'000'000'000 + n * 1'000}, n};
    store::BundleRecord record;
    record.key = n + 1;
    record.id = Bytes{bundle.id().key()};
    record.destination = destination;
    record.source = source;
    record.creation_time_ms = bundle.primary.timestamp.time.milliseconds;
    record.sequence = n;
    record.lifetime_ms = lifetime_ms;
    record.payload_length = record.adu_length = 500;
    record.wire_length = 900;
    record.expires_at_ms = lifetime_ms;
    record.kind = static_cast<std::uint8_t>(bpv7::Kind::kBulk);
    record.forward = true;
    record.received_from = store::HopRecord{"dtn://18904-x/", 0};
    return record;
}

}  // namespace tram::node::testing
