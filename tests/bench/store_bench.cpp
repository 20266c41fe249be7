#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/rocks_store.h"
#include "tests/bench/bench.h"
#include "tests/bench/reference.h"

namespace tram::bench {

namespace {

store::BundleRecord record_of(store::BundleKey key, std::size_t size) {
    store::BundleRecord record;
    record.key = key;
    Buffer id(32, 0x5a);
    for (std::size_t i = 0; i < sizeof key; ++i)
        id[i] = static_cast<std::uint8_t>(key >> (8 * i));
    record.id = Bytes{std::move(id)};
    record.destination = "dtn://18904-srv/requests";
    record.source = "dtn://18904-ks07/inbox";
    record.report_to = "dtn:none";
    record.sequence = key;
    record.lifetime_ms = 10'368'000'000;
    record.payload_length = size;
    record.wire_length = size;
    record.expires_at_ms = 10'368'000'000;
    record.forward = true;
    return record;
}

// Submitters that each wait for their bundle to be durable before they hand in the next: one thread keeps
// `concurrency` of them going, as the node does for its sessions.
class Submitters {
  public:
    Submitters(std::size_t size, std::uint64_t concurrency) : wire_{random_bytes(size)}, idle_{concurrency} {}

    store::CommitListener listener() {
        return [this](store::Ticket up_to, const Result<void>& outcome) {
            {
                const std::lock_guard lock{mutex_};
                if (!outcome) failure_ = outcome.error();
                idle_ += up_to - durable_;
                durable_ = up_to;
            }
            wake_.notify_one();
        };
    }

    /// One slice, until all that was handed in is durable.
    Result<void> run(store::Store& store, Tally& tally) {
        const auto begin = Clock::now();
        const store::BundleKey before = key_;
        std::unique_lock lock{mutex_};
        while (Clock::now() < begin + kSlice) {
            wake_.wait(lock, [this] { return idle_ > 0; });
            const auto ready = std::exchange(idle_, 0);
            lock.unlock();
            for (std::uint64_t i = 0; i < ready; ++i)
                submit(store);
            lock.lock();
        }
        wake_.wait(lock, [this] { return durable_ == key_; });
        tally.bundles += key_ - before;
        tally.time += Clock::now() - begin;
        if (failure_) return std::unexpected{*failure_};
        return {};
    }

  private:
    void submit(store::Store& store) {
        store::Batch batch;
        batch.changes.emplace_back(store::change::PutBundle{record_of(++key_, wire_.size()), wire_});
        store.commit(std::move(batch));
    }

    const Bytes wire_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::uint64_t idle_;
    store::BundleKey key_ = 0;
    store::Ticket durable_ = 0;
    std::optional<Error> failure_;
};

Result<Row> measure(const StoreBenchOptions& options, std::size_t size, std::uint64_t concurrency) {
    const ScratchDirectory ours{options.directory};
    const ScratchDirectory bare{options.directory};
    if (ours.path().empty() || bare.path().empty()) {
        return fail(ErrorCode::kIo, "cannot make a directory in " + options.directory.string());
    }
    Reference reference{size, concurrency};
    if (auto opened = reference.open(bare.path()); !opened) return std::unexpected{opened.error()};
    Submitters submitters{size, concurrency};
    store::RocksStoreOptions store_options;
    store_options.directory = ours.path() / "store";
    const auto store = store::RocksStore::open(std::move(store_options), submitters.listener());
    if (!store) return std::unexpected{store.error()};

    Tally theirs;
    Tally mine;
    while (mine.time.count() < options.seconds) {
        if (auto ran = reference.run(theirs); !ran) return std::unexpected{ran.error()};
        if (auto ran = submitters.run(**store, mine); !ran) return std::unexpected{ran.error()};
    }
    const double rate = mine.per_second();
    return Row{"durable_insert",   size, concurrency, rate, rate * static_cast<double>(size) / 1e6,
               theirs.per_second()};
}

}  // namespace

Result<void> bench_store(const StoreBenchOptions& options, const RowSink& sink) {
    constexpr std::array<std::size_t, 2> kSizes{1024, 65'536};
    constexpr std::array<std::uint64_t, 3> kConcurrencies{1, 16, 128};
    for (const std::size_t size : kSizes) {
        for (const std::uint64_t concurrency : kConcurrencies) {
            const auto row = measure(options, size, concurrency);
            if (!row) return std::unexpected{row.error()};
            sink(*row);
        }
    }
    return {};
}

}  // namespace tram::bench
