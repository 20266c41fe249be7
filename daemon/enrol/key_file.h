// Private keys as files: PKCS#8 in PEM, in the clear for its owner alone or under a passphrase.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/enrol/files.h"
#include "proto/base/error.h"

namespace tram::enrol {

enum class KeyKind : std::uint8_t { kEd25519, kX25519 };

/// The 32 bytes of a new private key.
Secret generate_key();

/// Writes a key. With a passphrase: PBES2 with scrypt (N 2^14, r 8, p 5) and AES-256-CBC, which `openssl
/// pkey` reads too. Errors: io.
Result<void> write_key(const std::filesystem::path& file, KeyKind kind, const Secret& key,
                       const std::string& passphrase);

/// Reads the 32 bytes of a key. Errors: not_found, corrupt, forbidden (a passphrase is needed, or it is
/// wrong), io (also: others may read a key that no passphrase protects).
Result<Secret> read_key(const std::filesystem::path& file, KeyKind kind, const std::string& passphrase);

}  // namespace tram::enrol
