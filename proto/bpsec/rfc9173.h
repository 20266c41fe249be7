// The default security contexts of RFC 9173, for bundles of other implementations: BIB-HMAC-SHA2 (chapter 3)
// and BCB-AES-GCM (chapter 4) on OpenSSL, with keys that both sides know.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpsec/openssl.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpsec {

/// RFC 9173 4.3.2. (ShaVariant, 3.3.1, is in openssl.h.)
enum class AesVariant : std::uint8_t { kAes128 = 1, kAes256 = 3 };

/// What is covered besides the data of the target: RFC 9173 3.3.3, 4.3.4. Other bits must not be set.
namespace scope {
inline constexpr std::uint64_t kPrimaryBlock = 0x01;
inline constexpr std::uint64_t kTargetHeader = 0x02;
inline constexpr std::uint64_t kSecurityHeader = 0x04;
}  // namespace scope

struct HmacTerms {
    std::uint64_t block_number = 0;  ///< of the new BIB; 0: the lowest free one
    std::vector<std::uint64_t> targets;
    bpv7::Eid source;
    ShaVariant variant = ShaVariant::kSha384;
    std::uint64_t scope_flags = 0x07;
    std::optional<Bytes> wrapped_key;  ///< carried as a parameter, RFC 9173 3.3.2
};
/// Adds a BIB with an HMAC for each target, behind the security blocks that the bundle begins with. Targets'
/// CRCs are removed as RFC 9173 3.8.1 wants it; the primary block's stays when it is not a target. `key` is
/// never empty. Errors: invalid_argument, not_found (no such target), forbidden (RFC 9172 3.2, 3.7, 3.9, 5.2:
/// a target is signed already, is a security block or encrypted; the bundle is a fragment), malformed (a
/// security block that is there). The bundle is unchanged after an error.
Result<void> add_bib_hmac(bpv7::Bundle& bundle, const HmacTerms& terms, ByteView key);
/// Checks every target of the BIB `block_number`. `key` is the key of the HMAC, or the key that unwraps it
/// (AES key wrap, RFC 3394) when the block carries a wrapped one. The primary block is taken as it arrived;
/// one that was not encoded deterministically would have to be encoded anew (RFC 9172 4) and does not verify.
/// Errors: not_found, malformed, unsupported_security (also a wrapped key when `key` does not unwrap it, and
/// an encrypted block or target), bad_signature.
Result<void> verify_bib_hmac(const bpv7::Bundle& bundle, std::uint64_t block_number, ByteView key,
                             const Limits& limits);

struct AesTerms {
    std::uint64_t block_number = 0;  ///< of the new BCB; 0: the lowest free one
    std::vector<std::uint64_t> targets;
    bpv7::Eid source;
    AesVariant variant = AesVariant::kAes256;
    std::uint64_t scope_flags = 0x07;
    Bytes iv;                          ///< 8 to 16 bytes, never used twice with one key (RFC 9173 4.3.1)
    std::optional<Bytes> wrapped_key;  ///< carried as a parameter, RFC 9173 4.3.3
};
/// Encrypts the targets, whose CRCs are removed, and adds the BCB with their tags. All targets share the IV,
/// as in the examples of RFC 9173 A.4, which weakens AES-GCM: give every target a block of its own where that
/// is not for interoperation. Errors as add_bib_hmac(); forbidden is also the primary block, and a BIB that
/// is not encrypted together with its targets.
Result<void> add_bcb_aes_gcm(bpv7::Bundle& bundle, const AesTerms& terms, ByteView key);
/// Decrypts every target of the BCB `block_number` and removes it. `key` is the content key, or the key that
/// unwraps it (AES key wrap, RFC 3394) when the block carries a wrapped one. The bundle is unchanged after an
/// error. Errors: not_found, malformed, unsupported_security, bad_signature (the tag does not match).
Result<void> remove_bcb_aes_gcm(bpv7::Bundle& bundle, std::uint64_t block_number, ByteView key,
                                const Limits& limits);

/// A key wrapped under `kek` for the terms above (AES key wrap, RFC 3394). Errors: invalid_argument (`kek`
/// has not 16, 24 or 32 bytes, or `key` not 16 to 64 in steps of 8).
Result<Bytes> wrap_key(ByteView kek, ByteView key);

}  // namespace tram::bpsec
