#include "store/committer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/base/check.h"
#include "store/record_codec.h"

namespace tram::store {

namespace {

constexpr std::size_t kGroupBytesMax = 8U << 20;
constexpr std::size_t kKeptBufferBytesMax = 1U << 20;  // larger ones are returned to the system after a group
constexpr std::uint64_t kAnchorBytesMax = 64U << 10;   // one file of a few bytes
constexpr auto kAnchorInterval = std::chrono::seconds{1};

std::size_t payload_bytes(const Batch& batch) {
    std::size_t bytes = 0;
    for (const Change& change : batch.changes) {
        if (const auto* put = std::get_if<change::PutBundle>(&change)) bytes += put->wire.size();
    }
    return bytes;
}

rocksdb::Slice slice_of(std::string_view text) {
    return {text.data(), text.size()};
}

rocksdb::Slice slice_of(const KeyBytes& key) {
    return {key.data(), key.size()};
}

}  // namespace

Committer::Committer(Database& database, SpaceWatch& space, Options options, CommitListener listener)
    : database_{database}, space_{space}, options_{options}, listener_{std::move(listener)}, thread_{[this] {
          run();
      }} {}

Committer::~Committer() {
    abandon();
}

Ticket Committer::enqueue(Batch batch) {
    Ticket ticket = 0;
    bool enough = false;
    {
        const std::lock_guard lock{mutex_};
        waiting_.push_back(std::move(batch));
        enough = waiting_.size() == wake_at_;
        ticket = ++last_ticket_;
    }
    if (enough) wake_.notify_one();
    return ticket;
}

void Committer::finish() {
    stop(Stop::kFinish);
}

void Committer::abandon() {
    stop(Stop::kAbandon);
}

void Committer::stop(Stop how) {
    {
        const std::lock_guard lock{mutex_};
        stop_ = std::max(stop_, how);
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

Committer::Figures Committer::figures() const {
    return {bundles_.load(), synced_writes_.load(), batches_.load()};
}

void Committer::run() {
    std::vector<Batch> taken;
    while (wait_for_work(taken)) {
        process(taken);
        taken.clear();
        database_.heed_damage();
        if (anchor_due_ && std::chrono::steady_clock::now() >= *anchor_due_) write_anchor();
    }
    if (anchor_due_ && stop_ == Stop::kFinish) write_anchor();
}

// False when the thread is to end. True also when the anchor is due and nothing else is to be done.
bool Committer::wait_for_work(std::vector<Batch>& taken) {
    std::unique_lock lock{mutex_};
    const auto ready = [&] { return !waiting_.empty() || stop_ != Stop::kNo; };
    if (anchor_due_) {
        wake_.wait_until(lock, *anchor_due_, ready);
    } else {
        wake_.wait(lock, ready);
    }
    if (stop_ == Stop::kAbandon) return false;
    if (stop_ == Stop::kFinish && waiting_.empty()) return false;
    if (!waiting_.empty() && stop_ == Stop::kNo) gather(lock);
    std::swap(taken, waiting_);
    return stop_ != Stop::kAbandon;
}

void Committer::gather(std::unique_lock<std::mutex>& lock) {
    if (waiting_.size() >= last_group_) return;
    wake_at_ = last_group_;
    wake_.wait_for(lock, last_write_ / 4,
                   [this] { return waiting_.size() >= wake_at_ || stop_ != Stop::kNo; });
    wake_at_ = 1;
}

void Committer::process(std::span<Batch> batches) {
    while (!batches.empty()) {
        if (failure_) {
            report(batches.size(), std::unexpected{*failure_});
            return;
        }
        batches = batches.subspan(write_group(batches));
    }
}

// Writes or refuses the longest run of batches that share their fate and fit into one group; its length.
std::size_t Committer::write_group(std::span<Batch> batches) {
    const auto room = space_.check(payload_bytes(batches.front()) + kGroupBytesMax);
    const auto refused = [&](const Batch& batch) {
        return room == SpaceWatch::Room::kNone ||
               (room == SpaceWatch::Room::kErasingOnly && batch.stores_bundle());
    };
    const bool refuse = refused(batches.front());
    std::size_t count = 0;
    std::size_t changes = 0;
    std::size_t bytes = 0;
    for (const Batch& batch : batches) {
        changes += batch.changes.size();
        bytes += payload_bytes(batch);
        const bool too_much = changes > options_.group_changes_max || bytes > kGroupBytesMax;
        if ((count > 0 && too_much) || refused(batch) != refuse) break;
        if (!refuse) add(batch);
        ++count;
    }
    if (refuse) {
        report(count, fail(ErrorCode::kFull, "the disk of the store is full; erasing bundles makes room"));
        return count;
    }
    const auto begin = std::chrono::steady_clock::now();
    auto written = write();
    last_write_ = std::chrono::steady_clock::now() - begin;
    last_group_ = count;
    if (written) {
        batches_ += count;
    } else {
        failure_ = written.error();
        failed_ = true;
    }
    report(count, std::move(written));
    return count;
}

void Committer::add(const Batch& batch) {
    for (const Change& change : batch.changes)
        add(change);
}

void Committer::add(const Change& change) {
    const auto put = [&](Family family, rocksdb::Slice key) {
        const auto status = rows_.Put(database_.family(family), key, value_);
        TRAM_CHECK(status.ok());
    };
    const auto erase = [&](Family family, rocksdb::Slice key) {
        const auto status = rows_.Delete(database_.family(family), key);
        TRAM_CHECK(status.ok());
    };
    if (const auto* bundle = std::get_if<change::PutBundle>(&change)) {
        put_bundle(*bundle);
    } else if (const auto* update = std::get_if<change::UpdateRecord>(&change)) {
        encode_bundle(update->record, value_);
        put(Family::kBundle, slice_of(encode_key(update->record.key)));
    } else if (const auto* erased = std::get_if<change::EraseBundle>(&change)) {
        const KeyBytes key = encode_key(erased->key);
        erase(Family::kBundle, slice_of(key));
        erase(Family::kPayload, slice_of(key));
        --bundles_change_;
    } else if (const auto* seen = std::get_if<change::PutTombstone>(&change)) {
        encode_tombstone(seen->tombstone, value_);
        put(Family::kSeen, slice_of(as_text(seen->tombstone.id.view())));
    } else if (const auto* forgotten = std::get_if<change::EraseTombstone>(&change)) {
        erase(Family::kSeen, slice_of(as_text(forgotten->id.view())));
    } else if (const auto* state = std::get_if<change::PutState>(&change)) {
        encode_plain(state->name, as_text(state->value.view()), value_);
        put(Family::kState, slice_of(state->name));
    } else if (const auto* cleared = std::get_if<change::EraseState>(&change)) {
        erase(Family::kState, slice_of(cleared->name));
    }
}

void Committer::put_bundle(const change::PutBundle& put) {
    const KeyBytes key = encode_key(put.record.key);
    const std::string_view wire = as_text(put.wire.view());
    encode_bundle(put.record, value_);
    const auto row = rows_.Put(database_.family(Family::kBundle), slice_of(key), value_);
    // In two parts, so that the payload is copied once only: into the batch.
    const auto sealed = seal({key.data(), key.size()}, wire);
    const std::array key_parts{slice_of(key)};
    const std::array value_parts{rocksdb::Slice{sealed.data(), sealed.size()}, slice_of(wire)};
    const auto payload =
        rows_.Put(database_.family(Family::kPayload),
                  rocksdb::SliceParts{key_parts.data(), static_cast<int>(key_parts.size())},
                  rocksdb::SliceParts{value_parts.data(), static_cast<int>(value_parts.size())});
    TRAM_CHECK(row.ok() && payload.ok());
    ++bundles_change_;
}

Result<void> Committer::write() {
    rocksdb::WriteOptions options;
    options.sync = options_.sync;
    const auto status = database_.db().Write(options, &rows_);
    if (rows_.GetDataSize() > kKeptBufferBytesMax) {
        rows_ = rocksdb::WriteBatch{};
    } else {
        rows_.Clear();
    }
    const auto change = std::exchange(bundles_change_, 0);
    if (!status.ok()) return std::unexpected{error_from(status, "commit to the store")};
    const auto bundles = static_cast<std::int64_t>(bundles_.load()) + change;
    bundles_ = static_cast<std::uint64_t>(std::max<std::int64_t>(bundles, 0));
    ++synced_writes_;
    if (!anchor_due_) anchor_due_ = std::chrono::steady_clock::now() + kAnchorInterval;
    return {};
}

void Committer::write_anchor() {
    anchor_due_.reset();
    if (failure_) return;
    // Others may have filled the disk since the last write. An anchor that lags behind is still true.
    if (space_.check(kAnchorBytesMax) == SpaceWatch::Room::kNone) {
        anchor_due_ = std::chrono::steady_clock::now() + kAnchorInterval;
        return;
    }
    if (auto written = database_.anchor().write(database_.db().GetLatestSequenceNumber()); !written) {
        failure_ = written.error();
        failed_ = true;
    }
}

void Committer::report(std::size_t batches, Result<void> outcome) {
    reported_ += batches;
    listener_(reported_, outcome);
}

}  // namespace tram::store
