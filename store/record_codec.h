// Records as rows and back (proto/tram/store.proto).
//
// A row's value is sealed: CRC-32C of key and body, 4 bytes little-endian, then the body. A value that got
// under another key is found as well as one with a flipped bit.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "store/records.h"

namespace tram::store {

/// Version of the rows that this program writes. Newer ones are refused, older ones upgraded in place.
inline constexpr std::uint64_t kSchemaVersion = 1;

/// Bytes of a sealed value before its body.
inline constexpr std::size_t kSealBytes = 4;

/// Big-endian, so that rows are ordered by number.
using KeyBytes = std::array<char, 8>;
KeyBytes encode_key(BundleKey key);
/// Errors: corrupt unless `key` has 8 bytes.
Result<BundleKey> decode_key(std::string_view key);

/// The seal of `body` under `key`.
std::array<char, kSealBytes> seal(std::string_view key, std::string_view body);
/// The body of a sealed value, aliasing it. Errors: corrupt.
Result<std::string_view> unseal(std::string_view key, std::string_view value);

/// Replaces `value` by the sealed row of `record` under encode_key(record.key).
void encode_bundle(const BundleRecord& record, std::string& value);
/// Errors: corrupt.
Result<BundleRecord> decode_bundle(std::string_view key, std::string_view value);

/// Replaces `value` by the sealed row of `tombstone` under its id.
void encode_tombstone(const Tombstone& tombstone, std::string& value);
/// Errors: corrupt.
Result<Tombstone> decode_tombstone(std::string_view key, std::string_view value);

/// Replaces `value` by `body`, sealed under `key`.
void encode_plain(std::string_view key, std::string_view body, std::string& value);

/// A damaged row, kept aside.
struct QuarantinedRow {
    std::string column_family;
    std::string key;
    std::string value;
    std::string reason;
};
/// The key of `row` in the column family "quarantine".
std::string quarantine_key(std::string_view column_family, std::string_view key);
std::string encode_quarantined(const QuarantinedRow& row);

}  // namespace tram::store
