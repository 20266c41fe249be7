// Files of certificates and lists, and what is believed of them.
#pragma once

#include <filesystem>
#include <vector>

#include "proto/base/error.h"
#include "proto/identity/keyring.h"
#include "proto/identity/trust_bundle.h"

namespace tram::enrol {

/// Errors: not_found, corrupt (names the file), io.
Result<identity::TrustBundle> read_trust_file(const std::filesystem::path& file);
/// Errors: full (more than kTrustBundleBytesMax), io.
Result<void> write_trust_file(const std::filesystem::path& file, const identity::TrustBundle& bundle);

/// The bundle's certificates of roots.
std::vector<identity::Certificate> roots_of(const identity::TrustBundle& bundle);

/// Adds everything but roots. What a root has revoked meanwhile, and lists that are older than those that are
/// known, are left out without a word. Errors: those of Keyring::add().
Result<void> add_all(identity::Keyring& keyring, const identity::TrustBundle& bundle);

/// What a keyring holds without its roots, as a bundle.
identity::TrustBundle contents_of(const identity::Keyring& keyring);

}  // namespace tram::enrol
