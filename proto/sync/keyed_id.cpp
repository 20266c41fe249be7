#include "proto/sync/keyed_id.h"

#include <algorithm>
#include <sodium.h>

namespace tram::sync {

static_assert(std::tuple_size_v<Key> == crypto_shorthash_KEYBYTES);
static_assert(sizeof(KeyedId) == crypto_shorthash_BYTES);

Key make_key(const Nonce& caller, const Nonce& called) {
    std::array<std::uint8_t, 2 * std::tuple_size_v<Nonce>> both{};
    const auto middle = std::ranges::copy(caller, both.begin()).out;
    std::ranges::copy(called, middle);
    Key key{};
    crypto_generichash(key.data(), key.size(), both.data(), both.size(), nullptr, 0);
    return key;
}

KeyedId keyed_id(const Key& key, ByteView id) {
    std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(hash.data(), id.data(), id.size(), key.data());
    KeyedId value = 0;
    for (const std::uint8_t byte : hash)
        value = value << 8 | byte;
    return value;
}

}  // namespace tram::sync
