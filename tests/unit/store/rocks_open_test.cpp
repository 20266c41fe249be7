// Opening: who may, and what is checked before the contents are believed.
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "store/record_codec.h"
#include "store/rocks_store.h"
#include "tests/unit/store/raw_database.h"
#include "tests/unit/store/store_samples.h"

using namespace tram::store;
using namespace tram::store::test;
using tram::ErrorCode;

namespace {

struct Place {
    TemporaryDirectory directory;
    Commits commits;

    [[nodiscard]] std::filesystem::path store() const { return directory.path() / "store"; }
    tram::Result<std::unique_ptr<RocksStore>> open(bool accept_missing = false) {
        commits.forget();
        RocksStoreOptions options = options_for(directory.path());
        options.accept_missing = accept_missing;
        return RocksStore::open(options, commits.listener());
    }
    // Stores bundles 1..count, each in a group of its own, and closes.
    void fill(BundleKey count) {
        auto opened = open();
        REQUIRE(opened.has_value());
        for (BundleKey key = 1; key <= count; ++key) {
            REQUIRE(commits.wait((*opened)->commit(put(key, 500))).has_value());
        }
    }
    // A copy of the whole store, to see what happens to it without the anchor.
    void copy_to(const Place& other) const {
        std::filesystem::copy(store(), other.store(), std::filesystem::copy_options::recursive);
    }
};

std::filesystem::path log_of(const Place& place) {
    return files_by_size(place.store() / "rows", ".log").at(0);
}

}  // namespace

TEST_CASE("closing commits what was queued", "[store][open]") {
    Place place;
    {
        auto store = place.open();
        REQUIRE(store.has_value());
        for (BundleKey key = 1; key <= 1'000; ++key)
            (*store)->commit(put(key, 100));
    }
    auto store = place.open();
    REQUIRE(store.has_value());
    CHECK(contents_of(**store).bundles.size() == 1'000);
    CHECK(contents_of(**store).damage.empty());
}

TEST_CASE("a store that is open is busy for others", "[store][open]") {
    Place place;
    auto first = place.open();
    REQUIRE(first.has_value());
    auto second = place.open();
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::kBusy);
    first->reset();
    CHECK(place.open().has_value());
}

TEST_CASE("a store of a newer program is refused and left alone", "[store][open]") {
    Place place;
    place.fill(3);
    std::string version;
    {
        RawDatabase raw{place.store()};
        encode_plain("schema_version", "2", version);
        raw.put("default", "schema_version", version);
    }
    const auto opened = place.open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::kUnsupportedVersion);
    CHECK(opened.error().message.find("schema 2") != std::string::npos);
    CHECK(RawDatabase{place.store()}.get("default", "schema_version") == version);
}

TEST_CASE("a bit flipped in the log is an error with figures, not a shorter store", "[store][open][anchor]") {
    Place place;
    place.fill(200);
    const auto middle = std::filesystem::file_size(log_of(place)) / 2;
    flip_bit(log_of(place), middle);

    Place without_anchor;
    place.copy_to(without_anchor);
    {
        // What RocksDB alone says to the same directory: all is well, and half of the bundles are gone.
        RawDatabase raw{without_anchor.store(), rocksdb::WALRecoveryMode::kPointInTimeRecovery};
        const std::size_t left = raw.rows("bundle");
        INFO(left << " bundles of 200 left");
        CHECK((left > 0 && left < 150));
    }

    const auto opened = place.open();
    REQUIRE_FALSE(opened.has_value());
    INFO(opened.error().message);
    CHECK(opened.error().code == ErrorCode::kCorrupt);
    // 2 rows a bundle and the schema version.
    CHECK(opened.error().message.find("401 row changes were durable") != std::string::npos);
    CHECK(place.open().error().code == ErrorCode::kCorrupt);  // and again: nothing was changed
}

TEST_CASE("an accepted loss keeps the damaged log aside", "[store][open][anchor]") {
    Place place;
    place.fill(200);
    const auto name = log_of(place).filename();
    const auto size = std::filesystem::file_size(log_of(place));
    flip_bit(log_of(place), size / 2);
    {
        auto opened = place.open(true);
        REQUIRE(opened.has_value());
        const auto left = contents_of(**opened).bundles.size();
        CHECK(left > 50);
        CHECK(left < 150);
    }
    CHECK(std::filesystem::file_size(place.store() / "kept-aside" / name) == size);
    CHECK(place.open().has_value());
}

TEST_CASE("a torn end of the log is no loss", "[store][open][anchor]") {
    Place place;
    place.fill(50);
    {
        std::ofstream log{log_of(place), std::ios::app | std::ios::binary};
        log << "\x12\x34\x56\x78\x40\x01\x01 the beginning of a write that the power cut ended";
    }
    auto opened = place.open();
    REQUIRE(opened.has_value());
    CHECK(contents_of(**opened).bundles.size() == 50);
}

TEST_CASE("a log that is cut off before the anchor is an error", "[store][open][anchor]") {
    Place place;
    place.fill(50);
    std::filesystem::resize_file(log_of(place), std::filesystem::file_size(log_of(place)) / 3);
    CHECK(place.open().error().code == ErrorCode::kCorrupt);
}

TEST_CASE("a missing or damaged anchor, or missing rows, are errors", "[store][open][anchor]") {
    Place place;
    place.fill(5);
    SECTION("missing anchor") {
        std::filesystem::remove(place.store() / "anchor");
    }
    SECTION("damaged anchor") {
        flip_bit(place.store() / "anchor", 20);
    }
    SECTION("missing rows") {
        std::filesystem::remove_all(place.store() / "rows");
    }
    CHECK(place.open().error().code == ErrorCode::kCorrupt);
    CHECK(place.open(true).has_value());
    CHECK(place.open().has_value());
}

TEST_CASE("the anchor is written while the store is open", "[store][open][anchor]") {
    Place place;
    auto store = place.open();
    REQUIRE(store.has_value());
    const auto read = [&] {
        std::ifstream file{place.store() / "anchor"};
        return std::string{std::istreambuf_iterator<char>{file}, {}};
    };
    const std::string before = read();
    REQUIRE(place.commits.wait((*store)->commit(put(1, 10))).has_value());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (read() == before && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK(read() != before);
}
