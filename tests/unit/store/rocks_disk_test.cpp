// Disks that are full, and disks that fail.
#include <atomic>
#include <catch2/catch.hpp>
#include <rocksdb/file_system.h>

#include "store/rocks_store.h"
#include "tests/unit/store/store_samples.h"

using namespace tram::store;
using namespace tram::store::test;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using tram::ErrorCode;

namespace {

struct DiskState {
    std::atomic<std::uint64_t> free_bytes = 1ULL << 40;
    std::atomic<bool> syncs_fail = false;
};

class File final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    File(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::shared_ptr<DiskState> state)
        : FSWritableFileOwnerWrapper{std::move(file)}, state_{std::move(state)} {}
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        if (state_->syncs_fail) return IOStatus::IOError("fdatasync", "made to fail");
        return FSWritableFileOwnerWrapper::Sync(options, debug);
    }

  private:
    std::shared_ptr<DiskState> state_;
};

class Disk final : public rocksdb::FileSystemWrapper {
  public:
    explicit Disk(std::shared_ptr<DiskState> state)
        : FileSystemWrapper{rocksdb::FileSystem::Default()}, state_{std::move(state)} {}
    const char* Name() const override { return "Disk"; }
    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
        auto status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
        if (status.ok()) *file = std::make_unique<File>(std::move(*file), state_);
        return status;
    }
    IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes,
                          IODebugContext*) override {
        *bytes = state_->free_bytes;
        return IOStatus::OK();
    }

  private:
    std::shared_ptr<DiskState> state_;
};

struct Place {
    static constexpr std::uint64_t kReserve = 40U << 20;
    TemporaryDirectory directory;
    std::shared_ptr<DiskState> disk = std::make_shared<DiskState>();
    Commits commits;

    std::unique_ptr<RocksStore> open() {
        commits.forget();
        RocksStoreOptions options = options_for(directory.path());
        options.reserve_bytes = kReserve;
        options.file_system = std::make_shared<Disk>(disk);
        auto opened = RocksStore::open(options, commits.listener());
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
    [[nodiscard]] bool reserve_exists() const {
        return std::filesystem::exists(directory.path() / "store" / "reserve");
    }
};

ErrorCode code_of(const tram::Result<void>& outcome) {
    REQUIRE_FALSE(outcome.has_value());
    return outcome.error().code;
}

}  // namespace

TEST_CASE("a full disk refuses bundles, lets them be erased, and recovers", "[store][full]") {
    Place place;
    auto store = place.open();
    REQUIRE(place.commits.wait(store->commit(put(1, 100))).has_value());
    CHECK(place.reserve_exists());

    place.disk->free_bytes = Place::kReserve;  // and a group would be written into it
    CHECK(code_of(place.commits.wait(store->commit(put(2, 100)))) == ErrorCode::kFull);
    CHECK(place.commits.wait(store->commit(erase_for_good(1))).has_value());
    CHECK(place.reserve_exists());

    place.disk->free_bytes = Place::kReserve / 2;
    CHECK(code_of(place.commits.wait(store->commit(put(3, 100)))) == ErrorCode::kFull);
    CHECK_FALSE(place.reserve_exists());

    place.disk->free_bytes = 0;
    CHECK(code_of(place.commits.wait(store->commit(erase_for_good(2)))) == ErrorCode::kFull);

    place.disk->free_bytes = 1ULL << 40;
    CHECK(place.commits.wait(store->commit(put(4, 100))).has_value());
    CHECK(place.reserve_exists());
    store.reset();
    CHECK(contents_of(*place.open()).keys() == std::vector<BundleKey>{4});
}

TEST_CASE("a store on a full disk does not open until its reserve or somebody makes room", "[store][full]") {
    Place place;
    auto store = place.open();
    REQUIRE(place.commits.wait(store->commit(put(1, 100))).has_value());
    store.reset();
    REQUIRE(place.reserve_exists());

    place.disk->free_bytes = 0;
    RocksStoreOptions options = options_for(place.directory.path());
    options.reserve_bytes = Place::kReserve;
    options.file_system = std::make_shared<Disk>(place.disk);
    const auto refused = RocksStore::open(options, place.commits.listener());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::kFull);
    CHECK_FALSE(place.reserve_exists());

    place.disk->free_bytes = 1ULL << 40;
    CHECK(contents_of(*place.open()).keys() == std::vector<BundleKey>{1});
}

TEST_CASE("in one group only the batches with bundles are refused", "[store][full]") {
    Place place;
    auto store = place.open();
    place.disk->free_bytes = Place::kReserve;
    store->commit(put(1, 10));
    store->commit(erase_for_good(7));
    store->commit(put(2, 10));
    const Ticket last = store->commit(erase_for_good(8));
    CHECK(place.commits.wait(last).has_value());
    CHECK(code_of(place.commits.wait(1)) == ErrorCode::kFull);
    CHECK(place.commits.wait(2).has_value());
    CHECK(code_of(place.commits.wait(3)) == ErrorCode::kFull);
    CHECK(contents_of(*store).bundles.empty());
    CHECK(contents_of(*store).tombstones.size() == 2);
}

TEST_CASE("after a failed sync nothing is acknowledged any more", "[store][io]") {
    Place place;
    auto store = place.open();
    REQUIRE(place.commits.wait(store->commit(put(1, 100))).has_value());
    place.disk->syncs_fail = true;
    CHECK(code_of(place.commits.wait(store->commit(put(2, 100)))) == ErrorCode::kIo);
    place.disk->syncs_fail = false;  // as after a kernel that reported the error once
    CHECK(code_of(place.commits.wait(store->commit(put(3, 100)))) == ErrorCode::kIo);
    store.reset();

    store = place.open();
    const auto keys = contents_of(*store).keys();
    CHECK(std::ranges::count(keys, 1U) == 1);
    CHECK(std::ranges::count(keys, 3U) == 0);
}
