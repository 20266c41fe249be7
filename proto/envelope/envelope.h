// Messages as objects: sealed for their recipients or public, signed inside, in pieces of 64 KiB.
//
// A message of any length becomes `chunk_count` chunks, each the payload of one signed bundle. Sealed (suite
// 1, libsodium): a random key for each message, crypto_secretstream_xchacha20poly1305 over pieces of 64 KiB,
// the key sealed to each recipient with crypto_box_seal. Public (suite 0, notices): the same pieces in the
// clear.
//
//   chunk 0         CBOR head [suite, [* sealed key], stream header] followed by piece 0
//   chunk n         piece n
//   plain text      length of header, header, content, trailer, padding with zeros
//
// The header is a COSE_Sign1 by the sender over who writes to whom, with a keyed hash (BLAKE2b, the stream's
// key) of what names the bundles: it fits no other stream. The trailer is a detached COSE_Sign1 over the
// hashes of header and content. Associated data of every piece bind source, destination, message id, index
// and count; that of piece 0 the head too. Only the last piece has the final tag. The length with padding is
// a power of two from 512 bytes up to a piece, above it whole pieces: an observer learns no more than that.
//
// Both directions stream: Sealer and Opener hold one piece, whatever the message's length.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sign1.h"

namespace tram::envelope {

inline constexpr std::size_t kPieceBytes = 64U << 10;
inline constexpr std::size_t kRecipientsMax = 64;
inline constexpr std::uint64_t kContentBytesMax = 8ULL << 30;
/// No message has more chunks, and no chunk is longer.
inline constexpr std::uint64_t kChunksMax = kContentBytesMax / kPieceBytes + 1;
inline constexpr std::size_t kChunkBytesMax = kPieceBytes + (6U << 10);

using MessageId = std::array<std::uint8_t, 16>;
using SealingPublicKey = std::array<std::uint8_t, 32>;  ///< X25519

/// An X25519 private key in memory that is locked, guarded and wiped.
class SealingKey {
  public:
    /// 32 bytes. Errors: invalid_argument.
    static Result<SealingKey> from_secret(ByteView secret);
    [[nodiscard]] const SealingPublicKey& public_key() const { return public_key_; }

  private:
    friend class Opener;
    struct Wiped {
        void operator()(std::uint8_t* key) const;
    };
    SealingKey() = default;
    std::unique_ptr<std::uint8_t[], Wiped> secret_;
    SealingPublicKey public_key_{};
};

/// What ties a message to the bundles that carry it.
struct Binding {
    std::string source;       ///< EID text of the bundles
    std::string sender;       ///< node id of `source`
    std::string destination;  ///< EID text of the bundles
    MessageId message_id{};
};

/// Inside, signed by the sender.
struct Header {
    std::string sender;                   ///< node id
    std::vector<std::string> recipients;  ///< node ids; empty: public
    MessageId message_id{};
    std::uint64_t content_bytes = 0;
    std::string content_type;  ///< free, at most 128 bytes; the message's own format
    friend bool operator==(const Header&, const Header&) = default;
};

struct Recipient {
    std::string node_id;
    SealingPublicKey key{};
};

/// How many chunks a message takes, padding and signatures included. `header` as it will be given to the
/// Sealer.
std::uint64_t chunk_count(const Header& header);

class Sealer {
  public:
    /// `header.recipients` must name `recipients` in order; none: public. `header.message_id` is that of
    /// `binding`. `key` must live as long as the sealer. Errors: invalid_argument, too_large.
    static Result<Sealer> begin(const Binding& binding, const Header& header,
                                const std::vector<Recipient>& recipients, const cose::SigningKey& key,
                                const cose::CertificateId& signer);
    Sealer(Sealer&&) noexcept;
    Sealer& operator=(Sealer&&) noexcept;
    ~Sealer();

    [[nodiscard]] std::uint64_t chunk_count() const;
    /// Takes the next content; appends the chunks that are full to `chunks`, in order. Errors: too_large
    /// (more content than the header says).
    Result<void> write(ByteView content, std::vector<Bytes>& chunks);
    /// Appends the rest. Errors: truncated (less content than the header says).
    Result<void> finish(std::vector<Bytes>& chunks);
    /// SHA-256 of the content, once finish() has succeeded: what receipts name.
    [[nodiscard]] const std::array<std::uint8_t, 32>& digest() const;

  private:
    struct State;
    explicit Sealer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Opener {
  public:
    /// Finds the sender's signing key: Keyring::signer().
    using FindSigner =
        std::function<Result<cose::PublicKey>(const cose::CertificateId&, const std::string& node_id)>;

    /// `chunk_count` as the bundles' class blocks say. `key` may be null for public messages; it must live as
    /// long as the opener. `own_node_id` must be among the recipients of a sealed message.
    Opener(Binding binding, std::uint64_t chunk_count, std::string own_node_id, const SealingKey* key,
           FindSigner find_signer);
    Opener(Opener&&) noexcept;
    Opener& operator=(Opener&&) noexcept;
    ~Opener();

    /// Takes chunks in order, from 0; returns the content that this one holds (may be empty). Nothing of it
    /// may be believed before complete(). After an error every call returns it. Errors: malformed,
    /// unsupported_version, too_large, unknown_suite, no_sealing_key, not_recipient, bad_seal, cut_message
    /// (the stream goes on or ends where the count says otherwise), wrong_sender (header and bundles
    /// disagree), bad_signature (header or trailer), and those of FindSigner.
    Result<Buffer> open(ByteView chunk);
    /// Once chunk 0 was opened.
    [[nodiscard]] const Header* header() const;
    /// All chunks were taken, the digest is right and signed.
    [[nodiscard]] bool complete() const;
    /// SHA-256 of the content, once complete(): what receipts name.
    [[nodiscard]] const std::array<std::uint8_t, 32>& digest() const;
    [[nodiscard]] bool sealed() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tram::envelope
