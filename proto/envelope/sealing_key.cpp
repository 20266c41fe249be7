#include <algorithm>

#include "proto/envelope/envelope.h"
#include "proto/envelope/secret.h"

namespace tram::envelope {

namespace {

struct KeyBytes {
    std::uint8_t bytes[crypto_box_SECRETKEYBYTES];
};

}  // namespace

void SealingKey::Wiped::operator()(std::uint8_t* key) const {
    sodium_free(key);
}

Result<SealingKey> SealingKey::from_secret(ByteView secret) {
    if (secret.size() != crypto_box_SECRETKEYBYTES) {
        return fail(ErrorCode::kInvalidArgument, "a sealing key has 32 bytes, not " +
                                                     std::to_string(secret.size()) +
                                                     "; give the key file that 'tram device' wrote");
    }
    SealingKey key;
    key.secret_.reset(make_secret<KeyBytes>().release()->bytes);
    std::ranges::copy(secret, key.secret_.get());
    TRAM_CHECK(crypto_scalarmult_base(key.public_key_.data(), key.secret_.get()) == 0);
    return key;
}

}  // namespace tram::envelope
