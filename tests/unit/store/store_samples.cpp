#include "tests/unit/store/store_samples.h"

#include <chrono>

#include "proto/base/check.h"

namespace tram::store::test {

CommitListener Commits::listener() {
    return [this](Ticket up_to, const Result<void>& outcome) {
        {
            const std::lock_guard lock{mutex_};
            calls_.push_back({up_to, outcome});
        }
        heard_.notify_all();
    };
}

Result<void> Commits::wait(Ticket ticket) {
    std::unique_lock lock{mutex_};
    const auto reported = [&] { return !calls_.empty() && calls_.back().up_to >= ticket; };
    if (!heard_.wait_for(lock, std::chrono::seconds{30}, reported)) {
        return fail(ErrorCode::kUnavailable, "the store reported nothing within 30 s");
    }
    for (const Call& call : calls_) {
        if (call.up_to >= ticket) return call.outcome;
    }
    return fail(ErrorCode::kNotFound, "no such ticket");
}

std::vector<Commits::Call> Commits::calls() {
    const std::lock_guard lock{mutex_};
    return calls_;
}

void Commits::forget() {
    const std::lock_guard lock{mutex_};
    calls_.clear();
}

Bytes sample_bytes(std::size_t size, unsigned seed) {
    std::minstd_rand random{seed + 1};
    Buffer bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random() >> 8);
    return Bytes{std::move(bytes)};
}

BundleRecord sample_record(BundleKey key) {
    BundleRecord record;
    record.key = key;
    record.id = sample_bytes(28, static_cast<unsigned>(key));
    record.destination = "dtn://18904-srv/requests";
    record.source = "dtn://18904-ks07/inbox";
    record.report_to = "dtn:none";
    record.flags = 4;
    record.sequence = key;
    record.lifetime_ms = 10'368'000'000;
    record.stored_at_ms = 1'000 + key;
    record.expires_at_ms = 10'368'001'000 + key;
    record.forward = true;
    return record;
}

Tombstone sample_tombstone(unsigned number) {
    Tombstone tombstone;
    tombstone.id = sample_bytes(28, number);
    tombstone.ending = Ending::kForwarded;
    tombstone.ended_at_ms = 5'000;
    tombstone.expires_at_ms = 10'368'001'000;
    tombstone.destination = "dtn://18904-srv/requests";
    tombstone.received_from = HopRecord{"dtn://18904-ks07/", 4'000};
    tombstone.last_hop = HopRecord{"dtn://18904-lt01/", 4'999};
    tombstone.forwarded_to = {{"dtn://18904-lt02/", 4'001}};
    return tombstone;
}

Batch put(BundleKey key, std::size_t wire_bytes) {
    change::PutBundle bundle{sample_record(key), sample_bytes(wire_bytes, static_cast<unsigned>(key))};
    bundle.record.wire_length = wire_bytes;
    Batch batch;
    batch.changes.emplace_back(std::move(bundle));
    return batch;
}

Batch erase_for_good(BundleKey key) {
    Batch batch;
    batch.changes.emplace_back(change::EraseBundle{key});
    batch.changes.emplace_back(change::PutTombstone{sample_tombstone(static_cast<unsigned>(key))});
    return batch;
}

std::vector<BundleKey> Contents::keys() const {
    std::vector<BundleKey> keys;
    for (const BundleRecord& record : bundles)
        keys.push_back(record.key);
    return keys;
}

Contents contents_of(Store& store) {
    Contents contents;
    ScanVisitor visitor;
    visitor.bundle = [&](BundleRecord record) {
        contents.bundles.push_back(std::move(record));
        return true;
    };
    visitor.tombstone = [&](Tombstone tombstone) {
        contents.tombstones.push_back(std::move(tombstone));
        return true;
    };
    visitor.state = [&](const std::string& name, ByteView value) {
        contents.state.emplace_back(name, Buffer{value.begin(), value.end()});
        return true;
    };
    auto damage = store.scan(visitor);
    TRAM_CHECK(damage.has_value());
    contents.damage = std::move(*damage);
    return contents;
}

namespace {

bool same(const std::optional<HopRecord>& a, const std::optional<HopRecord>& b) {
    if (a.has_value() != b.has_value()) return false;
    return !a || (a->peer == b->peer && a->node_time_ms == b->node_time_ms);
}

bool same(const std::vector<HopRecord>& a, const std::vector<HopRecord>& b) {
    return std::ranges::equal(a, b, [](const HopRecord& x, const HopRecord& y) {
        return x.peer == y.peer && x.node_time_ms == y.node_time_ms;
    });
}

bool same(const std::shared_ptr<const EndedMessage>& a, const std::shared_ptr<const EndedMessage>& b) {
    return a == b || (a != nullptr && b != nullptr && *a == *b);
}

}  // namespace

bool same(const BundleRecord& a, const BundleRecord& b) {
    return a.key == b.key && a.id == b.id && a.destination == b.destination && a.source == b.source &&
           a.report_to == b.report_to && a.flags == b.flags && a.creation_time_ms == b.creation_time_ms &&
           a.sequence == b.sequence && a.lifetime_ms == b.lifetime_ms &&
           a.fragment_offset == b.fragment_offset && a.adu_length == b.adu_length &&
           a.payload_length == b.payload_length && a.wire_length == b.wire_length && a.age_ms == b.age_ms &&
           a.stored_at_ms == b.stored_at_ms && a.expires_at_ms == b.expires_at_ms && a.urgency == b.urgency &&
           a.kind == b.kind && a.held == b.held && a.local == b.local && a.deliver_here == b.deliver_here &&
           a.forward == b.forward && a.hop_count == b.hop_count && a.chunk == b.chunk &&
           a.awaits_receipt == b.awaits_receipt && same(a.ends, b.ends) &&
           same(a.received_from, b.received_from) && same(a.forwarded_to, b.forwarded_to);
}

bool same(const Tombstone& a, const Tombstone& b) {
    return a.id == b.id && a.ending == b.ending && a.ended_at_ms == b.ended_at_ms &&
           a.expires_at_ms == b.expires_at_ms && a.destination == b.destination &&
           same(a.received_from, b.received_from) && same(a.last_hop, b.last_hop) && same(a.ends, b.ends) &&
           same(a.forwarded_to, b.forwarded_to);
}

RocksStoreOptions options_for(const std::filesystem::path& directory) {
    RocksStoreOptions options;
    options.directory = directory / "store";
    options.reserve_bytes = 0;
    return options;
}

}  // namespace tram::store::test
