// Why a TLS handshake or session failed, in words for both ends: our refusal as the alert that the peer gets,
// the peer's alert as an Error of ours, and everything else that OpenSSL says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/base/error.h"

namespace tram::links {

/// The X509_V_ERR_... for which OpenSSL sends the alert that tells the peer best why its certificate is
/// refused.
int verify_error_for(ErrorCode refusal);

/// What is known when the library has given up.
struct TlsTrouble {
    bool established = false;                       ///< the handshake was done
    std::optional<std::uint8_t> first_byte;         ///< of all that the peer sent since TLS was due
    const std::optional<Error>* refusal = nullptr;  ///< of the peer's certificate, by the owner's check
};

/// The reason, from OpenSSL's error queue of this thread, which is emptied; nothing when the queue is empty:
/// then the connection itself ended or broke.
std::optional<Error> take_tls_failure(const TlsTrouble& trouble);

}  // namespace tram::links
