#include "store/memory_store.h"

#include <limits>
#include <utility>

#include "proto/base/check.h"

namespace tram::store {

namespace {

template <typename... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

}  // namespace

MemoryStore::MemoryStore(CommitListener listener) : listener_{std::move(listener)} {
    usage_.free_bytes = std::numeric_limits<std::uint64_t>::max();
}

Ticket MemoryStore::commit(Batch batch) {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({++last_ticket_, std::move(batch)});
    return last_ticket_;
}

std::vector<Result<Bytes>> MemoryStore::load(std::span<const BundleKey> keys) {
    const std::lock_guard lock{mutex_};
    std::vector<Result<Bytes>> found;
    found.reserve(keys.size());
    for (const BundleKey key : keys) {
        const auto row = bundles_.find(key);
        if (row == bundles_.end()) {
            found.push_back(fail(ErrorCode::kNotFound, "no bytes are stored for this bundle"));
        } else {
            found.push_back(row->second.wire);
        }
    }
    return found;
}

Result<std::vector<Damage>> MemoryStore::scan(const ScanVisitor& visitor) {
    const std::lock_guard lock{mutex_};
    const std::vector<Damage> none;
    for (const auto& [name, value] : state_) {
        if (visitor.state && !visitor.state(name, value)) return none;
    }
    for (const auto& [id, tombstone] : tombstones_) {
        if (visitor.tombstone && !visitor.tombstone(tombstone)) return none;
    }
    for (const auto& [key, row] : bundles_) {
        if (visitor.bundle && !visitor.bundle(row.record)) return none;
    }
    return none;
}

Usage MemoryStore::usage() const {
    const std::lock_guard lock{mutex_};
    return usage_;
}

void MemoryStore::sync() {
    // One call per run of batches with the same outcome, as RocksStore does.
    struct Outcome {
        Ticket up_to = 0;
        bool refused = false;
    };
    std::vector<Outcome> outcomes;
    {
        const std::lock_guard lock{mutex_};
        for (Waiting& waiting : waiting_) {
            const bool refused = full_ && waiting.batch.stores_bundle();
            if (!refused) {
                for (Change& change : waiting.batch.changes)
                    apply(std::move(change));
                ++usage_.batches;
            }
            if (outcomes.empty() || outcomes.back().refused != refused) outcomes.push_back({0, refused});
            outcomes.back().up_to = waiting.ticket;
        }
        waiting_.clear();
        for (const Outcome& outcome : outcomes)
            usage_.synced_writes += outcome.refused ? 0 : 1;
    }
    for (const Outcome& outcome : outcomes) {
        listener_(outcome.up_to,
                  outcome.refused ? fail(ErrorCode::kFull, "the store is full") : Result<void>{});
    }
}

void MemoryStore::crash() {
    const std::lock_guard lock{mutex_};
    waiting_.clear();
}

void MemoryStore::set_full(bool full) {
    const std::lock_guard lock{mutex_};
    full_ = full;
    usage_.free_bytes = full ? 0 : std::numeric_limits<std::uint64_t>::max();
}

void MemoryStore::apply(Change change) {
    std::visit(
        Overloaded{
            [&](change::PutBundle&& put) { put_bundle(std::move(put)); },
            [&](change::UpdateRecord&& update) {
                const auto row = bundles_.find(update.record.key);
                TRAM_CHECK(row != bundles_.end());
                row->second.record = std::move(update.record);
            },
            [&](change::EraseBundle&& erase) { erase_bundle(erase.key); },
            [&](change::PutTombstone&& put) {
                std::string id{as_text(put.tombstone.id.view())};
                tombstones_.insert_or_assign(std::move(id), std::move(put.tombstone));
            },
            [&](change::EraseTombstone&& erase) { tombstones_.erase(std::string{as_text(erase.id.view())}); },
            [&](change::PutState&& put) {
                state_.insert_or_assign(std::move(put.name), std::move(put.value));
            },
            [&](change::EraseState&& erase) { state_.erase(erase.name); },
        },
        std::move(change));
}

void MemoryStore::put_bundle(change::PutBundle put) {
    const BundleKey key = put.record.key;
    erase_bundle(key);
    ++usage_.bundles;
    usage_.bytes += put.wire.size();
    bundles_.emplace(key, Row{std::move(put.record), std::move(put.wire)});
}

void MemoryStore::erase_bundle(BundleKey key) {
    const auto row = bundles_.find(key);
    if (row == bundles_.end()) return;
    --usage_.bundles;
    usage_.bytes -= row->second.wire.size();
    bundles_.erase(row);
}

}  // namespace tram::store
