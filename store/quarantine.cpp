#include "store/quarantine.h"

#include <fmt/format.h>

#include "store/record_codec.h"

namespace tram::store {

namespace {

Damage damage_at(Family family, std::string_view key, std::string_view reason) {
    return {fmt::format("{} {}", family_name(family), to_hex(as_bytes(key))), std::string{reason}};
}

}  // namespace

Damage Quarantine::move(Family family, std::string_view key, std::string_view value,
                        std::string_view reason) {
    const QuarantinedRow row{std::string{family_name(family)}, std::string{key}, std::string{value},
                             std::string{reason}};
    rocksdb::WriteBatch batch;
    auto status = batch.Put(database_.family(Family::kQuarantine), quarantine_key(family_name(family), key),
                            encode_quarantined(row));
    if (status.ok()) status = batch.Delete(database_.family(family), rocksdb::Slice{key.data(), key.size()});
    rocksdb::WriteOptions synced;
    synced.sync = true;
    if (status.ok()) status = database_.db().Write(synced, &batch);
    Damage damage = damage_at(family, key, reason);
    if (!status.ok()) damage.what += fmt::format(" (could not be moved aside: {})", status.ToString());
    return damage;
}

bool Quarantine::holds(Family family, std::string_view key) const {
    rocksdb::PinnableSlice found;
    return database_.db()
        .Get({}, database_.family(Family::kQuarantine), quarantine_key(family_name(family), key), &found)
        .ok();
}

}  // namespace tram::store
