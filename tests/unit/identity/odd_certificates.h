// Certificates that our own code would never make.
#pragma once

#include <map>
#include <string>

#include "proto/base/bytes.h"
#include "tests/identities.h"

namespace tram::test {

/// Extensions by OpenSSL's names and in its notation ("keyUsage", "critical,digitalSignature").
struct OddForm {
    std::map<std::string, std::string> extensions;
    std::string common_name = "somebody";
    int public_key = 0;  ///< EVP_PKEY_...; 0: Ed25519
    int signing_key = 0;
    long version = 2;  ///< as encoded
    Buffer serial = Buffer(16, 0x41);
    std::string not_before = "20261026073320Z";
    std::string not_after = "20271026073320Z";
    bool key_parameters = false;  ///< NULL instead of nothing
    std::string doubled{};        ///< this extension is there twice
};

/// As issue_certificate() makes them.
OddForm tls_form();
OddForm sign_form();
OddForm seal_form();
OddForm authority_form();
OddForm root_form();

/// Signed with a key of its own, in strict DER.
Buffer make_odd(const OddForm& form);

}  // namespace tram::test
