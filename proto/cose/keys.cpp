#include "proto/cose/keys.h"

#include <sodium.h>

#include "proto/base/check.h"

namespace tram::cose {

namespace {

static_assert(kSeedBytes == crypto_sign_ed25519_SEEDBYTES);
static_assert(std::tuple_size_v<PublicKey> == crypto_sign_ed25519_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_ed25519_BYTES);

// libsodium wants this before anything else, for its guarded memory above all; it may come from any thread.
void need_sodium() {
    static const bool ready = sodium_init() >= 0;
    TRAM_CHECK(ready);
}

}  // namespace

void SigningKey::Wiped::operator()(std::uint8_t* key) const {
    sodium_free(key);  // wipes
}

Result<SigningKey> SigningKey::from_seed(ByteView seed) {
    if (seed.size() != kSeedBytes) {
        return fail(ErrorCode::kInvalidArgument,
                    "an Ed25519 seed has 32 bytes, not " + std::to_string(seed.size()));
    }
    need_sodium();
    SigningKey key;
    key.secret_.reset(static_cast<std::uint8_t*>(sodium_malloc(crypto_sign_ed25519_SECRETKEYBYTES)));
    TRAM_CHECK(key.secret_ != nullptr);
    TRAM_CHECK(crypto_sign_ed25519_seed_keypair(key.public_key_.data(), key.secret_.get(), seed.data()) == 0);
    TRAM_CHECK(sodium_mprotect_readonly(key.secret_.get()) == 0);
    return key;
}

Signature SigningKey::sign(ByteView message) const {
    TRAM_CHECK(secret_ != nullptr);
    Signature signature;
    TRAM_CHECK(crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                                            secret_.get()) == 0);
    return signature;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
    need_sodium();
    return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                               key.data()) == 0;
}

}  // namespace tram::cose
