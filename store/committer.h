// The one thread that writes: group commit.
//
//   commit() --> waiting --(all that is there)--> group --> one synced write --> one call of the listener
//
// While one group is being synced the next one gathers, so a disk with 100 syncs a second carries any number
// of batches. Submitters that wait for their acknowledgement come back all together just after it, and the
// first of them must not get a sync of its own: a group waits until it is as large as the one before, but at
// most a quarter of the time that the last write took. A lone submitter therefore never waits. A group ends
// early at `group_changes_max` changes or kGroupBytesMax bytes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <rocksdb/write_batch.h>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "store/database.h"
#include "store/space_watch.h"
#include "store/store.h"

namespace tram::store {

class Committer {
  public:
    struct Options {
        bool sync = true;
        std::uint64_t group_changes_max = 0;
    };
    struct Figures {
        std::uint64_t bundles = 0;
        std::uint64_t synced_writes = 0;
        std::uint64_t batches = 0;
    };

    /// `database` and `space` must outlive this.
    Committer(Database& database, SpaceWatch& space, Options options, CommitListener listener);
    /// Stops as abandon() does.
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    Ticket enqueue(Batch batch);
    /// Commits what is queued, writes the anchor, ends the thread.
    void finish();
    /// Ends the thread after the group that is being written; what is queued is never written.
    void abandon();

    [[nodiscard]] Figures figures() const;
    void set_bundles(std::uint64_t bundles) { bundles_.store(bundles); }
    /// False after a write error.
    [[nodiscard]] bool healthy() const { return !failed_.load(); }

  private:
    enum class Stop : std::uint8_t { kNo, kFinish, kAbandon };

    void run();
    void stop(Stop how);
    bool wait_for_work(std::vector<Batch>& taken);
    void gather(std::unique_lock<std::mutex>& lock);
    void process(std::span<Batch> batches);
    std::size_t write_group(std::span<Batch> batches);
    void add(const Batch& batch);
    void add(const Change& change);
    void put_bundle(const change::PutBundle& put);
    Result<void> write();
    void write_anchor();
    void report(std::size_t batches, Result<void> outcome);

    Database& database_;
    SpaceWatch& space_;
    const Options options_;
    const CommitListener listener_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Batch> waiting_;
    std::size_t wake_at_ = 1;  // batches waiting that are worth waking up for
    Ticket last_ticket_ = 0;
    Stop stop_ = Stop::kNo;

    // Of the committing thread only.
    rocksdb::WriteBatch rows_;
    std::string value_;
    std::int64_t bundles_change_ = 0;
    Ticket reported_ = 0;
    std::size_t last_group_ = 1;  // batches
    std::chrono::steady_clock::duration last_write_{};
    std::optional<Error> failure_;
    std::optional<std::chrono::steady_clock::time_point> anchor_due_;

    std::atomic<bool> failed_ = false;
    std::atomic<std::uint64_t> bundles_ = 0;
    std::atomic<std::uint64_t> synced_writes_ = 0;
    std::atomic<std::uint64_t> batches_ = 0;
    std::thread thread_;
};

}  // namespace tram::store
