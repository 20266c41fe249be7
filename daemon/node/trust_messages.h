// What neighbours tell each other about trust, as payloads of control bundles (CBOR):
//
//   hello  [0, version, last, [* [list, number]], [* first 8 bytes of a certificate id]]
//   items  [1, [* list], [* certificate]]
//
// A hello says what its sender has, lists under the names of Trust::name_of(); with many certificates it
// comes in parts, `last` true in the last one. Items are what the other side lacked, authorities before
// devices. Nothing in them needs a signature of its own: the keyring takes what proves itself.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/identity/keyring.h"
#include "proto/identity/trust_bundle.h"

namespace tram::node {

/// Our TCPCL session extension item (private range of RFC 9174 9.3): this peer speaks the trust exchange. Its
/// value is one byte, the highest version it speaks.
inline constexpr std::uint16_t kTrustExtension = 0x8001;
inline constexpr std::uint8_t kTrustVersion = 1;

/// A message with more than one item stays below this; a long list of its own may go alone.
inline constexpr std::size_t kTrustMessageBytes = 60U << 10;
inline constexpr std::size_t kTrustMessageBytesMax = identity::kRevocationListBytesMax + 1'024;
/// Certificates in one hello part.
inline constexpr std::size_t kPrefixesPerPart = 4'000;

using IdPrefix = std::array<std::uint8_t, 8>;
IdPrefix prefix_of(const identity::CertificateId& id);

struct TrustHello {
    bool last = true;
    std::map<std::string, std::uint64_t> lists;  ///< number by name
    std::vector<IdPrefix> certificates;
};
struct TrustItems {
    std::vector<Bytes> lists;
    std::vector<Bytes> certificates;
};

Bytes encode(const TrustHello& hello);
Bytes encode(const TrustItems& items);

/// Reads either. The items' bytes are slices of `payload`, not looked into. Errors: malformed,
/// unsupported_version, too_large.
Result<std::variant<TrustHello, TrustItems>> decode_trust_message(const Bytes& payload);

}  // namespace tram::node
