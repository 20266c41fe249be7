// The few things that BPSec's symmetric contexts need of OpenSSL: HMAC, AES-GCM, AES key wrap.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "proto/base/bytes.h"

namespace tram::bpsec {

/// The numbers that RFC 9173 3.3.1 and COSE (RFC 9053 3.1) give to HMAC with this hash, not truncated.
enum class ShaVariant : std::uint8_t { kSha256 = 5, kSha384 = 6, kSha512 = 7 };

/// Bytes of a hash: 32, 48 or 64.
std::size_t hash_bytes(ShaVariant variant);

/// Bytes that are wiped when they go.
class Secret {
  public:
    explicit Secret(Buffer bytes) : bytes_{std::move(bytes)} {}
    Secret(Secret&&) = default;
    Secret& operator=(Secret&&) = delete;
    ~Secret();
    [[nodiscard]] ByteView view() const { return bytes_; }

  private:
    Buffer bytes_;
};

/// HMAC over `parts` one after the other (RFC 2104). `key` must not be empty.
Buffer hmac(ShaVariant variant, ByteView key, std::initializer_list<ByteView> parts);

/// Whether `a` and `b` are the same, in a time that tells nothing about where they differ.
bool same_bytes(ByteView a, ByteView b);

inline constexpr std::size_t kGcmTagBytes = 16;
inline constexpr std::size_t kGcmIvBytesMin = 8;
inline constexpr std::size_t kGcmIvBytesMax = 16;

/// AES-GCM by the size of `key`, 16 or 32 bytes; `iv` has kGcmIvBytesMin to kGcmIvBytesMax bytes.
/// The result is the ciphertext, as long as `plaintext`, and the tag after it.
Buffer aes_gcm_encrypt(ByteView key, ByteView iv, ByteView aad, ByteView plaintext);
/// The plaintext, or nothing when `tag`, of kGcmTagBytes, does not match.
std::optional<Buffer> aes_gcm_decrypt(ByteView key, ByteView iv, ByteView aad, ByteView ciphertext,
                                      ByteView tag);

/// AES key wrap (RFC 3394) under `kek` of 16, 24 or 32 bytes. Nothing when `kek` has another size, or `key`
/// is not 16 to 64 bytes in steps of 8.
std::optional<Buffer> aes_wrap(ByteView kek, ByteView key);
/// The key, or nothing when it was not wrapped under `kek` or the sizes are not as for aes_wrap().
std::optional<Secret> aes_unwrap(ByteView kek, ByteView wrapped);

}  // namespace tram::bpsec
