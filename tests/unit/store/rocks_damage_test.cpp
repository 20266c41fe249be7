// Damaged rows: named, kept aside, and no obstacle for the others.
#include <catch2/catch.hpp>

#include "store/record_codec.h"
#include "store/rocks_store.h"
#include "tests/unit/store/raw_database.h"
#include "tests/unit/store/store_samples.h"

using namespace tram::store;
using namespace tram::store::test;
using tram::ErrorCode;

namespace {

std::string key_text(BundleKey key) {
    const KeyBytes bytes = encode_key(key);
    return {bytes.data(), bytes.size()};
}

struct Place {
    TemporaryDirectory directory;
    Commits commits;

    std::unique_ptr<RocksStore> open() {
        commits.forget();
        auto opened = RocksStore::open(options_for(directory.path()), commits.listener());
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
    void fill(BundleKey count, std::size_t bytes) {
        auto store = open();
        Ticket last = 0;
        for (BundleKey key = 1; key <= count; ++key)
            last = store->commit(put(key, bytes));
        REQUIRE(commits.wait(last).has_value());
    }
    [[nodiscard]] std::filesystem::path store() const { return directory.path() / "store"; }
    void damage_row(const std::string& family, const std::string& key) {
        RawDatabase raw{store()};
        std::string value = raw.get(family, key);
        value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
        raw.put(family, key, value);
    }
};

}  // namespace

TEST_CASE("damaged bytes of one bundle are kept aside and the others load", "[store][damage]") {
    Place place;
    const std::size_t bytes = GENERATE(1'000U, 50'000U);
    place.fill(3, bytes);
    place.damage_row("payload", key_text(2));
    const std::vector<BundleKey> keys{1, 2, 3};
    {
        const auto store = place.open();
        for (int attempt = 0; attempt < 2; ++attempt) {
            const auto found = store->load(keys);
            CHECK(found[0] == sample_bytes(bytes, 1));
            REQUIRE_FALSE(found[1].has_value());
            CHECK(found[1].error().code == ErrorCode::kCorrupt);
            CHECK(found[2] == sample_bytes(bytes, 3));
        }
        CHECK(contents_of(*store).bundles.size() == 3);  // its record says what to ask neighbours for
    }
    RawDatabase raw{place.store()};
    CHECK(raw.rows("payload") == 2);
    CHECK(raw.get("quarantine", "payload:" + key_text(2)).size() > bytes);
}

TEST_CASE("damaged records and tombstones are reported once and kept aside", "[store][damage]") {
    Place place;
    place.fill(5, 100);
    {
        const auto store = place.open();
        REQUIRE(place.commits.wait(store->commit(erase_for_good(5))).has_value());
    }
    place.damage_row("bundle", key_text(3));
    place.damage_row("seen", std::string{tram::as_text(sample_tombstone(5).id.view())});
    {
        const auto store = place.open();
        const Contents contents = contents_of(*store);
        CHECK(contents.keys() == std::vector<BundleKey>{1, 2, 4});
        CHECK(contents.tombstones.empty());
        REQUIRE(contents.damage.size() == 2);
        CHECK(contents.damage[1].where == "bundle 0000000000000003");
        CHECK(contents_of(*store).damage.empty());
        REQUIRE(place.commits.wait(store->commit(put(6, 10))).has_value());
    }
    CHECK(RawDatabase{place.store()}.rows("quarantine") == 2);
}

TEST_CASE("a flipped bit in a table file costs its block only", "[store][damage]") {
    Place place;
    place.fill(2'000, 0);
    place.open();  // recovery turns the log into table files
    std::filesystem::path table;
    {
        RawDatabase raw{place.store()};
        raw.flush("bundle");
        table = files_by_size(place.store() / "rows", ".sst").at(0);
    }
    flip_bit(table, std::filesystem::file_size(table) / 2);

    const auto store = place.open();
    const Contents contents = contents_of(*store);
    REQUIRE(contents.damage.size() == 1);
    CHECK(contents.damage[0].where.starts_with("bundle 0000"));
    CHECK(contents.bundles.size() < 2'000);
    CHECK(contents.bundles.size() > 1'800);
    CHECK(contents.keys().front() == 1);
    CHECK(contents.keys().back() == 2'000);
    REQUIRE(place.commits.wait(store->commit(put(2'001, 10))).has_value());
}
