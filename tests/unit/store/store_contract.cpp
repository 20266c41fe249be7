// The contract of store.h, which every store must keep.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "tests/unit/store/store_samples.h"

using namespace tram::store;
using namespace tram::store::test;

namespace {

// A store under test: how it is made durable, and how it goes through a crash.
struct Memory {
    Commits commits;
    MemoryStore under_test{commits.listener()};

    Store& store() { return under_test; }
    void settle(Ticket) { under_test.sync(); }
    void restart() { under_test.crash(); }
};

struct Rocks {
    TemporaryDirectory directory;
    Commits commits;
    std::unique_ptr<RocksStore> under_test = open();

    std::unique_ptr<RocksStore> open() {
        auto opened = RocksStore::open(options_for(directory.path()), commits.listener());
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
    Store& store() { return *under_test; }
    void settle(Ticket ticket) { REQUIRE(commits.wait(ticket).has_value()); }
    void restart() {
        under_test->abandon();
        under_test.reset();
        commits.forget();
        under_test = open();
    }
};

Batch state(const std::string& name, const std::string& value) {
    Batch batch;
    batch.changes.emplace_back(change::PutState{name, tram::Bytes::copy_of(tram::as_bytes(value))});
    return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("a new store is empty", "[store][contract]", Memory, Rocks) {
    TestType t;
    const Contents contents = contents_of(t.store());
    CHECK(contents.bundles.empty());
    CHECK(contents.tombstones.empty());
    CHECK(contents.state.empty());
    CHECK(contents.damage.empty());
    CHECK(t.store().usage().bundles == 0);
}

TEMPLATE_TEST_CASE("tickets ascend from 1 and are reported in order", "[store][contract]", Memory, Rocks) {
    TestType t;
    for (BundleKey key = 1; key <= 100; ++key)
        CHECK(t.store().commit(put(key, 10)) == key);
    t.settle(100);
    Ticket before = 0;
    for (const auto& call : t.commits.calls()) {
        CHECK(call.outcome.has_value());
        CHECK(call.up_to > before);
        before = call.up_to;
    }
    CHECK(before == 100);
    CHECK(t.store().usage().batches == 100);
    CHECK(t.store().usage().synced_writes == t.commits.calls().size());
}

TEMPLATE_TEST_CASE("stored bytes are loaded in the order asked for", "[store][contract]", Memory, Rocks) {
    TestType t;
    t.store().commit(put(1, 0));
    t.store().commit(put(2, 1'000));
    t.settle(t.store().commit(put(3, 100'000)));
    const std::vector<BundleKey> keys{3, 9, 1, 2, 3};
    const auto found = t.store().load(keys);
    REQUIRE(found.size() == 5);
    CHECK(found[0] == sample_bytes(100'000, 3));
    REQUIRE_FALSE(found[1].has_value());
    CHECK(found[1].error().code == tram::ErrorCode::kNotFound);
    CHECK(found[2] == tram::Bytes{});
    CHECK(found[3] == sample_bytes(1'000, 2));
    CHECK(found[4] == sample_bytes(100'000, 3));
    CHECK(t.store().load({}).empty());
}

TEMPLATE_TEST_CASE("scan shows state, then tombstones, then bundles by key", "[store][contract]", Memory,
                   Rocks) {
    TestType t;
    for (const BundleKey key : {300, 2, 70'000, 1})
        t.store().commit(put(key, 5));
    t.store().commit(erase_for_good(2));
    t.store().commit(state("node_time", "17"));
    t.settle(t.store().commit(state("epoch", "1")));

    std::string order;
    ScanVisitor visitor;
    visitor.state = [&](const std::string&, tram::ByteView) {
        order += 's';
        return true;
    };
    visitor.tombstone = [&](Tombstone) {
        order += 't';
        return true;
    };
    visitor.bundle = [&](BundleRecord) {
        order += 'b';
        return true;
    };
    REQUIRE(t.store().scan(visitor).has_value());
    CHECK(order == "sstbbb");

    const Contents contents = contents_of(t.store());
    CHECK(contents.keys() == std::vector<BundleKey>{1, 300, 70'000});
    BundleRecord expected = sample_record(300);
    expected.wire_length = 5;
    CHECK(same(contents.bundles[1], expected));
    CHECK(same(contents.tombstones[0], sample_tombstone(2)));
    CHECK(contents.state[0].first == "epoch");
    CHECK(tram::as_text(contents.state[1].second) == "17");
    CHECK(t.store().usage().bundles == 3);
}

TEMPLATE_TEST_CASE("a visitor ends the scan", "[store][contract]", Memory, Rocks) {
    TestType t;
    for (BundleKey key = 1; key < 10; ++key)
        t.store().commit(put(key, 5));
    t.settle(t.store().commit(state("epoch", "1")));
    int bundles = 0;
    ScanVisitor visitor;
    visitor.bundle = [&](BundleRecord) { return ++bundles < 3; };
    REQUIRE(t.store().scan(visitor).has_value());
    CHECK(bundles == 3);
    visitor.state = [](const std::string&, tram::ByteView) { return false; };
    REQUIRE(t.store().scan(visitor).has_value());
    CHECK(bundles == 3);
}

TEMPLATE_TEST_CASE("an updated record keeps its bytes", "[store][contract]", Memory, Rocks) {
    TestType t;
    t.store().commit(put(4, 50'000));
    BundleRecord record = sample_record(4);
    record.held = true;
    record.forwarded_to.push_back({"dtn://18904-lt01/", 12});
    Batch batch;
    batch.changes.emplace_back(change::UpdateRecord{record});
    t.settle(t.store().commit(batch));
    CHECK(same(contents_of(t.store()).bundles.at(0), record));
    CHECK(t.store().load(std::vector<BundleKey>{4})[0] == sample_bytes(50'000, 4));
}

TEMPLATE_TEST_CASE("erasing removes record and bytes, and may be repeated", "[store][contract]", Memory,
                   Rocks) {
    TestType t;
    t.store().commit(put(4, 50'000));
    t.store().commit(erase_for_good(4));
    t.store().commit(erase_for_good(4));
    Batch forget;
    forget.changes.emplace_back(change::EraseTombstone{sample_tombstone(4).id});
    forget.changes.emplace_back(change::EraseTombstone{sample_tombstone(5).id});
    t.settle(t.store().commit(forget));
    const Contents contents = contents_of(t.store());
    CHECK(contents.bundles.empty());
    CHECK(contents.tombstones.empty());
    CHECK(t.store().load(std::vector<BundleKey>{4})[0].error().code == tram::ErrorCode::kNotFound);
    CHECK(t.store().usage().bundles == 0);
}

TEMPLATE_TEST_CASE("state can be erased, also twice", "[store][contract]", Memory, Rocks) {
    TestType t;
    t.store().commit(state("draft/1", "a"));
    t.store().commit(state("draft/2", "b"));
    Batch erase;
    erase.changes.emplace_back(change::EraseState{"draft/1"});
    erase.changes.emplace_back(change::EraseState{"draft/3"});
    t.store().commit(erase);
    t.settle(t.store().commit(erase));
    t.restart();
    const Contents contents = contents_of(t.store());
    REQUIRE(contents.state.size() == 1);
    CHECK(contents.state[0].first == "draft/2");
}

TEMPLATE_TEST_CASE("an empty batch has a ticket too", "[store][contract]", Memory, Rocks) {
    TestType t;
    const Ticket ticket = t.store().commit({});
    CHECK(ticket == 1);
    t.settle(ticket);
    CHECK(t.commits.wait(ticket).has_value());
}

TEMPLATE_TEST_CASE("what was reported durable survives a crash", "[store][contract]", Memory, Rocks) {
    TestType t;
    for (BundleKey key = 1; key <= 50; ++key)
        t.store().commit(put(key, key * 1'000));
    t.settle(t.store().commit(erase_for_good(7)));
    t.restart();
    const Contents contents = contents_of(t.store());
    CHECK(contents.bundles.size() == 49);
    CHECK(contents.tombstones.size() == 1);
    for (const BundleKey key : contents.keys()) {
        CHECK(t.store().load(std::vector<BundleKey>{key})[0] ==
              sample_bytes(key * 1'000, static_cast<unsigned>(key)));
    }
}

TEMPLATE_TEST_CASE("a store agrees with a plain map under random changes", "[store][contract]", Memory,
                   Rocks) {
    TestType t;
    std::mt19937 random{GENERATE(1U, 2U, 3U)};
    std::map<BundleKey, std::size_t> model;
    BundleKey next = 1;
    Ticket last = 0;
    for (int step = 0; step < 400; ++step) {
        if (model.empty() || random() % 3 != 0) {
            const std::size_t size = random() % 40 == 0 ? 40'000 : random() % 2'000;
            last = t.store().commit(put(next, size));
            model[next++] = size;
        } else {
            const auto victim =
                std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
            last = t.store().commit(erase_for_good(victim->first));
            model.erase(victim);
        }
        if (random() % 150 == 0) {
            t.settle(last);
            t.restart();
        }
    }
    t.settle(last);
    const std::vector<BundleKey> keys = contents_of(t.store()).keys();
    REQUIRE(keys.size() == model.size());
    const auto found = t.store().load(keys);
    auto expected = model.begin();
    for (std::size_t i = 0; i < keys.size(); ++i, ++expected) {
        REQUIRE(keys[i] == expected->first);
        REQUIRE(found[i] == sample_bytes(expected->second, static_cast<unsigned>(keys[i])));
    }
    CHECK(contents_of(t.store()).tombstones.size() == next - 1 - model.size());
}
