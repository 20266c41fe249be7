#include "tests/faults/power_cut_model.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace tram::faults {

namespace {

constexpr std::size_t kUnderwayMax = 64;
constexpr std::size_t kStoredMax = 300;
constexpr std::size_t kErasedMax = 300;
constexpr std::size_t kFindingsMax = 20;
constexpr const char* kStateName = "reserved_sequence";

Buffer id_of(store::BundleKey key) {
    const std::string text = fmt::format("id {}", key);
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

// Most bundles are small, some are above the limit of blob files (32 KiB).
Bytes wire_of(store::BundleKey key) {
    std::mt19937_64 random{key};
    const auto kind = random() % 20;
    const std::size_t size = kind < 14   ? random() % 2'000
                             : kind < 19 ? random() % 32'000
                                         : 32'000 + random() % 70'000;
    Buffer wire(size);
    for (std::size_t i = 0; i < size; ++i) {
        if (i % 512 == 0) random.discard(1);
        wire[i] = static_cast<std::uint8_t>((key >> (i % 8)) + i * 31);
    }
    return Bytes{std::move(wire)};
}

store::BundleRecord record_of(store::BundleKey key, std::size_t wire_bytes) {
    store::BundleRecord record;
    record.key = key;
    record.id = Bytes{id_of(key)};
    record.destination = "dtn://18904-srv/requests";
    record.source = "dtn://18904-ks07/inbox";
    record.sequence = key;
    record.wire_length = wire_bytes;
    return record;
}

store::Tombstone tombstone_of(store::BundleKey key) {
    store::Tombstone tombstone;
    tombstone.id = Bytes{id_of(key)};
    tombstone.ending = store::Ending::kForwarded;
    tombstone.ended_at_ms = key;
    return tombstone;
}

}  // namespace

void PowerCutModel::begin_session() {
    const std::lock_guard lock{mutex_};
    failed_ = false;
    underway_.clear();
}

store::CommitListener PowerCutModel::listener() {
    return [this](store::Ticket up_to, const Result<void>& outcome) {
        const std::lock_guard lock{mutex_};
        if (!outcome) {
            failed_ = true;
        } else {
            while (!underway_.empty() && underway_.begin()->first <= up_to) {
                acknowledge(underway_.begin()->second);
                underway_.erase(underway_.begin());
            }
        }
        moved_.notify_all();
    };
}

bool PowerCutModel::submit_one(store::Store& store, std::mt19937_64& random) {
    std::unique_lock lock{mutex_};
    moved_.wait(lock, [this] { return failed_ || underway_.size() < kUnderwayMax; });
    if (failed_) return false;
    Underway underway;
    store::Batch batch = make_batch(random, underway);
    // Under the lock, so that the listener cannot hear of the ticket before it is written down.
    underway_.emplace(store.commit(std::move(batch)), underway);
    return true;
}

store::Batch PowerCutModel::make_batch(std::mt19937_64& random, Underway& underway) {
    store::Batch batch;
    const auto dice = random() % 100;
    const auto stored = pick(Stage::kStored, random);
    const auto erased = pick(Stage::kErased, random);
    if (dice < 5) {
        underway = {Work::kState, next_state_++};
        const std::string text = std::to_string(underway.number);
        batch.changes.emplace_back(store::change::PutState{kStateName, Bytes::copy_of(as_bytes(text))});
    } else if (erased && (dice < 20 || by_stage_[Stage::kErased].size() > kErasedMax)) {
        underway = {Work::kForget, *erased};
        move(*erased, Stage::kForgetting);
        batch.changes.emplace_back(store::change::EraseTombstone{Bytes{id_of(*erased)}});
    } else if (stored && (dice < 50 || by_stage_[Stage::kStored].size() > kStoredMax)) {
        underway = {Work::kErase, *stored};
        move(*stored, Stage::kErasing);
        batch.changes.emplace_back(store::change::EraseBundle{*stored});
        batch.changes.emplace_back(store::change::PutTombstone{tombstone_of(*stored)});
    } else {
        underway = {Work::kPut, next_key_++};
        move(underway.number, Stage::kPutting);
        Bytes wire = wire_of(underway.number);
        auto record = record_of(underway.number, wire.size());
        batch.changes.emplace_back(store::change::PutBundle{std::move(record), std::move(wire)});
    }
    return batch;
}

std::optional<store::BundleKey> PowerCutModel::pick(Stage stage, std::mt19937_64& random) const {
    const auto keys = by_stage_.find(stage);
    if (keys == by_stage_.end() || keys->second.empty()) return std::nullopt;
    const auto at_or_after = keys->second.lower_bound(random() % next_key_);
    return at_or_after == keys->second.end() ? *keys->second.begin() : *at_or_after;
}

void PowerCutModel::move(store::BundleKey key, Stage stage) {
    const auto [entry, fresh] = bundles_.emplace(key, stage);
    if (!fresh) by_stage_[entry->second].erase(key);
    entry->second = stage;
    by_stage_[stage].insert(key);
}

void PowerCutModel::acknowledge(const Underway& underway) {
    ++report_.acked;
    switch (underway.work) {
        case Work::kPut: move(underway.number, Stage::kStored); break;
        case Work::kErase: move(underway.number, Stage::kErased); break;
        case Work::kForget: move(underway.number, Stage::kForgotten); break;
        case Work::kState: acked_state_ = std::max(acked_state_, underway.number); break;
    }
}

bool PowerCutModel::compare(store::Store& store) {
    const auto found = read(store);
    if (!found) return false;
    const std::lock_guard lock{mutex_};
    ++report_.checks;
    for (const auto& [key, stage] : bundles_)
        judge(key, stage, *found);
    for (const auto& [key, intact] : found->bundles) {
        if (!bundles_.contains(key)) finding(report_.duplicated, key, "was never stored, or forgotten");
    }
    if (found->state < acked_state_) finding(report_.lost, acked_state_, "state value went back");
    judge_order(*found);
    adopt(*found);
    return true;
}

std::optional<PowerCutModel::Found> PowerCutModel::read(store::Store& store) const {
    Found found;
    std::vector<store::BundleKey> keys;
    std::vector<store::BundleRecord> records;
    store::ScanVisitor visitor;
    visitor.bundle = [&](store::BundleRecord record) {
        keys.push_back(record.key);
        records.push_back(std::move(record));
        return true;
    };
    visitor.tombstone = [&](const store::Tombstone& tombstone) {
        const std::string_view text = as_text(tombstone.id.view()).substr(3);
        store::BundleKey key = 0;
        std::from_chars(text.data(), text.data() + text.size(), key);
        found.tombstones.insert(key);
        return true;
    };
    visitor.state = [&](const std::string&, ByteView value) {
        const std::string_view text = as_text(value);
        std::from_chars(text.data(), text.data() + text.size(), found.state);
        return true;
    };
    const auto damage = store.scan(visitor);
    if (!damage) return std::nullopt;
    const auto wires = store.load(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!wires[i] && wires[i].error().code == ErrorCode::kIo) return std::nullopt;
        const Bytes wire = wire_of(keys[i]);
        const auto expected = record_of(keys[i], wire.size());
        found.bundles[keys[i]] = wires[i] && *wires[i] == wire && records[i].id == expected.id &&
                                 records[i].destination == expected.destination &&
                                 records[i].source == expected.source &&
                                 records[i].wire_length == expected.wire_length;
    }
    return found;
}

void PowerCutModel::judge(store::BundleKey key, Stage stage, const Found& found) {
    const auto row = found.bundles.find(key);
    const bool here = row != found.bundles.end();
    const bool buried = found.tombstones.contains(key);
    if (here && !row->second) finding(report_.lost, key, "is there with other contents");
    switch (stage) {
        case Stage::kPutting:
            if (buried) finding(report_.torn, key, "has a tombstone before it was erased");
            break;
        case Stage::kStored:
            if (!here) finding(report_.lost, key, "was stored with acknowledgement and is gone");
            if (buried) finding(report_.torn, key, "has a tombstone before it was erased");
            break;
        case Stage::kErasing:
            if (here == buried) finding(report_.torn, key, "is half erased");
            break;
        case Stage::kErased:
            if (here) finding(report_.duplicated, key, "was erased with acknowledgement and is back");
            if (!buried) finding(report_.lost, key, "has lost its tombstone");
            break;
        case Stage::kForgetting:
        case Stage::kForgotten:
            if (here) finding(report_.duplicated, key, "was erased with acknowledgement and is back");
            if (buried && stage == Stage::kForgotten) finding(report_.lost, key, "has its tombstone back");
            break;
    }
}

// What was not acknowledged may be there up to some ticket, and not beyond.
void PowerCutModel::judge_order(const Found& found) {
    bool missing_before = false;
    for (const auto& [ticket, underway] : underway_) {
        bool applied = false;
        switch (underway.work) {
            case Work::kPut: applied = found.bundles.contains(underway.number); break;
            case Work::kErase: applied = found.tombstones.contains(underway.number); break;
            case Work::kForget: applied = !found.tombstones.contains(underway.number); break;
            case Work::kState: applied = found.state >= underway.number; break;
        }
        if (applied && missing_before) finding(report_.torn, underway.number, "is there before its turn");
        missing_before = missing_before || !applied;
    }
}

void PowerCutModel::adopt(const Found& found) {
    bundles_.clear();
    by_stage_.clear();
    for (const store::BundleKey key : found.tombstones)
        move(key, Stage::kErased);
    for (const auto& [key, intact] : found.bundles)
        move(key, Stage::kStored);
    acked_state_ = found.state;
}

void PowerCutModel::finding(std::uint64_t& counter, store::BundleKey key, const char* what) {
    ++counter;
    if (report_.findings.size() < kFindingsMax) {
        report_.findings.push_back(fmt::format("cycle {}: {} {}", report_.cycles, key, what));
    }
}

}  // namespace tram::faults
