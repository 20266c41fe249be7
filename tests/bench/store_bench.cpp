#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <rocksdb/db.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "store/rocks_store.h"
#include "tests/bench/bench.h"

namespace tram::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// The two sides take turns this often, so that a disturbance of the disk meets both.
constexpr auto kSlice = std::chrono::milliseconds{50};

struct Tally {
    std::uint64_t bundles = 0;
    Seconds time{0};
    [[nodiscard]] double per_second() const { return static_cast<double>(bundles) / time.count(); }
};

Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random{size};
    Buffer bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return Bytes{std::move(bytes)};
}

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

// RocksDB as it comes, one column family: as many bytes as the record has and the payload, a key each.
class Reference {
  public:
    Reference(std::size_t size, std::uint64_t concurrency)
        : wire_{as_text(random_bytes(size).view())}, concurrency_{concurrency} {}

    Result<void> open(const std::filesystem::path& directory) {
        rocksdb::Options options;
        options.create_if_missing = true;
        options.compression = rocksdb::kNoCompression;
        rocksdb::DB* raw = nullptr;
        const auto status = rocksdb::DB::Open(options, directory.string(), &raw);
        if (!status.ok()) return fail(ErrorCode::kIo, status.ToString());
        db_.reset(raw);
        return {};
    }

    Result<void> run(Tally& tally) {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        const auto begin = Clock::now();
        const std::uint64_t before = key_;
        while (Clock::now() < begin + kSlice) {
            rocksdb::WriteBatch batch;
            rocksdb::Status status;
            for (std::uint64_t i = 0; i < concurrency_ && status.ok(); ++i) {
                const std::string name = std::to_string(++key_);
                status = batch.Put("r" + name, record_);
                if (status.ok()) status = batch.Put("w" + name, wire_);
            }
            if (status.ok()) status = db_->Write(synced, &batch);
            if (!status.ok()) return fail(ErrorCode::kIo, status.ToString());
        }
        tally.bundles += key_ - before;
        tally.time += Clock::now() - begin;
        return {};
    }

  private:
    const std::string wire_;
    const std::string record_ = std::string(150, 'r');
    const std::uint64_t concurrency_;
    std::uint64_t key_ = 0;
    std::unique_ptr<rocksdb::DB> db_;
};

class ScratchDirectory {
  public:
    explicit ScratchDirectory(const std::filesystem::path& parent) {
        std::string pattern = (parent / "tram-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
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
