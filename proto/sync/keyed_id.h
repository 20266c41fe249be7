// Short names for bundles during one contact: 8 bytes each, keyed anew every time.
//
// The key comes from random numbers of both sides, so that nobody can choose bundles whose names meet in
// other people's contacts. Two bundles with the same name in one contact would hide one of them until the
// next, under another key: at a million bundles once in 37 million contacts.
#pragma once

#include <array>
#include <cstdint>

#include "proto/base/bytes.h"

namespace tram::sync {

using Nonce = std::array<std::uint8_t, 16>;
using Key = std::array<std::uint8_t, 16>;
using KeyedId = std::uint64_t;

/// The same on both sides: `caller` is the nonce of the side that opened the session.
Key make_key(const Nonce& caller, const Nonce& called);

/// SipHash-2-4 of `id`, which is a bundle id as bytes (bpv7::BundleId::key()).
KeyedId keyed_id(const Key& key, ByteView id);

}  // namespace tram::sync
