#include "store/row_scan.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>

namespace tram::store {

namespace {

constexpr std::size_t kReadAheadBytes = 256U << 10;

rocksdb::ReadOptions scan_options() {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    options.readahead_size = kReadAheadBytes;
    return options;
}

// Whether an iterator can start at `key`; it cannot while `key` lies in a damaged block.
bool readable_from(Database& database, Family family, const std::string& key) {
    const std::unique_ptr<rocksdb::Iterator> rows{
        database.db().NewIterator(scan_options(), database.family(family))};
    rows->Seek(key);
    return rows->status().ok();
}

// The middle between two keys read as big-endian fractions; `low` itself when nothing lies between.
std::string middle(std::string low, std::string high) {
    const std::size_t size = std::max(low.size(), high.size());
    low.resize(size, '\0');
    high.resize(size, '\0');
    std::string sum(size, '\0');
    unsigned carry = 0;
    for (std::size_t i = size; i-- > 0;) {
        const unsigned digit = static_cast<std::uint8_t>(low[i]) + static_cast<std::uint8_t>(high[i]) + carry;
        sum[i] = static_cast<char>(static_cast<std::uint8_t>(digit));
        carry = digit >> 8;
    }
    for (char& c : sum) {
        const unsigned digit = static_cast<std::uint8_t>(c) | carry << 8;
        c = static_cast<char>(static_cast<std::uint8_t>(digit >> 1));
        carry = digit & 1;
    }
    return sum;
}

// Jumps from `bad` in steps of growing size (the last byte, the one before, ...) to a place that can be
// read, then closes in on the first such place.
std::optional<std::string> first_readable_after(Database& database, Family family, std::string bad) {
    bad.resize(std::max<std::size_t>(bad.size(), sizeof(std::uint64_t)), '\0');
    std::optional<std::string> good;
    for (std::size_t i = bad.size(); i-- > 0 && !good;) {
        if (static_cast<std::uint8_t>(bad[i]) == 0xff) continue;
        std::string jump = bad.substr(0, i + 1);
        ++jump.back();
        jump.resize(bad.size(), '\0');
        if (readable_from(database, family, jump)) good = jump;
    }
    while (good) {
        const std::string between = middle(bad, *good);
        if (between == bad) break;
        (readable_from(database, family, between) ? *good : bad) = between;
    }
    return good;
}

}  // namespace

Result<bool> scan_rows(Database& database, Family family, const RowVisitor& visitor,
                       std::vector<Damage>& damage) {
    std::string from;
    while (true) {
        const std::unique_ptr<rocksdb::Iterator> rows{
            database.db().NewIterator(scan_options(), database.family(family))};
        for (rows->Seek(from); rows->Valid(); rows->Next()) {
            if (!visitor(rows->key().ToStringView(), rows->value().ToStringView())) return false;
            from = rows->key().ToString();
            from += '\0';
        }
        const rocksdb::Status status = rows->status();
        if (status.ok()) return true;
        if (!status.IsCorruption()) return std::unexpected{error_from(status, "read the store")};
        const auto next = first_readable_after(database, family, from);
        damage.push_back({fmt::format("{} {}..{}", family_name(family), to_hex(as_bytes(from)),
                                      next ? to_hex(as_bytes(*next)) : "end"),
                          status.ToString()});
        if (!next) return true;
        from = *next;
    }
}

}  // namespace tram::store
