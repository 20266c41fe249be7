// The contract of durable queues: RocksStore for disks, MemoryStore for simulations and tests. Both pass
// the same suite, tests/unit/store_contract.
//
// Batches become durable in the order in which they were committed; after a crash a prefix of them is
// there (without those that were refused), and all those whose ticket was completed are in it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "store/records.h"

namespace tram::store {

/// Figures for status and metrics.
struct Usage {
    std::uint64_t bundles = 0;        ///< approximate rows
    std::uint64_t bytes = 0;          ///< on disk, approximate
    std::uint64_t free_bytes = 0;     ///< left on the file system; 2^64-1 where it has no meaning
    std::uint64_t synced_writes = 0;  ///< groups committed since the start
    std::uint64_t batches = 0;        ///< batches committed since the start
};

/// What was found damaged; it is kept aside, never deleted.
struct Damage {
    std::string where;  ///< column family and key
    std::string what;
};

/// Receives what a scan finds. Return false to stop.
struct ScanVisitor {
    std::function<bool(BundleRecord)> bundle;
    std::function<bool(Tombstone)> tombstone;
    std::function<bool(const std::string& name, ByteView value)> state;
};

/// Called on a thread of the store's, in order of commitment, once per group, with `up_to` above that of the
/// call before. The tickets after that one and up to `up_to`
///   are durable                    when `outcome` holds;
///   were refused, nothing stored   with error full: the store goes on, and erasing makes room;
///   will never be acknowledged     with any other error, and neither will any later ticket: stop, restart
///                                  the process, and find out by scan() what is there.
/// It may call commit() and load(), and must not destroy the store.
using CommitListener = std::function<void(Ticket up_to, const Result<void>& outcome)>;

class Store {
  public:
    virtual ~Store() = default;

    /// Queues `batch`; returns at once with its ticket (ascending from 1). The listener hears when it is
    /// durable. Thread-safe.
    virtual Ticket commit(Batch batch) = 0;

    /// The stored bytes of each key, in order; not_found for a key without bytes, corrupt for damaged ones.
    /// Sees what is durable only. Thread-safe.
    [[nodiscard]] virtual std::vector<Result<Bytes>> load(std::span<const BundleKey> keys) = 0;

    /// Visits every row: state first, then tombstones, then bundles in ascending key order. Damaged rows are
    /// quarantined and reported in the result; they do not stop the scan. Errors: io.
    [[nodiscard]] virtual Result<std::vector<Damage>> scan(const ScanVisitor& visitor) = 0;

    [[nodiscard]] virtual Usage usage() const = 0;
};

}  // namespace tram::store
