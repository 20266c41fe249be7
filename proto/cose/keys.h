// Ed25519 keys (RFC 8032) on libsodium. Private keys live in memory that is locked, guarded and wiped.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::cose {

inline constexpr std::size_t kSeedBytes = 32;

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// An Ed25519 private key. Moves, never copies; its memory is wiped at the end. Safe to use from several
/// threads at once.
class SigningKey {
  public:
    /// `seed` has kSeedBytes bytes (RFC 8032 5.1.5). Errors: invalid_argument.
    static Result<SigningKey> from_seed(ByteView seed);

    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
    /// Deterministic: the same message gives the same signature.
    [[nodiscard]] Signature sign(ByteView message) const;

  private:
    struct Wiped {
        void operator()(std::uint8_t* key) const;
    };
    SigningKey() = default;
    std::unique_ptr<std::uint8_t[], Wiped> secret_;  // as libsodium wants it: seed and public key
    PublicKey public_key_{};
};

/// Whether `signature` over `message` was made with the private key of `key`.
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace tram::cose
