#include "store/database.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <rocksdb/listener.h>
#include <utility>

#include "proto/base/check.h"
#include "store/database_options.h"
#include "store/record_codec.h"
#include "store/space_watch.h"

namespace tram::store {

namespace {

constexpr std::string_view kSchemaKey = "schema_version";
constexpr std::string_view kRemedy =
    "Restore a backup, or start once with the option that accepts the loss (the damaged log is then kept in "
    "\"kept-aside\"); what other nodes hold is sent again";

// RocksDB answers a damaged file that a compaction meets by refusing all writes, at every start anew. Keeping
// the file out of compaction keeps the rest of the store at work; scan() and load() name the damage.
class CompactionDamage final : public rocksdb::EventListener {
  public:
    explicit CompactionDamage(std::shared_ptr<std::atomic<bool>> met) : met_{std::move(met)} {}
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
        if (reason != rocksdb::BackgroundErrorReason::kCompaction || !error->IsCorruption()) return;
        *met_ = true;
        *error = rocksdb::Status::OK();
    }

  private:
    std::shared_ptr<std::atomic<bool>> met_;
};

std::unexpected<Error> failed(const rocksdb::Status& status, std::string_view doing) {
    return std::unexpected{error_from(status, doing)};
}

}  // namespace

std::string_view family_name(Family family) {
    switch (family) {
        case Family::kMeta: return "default";
        case Family::kBundle: return "bundle";
        case Family::kPayload: return "payload";
        case Family::kSeen: return "seen";
        case Family::kState: return "state";
        case Family::kQuarantine: return "quarantine";
    }
    return "unknown";
}

Error error_from(const rocksdb::Status& status, std::string_view doing) {
    ErrorCode code = ErrorCode::kIo;
    const std::string reason = status.ToString();
    if (status.IsNoSpace()) {
        code = ErrorCode::kFull;
    } else if (status.IsCorruption()) {
        code = ErrorCode::kCorrupt;
    } else if (status.IsIOError() && reason.find("lock") != std::string::npos) {
        return {ErrorCode::kBusy,
                fmt::format("cannot {}: another process has the store open; is tramd running "
                            "already? ({})",
                            doing, reason)};
    }
    return {code, fmt::format("cannot {}: {}", doing, reason)};
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
    std::unique_ptr<Database> database{new Database{options}};
    if (auto present = database->check_presence(); !present) return std::unexpected{present.error()};
    if (auto room = database->check_space(); !room) return std::unexpected{room.error()};
    if (auto opened = database->open_checked(); !opened) return std::unexpected{opened.error()};
    if (auto schema = database->check_schema(); !schema) return std::unexpected{schema.error()};
    // What recovery brought back is on disk now, so the anchor may say so (after an accepted loss: must).
    const std::uint64_t sequence = database->db_->GetLatestSequenceNumber();
    if (auto written = database->anchor_.write(sequence); !written) return std::unexpected{written.error()};
    return database;
}

Database::Database(const DatabaseOptions& options)
    : options_{options},
      rows_path_{(options.directory / "rows").string()},
      env_{rocksdb::NewCompositeEnv(options.file_system)},
      anchor_{options.file_system, options.directory.string()} {}

Database::~Database() {
    close();
}

void Database::heed_damage() {
    if (!damage_met_->exchange(false)) return;
    for (auto* handle : handles_) {
        // When it fails compaction is tried again, fails again, and we come here again.
        db_->SetOptions(handle, {{"disable_auto_compactions", "true"}}).PermitUncheckedError();
    }
}

void Database::close() {
    if (db_ == nullptr) return;
    for (auto* handle : handles_)
        db_->DestroyColumnFamilyHandle(handle);
    handles_.clear();
    families_ = {};
    // A failure here concerns nothing acknowledged: that was synced when it was acknowledged.
    db_->Close().PermitUncheckedError();
    db_.reset();
}

// The anchor is written before the database is made, so one without the other means that a file is gone.
Result<void> Database::check_presence() {
    auto& files = *options_.file_system;
    const std::string directory = options_.directory.string();
    if (auto made = files.CreateDirIfMissing(directory, {}, nullptr); !made.ok()) {
        return failed(made, "create the directory of the store");
    }
    const auto current = files.FileExists(rows_path_ + "/CURRENT", {}, nullptr);
    if (!current.ok() && !current.IsNotFound() && !current.IsPathNotFound()) {
        return failed(current, "look into the directory of the store");
    }
    existed_ = current.ok();
    const auto recorded = anchor_.read();
    if (!recorded && recorded.error().code != ErrorCode::kCorrupt) return std::unexpected{recorded.error()};
    const bool lost_rows = !existed_ && (!recorded || recorded->value_or(0) > 0);
    const bool lost_anchor = existed_ && (!recorded || !recorded->has_value());
    if (!lost_rows && !lost_anchor) {
        if (recorded->has_value()) return {};
        auto synced = sync_directory(files, options_.directory.parent_path().string());
        return synced ? anchor_.write(0) : synced;
    }
    if (options_.accept_missing) return anchor_.write(0);
    if (lost_rows) {
        return fail(
            ErrorCode::kCorrupt,
            fmt::format("{} holds the anchor of a store with acknowledged data, but the data is gone. {}",
                        directory, kRemedy));
    }
    return fail(ErrorCode::kCorrupt,
                fmt::format("the anchor file of {} is {}, so it cannot be told whether acknowledged data is "
                            "missing. {}",
                            directory, recorded ? "missing" : "damaged", kRemedy));
}

Result<void> Database::check_space() {
    std::uint64_t log_bytes = 0;
    std::vector<std::string> names;
    // What cannot be listed or measured shows when the database is opened.
    options_.file_system->GetChildren(rows_path_, {}, &names, nullptr).PermitUncheckedError();
    for (const std::string& name : names) {
        std::uint64_t bytes = 0;
        if (!name.ends_with(".log")) continue;
        const auto measured = options_.file_system->GetFileSize(rows_path_ + "/" + name, {}, &bytes, nullptr);
        if (measured.ok()) log_bytes += bytes;
    }
    return SpaceWatch::make_room_to_open(*options_.file_system, options_.directory, log_bytes);
}

Result<void> Database::open_checked() {
    const auto status = open_db(Access::kReadWrite, rocksdb::WALRecoveryMode::kAbsoluteConsistency);
    if (status.ok()) {
        if (!existed_) {
            // The entries of the directories on the way to the database are nobody else's to sync.
            if (auto synced = sync_directory(*options_.file_system, options_.directory.string()); !synced) {
                return synced;
            }
        }
        return check_sequence("none that its own checks see");
    }
    if (!existed_ || !status.IsCorruption()) return failed(status, "open the store");
    return recover_torn_log(status.ToString());
}

Result<void> Database::recover_torn_log(const std::string& flaw) {
    const auto probed = open_db(Access::kReadOnly, rocksdb::WALRecoveryMode::kPointInTimeRecovery);
    if (!probed.ok()) {
        return fail(ErrorCode::kCorrupt,
                    fmt::format("the store is damaged: {}. {}", probed.ToString(), kRemedy));
    }
    if (auto complete = check_sequence(flaw); !complete) return complete;
    const bool short_of_anchor = db_->GetLatestSequenceNumber() < anchor_.read()->value_or(0);
    close();
    if (short_of_anchor) {
        if (auto kept = keep_log_aside(); !kept) return kept;
    }
    const auto recovered = open_db(Access::kReadWrite, rocksdb::WALRecoveryMode::kPointInTimeRecovery);
    if (!recovered.ok()) return failed(recovered, "recover the store");
    return {};
}

Result<std::vector<std::string>> Database::existing_families() const {
    std::vector<std::string> names;
    if (existed_) {
        rocksdb::DBOptions options = database_options(env_.get());
        const auto listed = rocksdb::DB::ListColumnFamilies(options, rows_path_, &names);
        if (!listed.ok()) return failed(listed, "read the manifest of the store");
    }
    return names;
}

rocksdb::Status Database::open_db(Access access, rocksdb::WALRecoveryMode mode) {
    // A newer program may have added column families; they must be opened to get at the schema version.
    auto names = existing_families();
    if (!names) return rocksdb::Status::Corruption(names.error().message);
    const std::size_t present = names->size();
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        const auto which = static_cast<Family>(i);
        const bool there = std::ranges::find(*names, family_name(which)) != names->end();
        if (!there && access == Access::kReadOnly) continue;
        descriptors.emplace_back(std::string{family_name(which)}, family_options(which));
    }
    for (std::size_t i = 0; i < present; ++i) {
        const auto known = [&](const auto& d) { return d.name == (*names)[i]; };
        if (std::ranges::none_of(descriptors, known)) {
            descriptors.emplace_back((*names)[i], family_options(Family::kMeta));
        }
    }
    rocksdb::DBOptions options = database_options(env_.get());
    options.wal_recovery_mode = mode;
    options.listeners.push_back(std::make_shared<CompactionDamage>(damage_met_));
    rocksdb::DB* db = nullptr;
    const auto status = access == Access::kReadOnly
                            ? rocksdb::DB::OpenForReadOnly(options, rows_path_, descriptors, &handles_, &db)
                            : rocksdb::DB::Open(options, rows_path_, descriptors, &handles_, &db);
    if (!status.ok()) return status;
    db_.reset(db);
    for (auto* handle : handles_) {
        for (std::size_t i = 0; i < kFamilies; ++i) {
            if (handle->GetName() == family_name(static_cast<Family>(i))) families_[i] = handle;
        }
    }
    return status;
}

Result<void> Database::check_sequence(const std::string& flaw) {
    const auto recorded = anchor_.read();
    if (!recorded) return std::unexpected{recorded.error()};
    const std::uint64_t expected = recorded->value_or(0);
    const std::uint64_t found = db_->GetLatestSequenceNumber();
    if (found >= expected || options_.accept_missing) return {};
    return fail(ErrorCode::kCorrupt,
                fmt::format("acknowledged data is missing: {} row changes were durable, {} are readable, at "
                            "least {} are lost (flaw found by RocksDB: {}). Nothing was changed. {}",
                            expected, found, expected - found, flaw, kRemedy));
}

Result<void> Database::check_schema() {
    rocksdb::ColumnFamilyHandle* meta = family(Family::kMeta);
    std::string value;
    const auto found = db_->Get({}, meta, kSchemaKey, &value);
    if (found.ok()) {
        const auto body = unseal(kSchemaKey, value);
        if (!body) return fail(ErrorCode::kCorrupt, "the schema version of the store is damaged");
        std::uint64_t version = 0;
        std::from_chars(body->data(), body->data() + body->size(), version);
        if (version <= kSchemaVersion && version > 0) return {};
        return fail(
            ErrorCode::kUnsupportedVersion,
            fmt::format("the store was written by a newer program (schema {}, this one knows up to {}); "
                        "install that program again",
                        *body, kSchemaVersion));
    }
    if (!found.IsNotFound()) return failed(found, "read the schema version");
    if (db_->GetLatestSequenceNumber() > 0 && !options_.accept_missing) {
        return fail(ErrorCode::kCorrupt, fmt::format("the store has no schema version. {}", kRemedy));
    }
    encode_plain(kSchemaKey, std::to_string(kSchemaVersion), value);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto written = db_->Put(synced, meta, kSchemaKey, value);
    if (!written.ok()) return failed(written, "write the schema version");
    return {};
}

// RocksDB deletes a log once it has recovered it; a second name keeps the damaged one.
Result<void> Database::keep_log_aside() {
    auto& files = *options_.file_system;
    const std::string aside = (options_.directory / "kept-aside").string();
    std::vector<std::string> names;
    auto status = files.CreateDirIfMissing(aside, {}, nullptr);
    if (status.ok()) status = files.GetChildren(rows_path_, {}, &names, nullptr);
    for (const std::string& name : names) {
        if (!status.ok()) break;
        if (!name.ends_with(".log")) continue;
        status = files.LinkFile(rows_path_ + "/" + name, aside + "/" + name, {}, nullptr);
    }
    if (!status.ok()) return failed(status, "keep the damaged log aside");
    return sync_directory(files, aside);
}

}  // namespace tram::store
