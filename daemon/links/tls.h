// TLS 1.3 with certificates on both sides (RFC 9174 4.4), on OpenSSL.
//
// Which chain is good is not decided here: the owner's `check` sees the peer's certificates and gives the
// node id that they name, or the reason to refuse. That reason becomes the TLS alert the peer gets, and the
// alert that the peer sends us becomes the reason of our failed attempt: both ends know why.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::links {

/// What a peer may show: more is refused before anything else looks at it.
inline constexpr std::size_t kChainCertificatesMax = 4;
inline constexpr std::size_t kChainBytesMax = 16U << 10;

struct TlsOptions {
    std::vector<Bytes> chain;  ///< DER, our own certificate first, the root may be left out
    Buffer seed;               ///< our Ed25519 private key, 32 bytes; LinkManager::start() wipes it
    /// Given the peer's chain as DER, its own certificate first: its node id. Called on the thread of the
    /// links, in the middle of a handshake.
    std::function<Result<std::string>(const std::vector<Bytes>& chain)> check;
};

}  // namespace tram::links
