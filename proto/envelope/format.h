// How a message is laid out: what Sealer writes and Opener reads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"
#include "proto/envelope/envelope.h"

namespace tram::envelope {

enum class Suite : std::uint8_t { kPublic = 0, kSealed = 1 };

using cose::Digest;

inline constexpr std::size_t kLengthBytes = 4;            ///< the header's length, big-endian
inline constexpr std::size_t kHeaderBytesMax = 32 << 10;  ///< signed; lies in piece 0
inline constexpr std::size_t kNameBytesMax = 1024;        ///< of one EID
inline constexpr std::size_t kContentTypeBytesMax = 128;
inline constexpr std::size_t kPaddedBytesMin = 512;
inline constexpr std::size_t kSealedKeyBytes = 80;     ///< crypto_box_seal over a key of 32 bytes
inline constexpr std::size_t kStreamHeaderBytes = 24;  ///< of secretstream
inline constexpr std::size_t kPieceExtraBytes = 17;    ///< what secretstream adds to a piece

/// Bytes of an untagged COSE_Sign1 as cose::sign1() makes it, with `payload_bytes` attached or, for nothing,
/// detached.
std::size_t sign1_bytes(std::optional<std::size_t> payload_bytes);
/// Of the trailer: detached, so always the same.
std::size_t trailer_bytes();

/// Where things lie in the plain text of a message.
struct Layout {
    std::size_t header_bytes = 0;    ///< signed
    std::uint64_t plain_bytes = 0;   ///< length, header, content and trailer
    std::uint64_t padded_bytes = 0;  ///< with padding
    std::uint64_t chunk_count = 0;

    /// Plain bytes of piece `index`, which must be below chunk_count.
    [[nodiscard]] std::size_t piece_bytes(std::uint64_t index) const;
};
/// `header.content_bytes` is at most kContentBytesMax.
Layout layout_of(const Header& header);

/// The payload of the header's signature. `commitment` as commitment() makes it.
Buffer encode_header(const Header& header, const Digest& commitment);
struct SignedHeader {
    Header header;
    Digest commitment{};
};
/// Errors: malformed, too_large (names, recipients, content).
Result<SignedHeader> decode_header(ByteView payload);

/// What the header says about the rest: a hash of all that names the bundles, under the key of the stream
/// (none for public messages). Nobody finds another key with the same hash, so a signed header fits one
/// stream only: a recipient cannot put it before a stream of its own making.
Digest commitment(Suite suite, const Binding& binding, std::uint64_t chunk_count, ByteView stream_key);

/// Associated data of a piece. `head` is that of chunk 0 and empty for all others.
Buffer associated_data(const Binding& binding, std::uint64_t index, std::uint64_t chunk_count, ByteView head);

/// What the trailer signs.
Buffer trailer_payload(const Digest& header_hash, const Digest& content_digest);

/// External data of the two signatures, so that neither can stand for anything else.
ByteView header_context();
ByteView trailer_context();

}  // namespace tram::envelope
