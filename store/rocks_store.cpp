#include "store/rocks_store.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "store/committer.h"
#include "store/database.h"
#include "store/quarantine.h"
#include "store/record_codec.h"
#include "store/row_scan.h"
#include "store/space_watch.h"

namespace tram::store {

struct RocksStore::Impl {
    Impl(RocksStoreOptions options, std::unique_ptr<Database> opened, CommitListener listener)
        : database{std::move(opened)},
          quarantine{*database},
          space{options.file_system, options.directory, options.reserve_bytes},
          committer{*database, space, {options.sync, options.group_changes_max}, std::move(listener)} {}

    Result<Bytes> checked_payload(BundleKey key, const rocksdb::Status& status,
                                  const rocksdb::PinnableSlice& value);

    std::unique_ptr<Database> database;
    Quarantine quarantine;
    SpaceWatch space;
    Committer committer;
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksStoreOptions options, CommitListener listener) {
    if (options.file_system == nullptr) options.file_system = rocksdb::FileSystem::Default();
    options.directory = std::filesystem::absolute(options.directory).lexically_normal();
    if (!options.directory.has_filename()) options.directory = options.directory.parent_path();
    auto database = Database::open({options.directory, options.file_system, options.accept_missing});
    if (!database) return std::unexpected{database.error()};
    auto impl = std::make_unique<Impl>(std::move(options), std::move(*database), std::move(listener));
    std::uint64_t bundles = 0;
    impl->database->db().GetIntProperty(impl->database->family(Family::kBundle),
                                        rocksdb::DB::Properties::kEstimateNumKeys, &bundles);
    impl->committer.set_bundles(bundles);
    return std::unique_ptr<RocksStore>{new RocksStore{std::move(impl)}};
}

RocksStore::~RocksStore() {
    impl_->committer.finish();
}

Ticket RocksStore::commit(Batch batch) {
    return impl_->committer.enqueue(std::move(batch));
}

std::vector<Result<Bytes>> RocksStore::load(std::span<const BundleKey> keys) {
    std::vector<KeyBytes> key_bytes;
    std::vector<rocksdb::Slice> slices;
    key_bytes.reserve(keys.size());
    slices.reserve(keys.size());
    for (const BundleKey key : keys) {
        const KeyBytes& bytes = key_bytes.emplace_back(encode_key(key));
        slices.emplace_back(bytes.data(), bytes.size());
    }
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    impl_->database->db().MultiGet(options, impl_->database->family(Family::kPayload), slices.size(),
                                   slices.data(), values.data(), statuses.data());
    std::vector<Result<Bytes>> found;
    found.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        found.push_back(impl_->checked_payload(keys[i], statuses[i], values[i]));
        values[i].Reset();
    }
    return found;
}

Result<Bytes> RocksStore::Impl::checked_payload(BundleKey key, const rocksdb::Status& status,
                                                const rocksdb::PinnableSlice& value) {
    const KeyBytes bytes = encode_key(key);
    const std::string_view name{bytes.data(), bytes.size()};
    if (status.IsNotFound()) {
        if (quarantine.holds(Family::kPayload, name)) {
            return fail(ErrorCode::kCorrupt, "the stored bytes of this bundle were damaged and moved aside");
        }
        return fail(ErrorCode::kNotFound, "no bytes are stored for this bundle");
    }
    if (!status.ok()) return std::unexpected{error_from(status, "read the bytes of a bundle")};
    const auto wire = unseal(name, value.ToStringView());
    if (wire) return Bytes::copy_of(as_bytes(*wire));
    if (committer.healthy())
        quarantine.move(Family::kPayload, name, value.ToStringView(), wire.error().message);
    return std::unexpected{wire.error()};
}

Result<std::vector<Damage>> RocksStore::scan(const ScanVisitor& visitor) {
    std::vector<Damage> damage;
    // Decodes one row for its visitor; what does not decode is moved aside.
    const auto visit = [&](Family family, auto decode, const auto& receive) -> Result<bool> {
        return scan_rows(
            *impl_->database, family,
            [&](std::string_view key, std::string_view value) {
                auto row = decode(key, value);
                if (row) return receive(key, std::move(*row));
                damage.push_back(impl_->quarantine.move(family, key, value, row.error().message));
                return true;
            },
            damage);
    };
    auto going = visit(Family::kState, unseal, [&](std::string_view key, std::string_view body) {
        return !visitor.state || visitor.state(std::string{key}, as_bytes(body));
    });
    if (going && *going) {
        going = visit(Family::kSeen, decode_tombstone, [&](std::string_view, Tombstone tombstone) {
            return !visitor.tombstone || visitor.tombstone(std::move(tombstone));
        });
    }
    std::uint64_t bundles = 0;
    if (going && *going) {
        going = visit(Family::kBundle, decode_bundle, [&](std::string_view, BundleRecord record) {
            ++bundles;
            return !visitor.bundle || visitor.bundle(std::move(record));
        });
        if (going && *going) impl_->committer.set_bundles(bundles);
    }
    if (!going) return std::unexpected{going.error()};
    return damage;
}

Usage RocksStore::usage() const {
    const auto figures = impl_->committer.figures();
    Usage usage;
    usage.bundles = figures.bundles;
    usage.synced_writes = figures.synced_writes;
    usage.batches = figures.batches;
    usage.free_bytes = impl_->space.free_bytes();
    const auto add = [&](Family family, const std::string& property) {
        std::uint64_t bytes = 0;
        impl_->database->db().GetIntProperty(impl_->database->family(family), property, &bytes);
        usage.bytes += bytes;
    };
    for (std::size_t i = 0; i < kFamilies; ++i) {
        const auto family = static_cast<Family>(i);
        add(family, rocksdb::DB::Properties::kLiveSstFilesSize);
        add(family, rocksdb::DB::Properties::kTotalBlobFileSize);
        add(family, rocksdb::DB::Properties::kCurSizeActiveMemTable);  // stands for the log
    }
    return usage;
}

void RocksStore::abandon() {
    impl_->committer.abandon();
}

}  // namespace tram::store
