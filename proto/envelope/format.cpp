#include "proto/envelope/format.h"

#include <algorithm>
#include <bit>
#include <sodium.h>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::envelope {

namespace {

static_assert(kSealedKeyBytes == crypto_secretstream_xchacha20poly1305_KEYBYTES + crypto_box_SEALBYTES);
static_assert(kStreamHeaderBytes == crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(kPieceExtraBytes == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(std::tuple_size_v<SealingPublicKey> == crypto_box_PUBLICKEYBYTES);

// The head of chunk 0 takes an array, a suite, an array, the sealed keys and the header of the stream.
static_assert(kPieceBytes + kPieceExtraBytes + 4 + kRecipientsMax * (2 + kSealedKeyBytes) + 2 +
                  kStreamHeaderBytes <=
              kChunkBytesMax);
static_assert(kHeaderBytesMax < kPieceBytes - 1'024);  // header and trailer never take two pieces

constexpr std::uint64_t kHeaderVersion = 1;
constexpr std::uint64_t kHeaderItems = 7;

// Protected header {1: -8, 34: [-16, 32 bytes]} as a byte string, and the empty unprotected one.
constexpr std::size_t kProtectedBytes = 2 + 41;
constexpr std::size_t kUnprotectedBytes = 1;
constexpr std::size_t kSignatureBytes = 2 + 64;

std::size_t head_bytes(std::size_t value) {
    return value < 24 ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : value <= 0xffff'ffff ? 5 : 9;
}

void write_binding(cbor::Writer& out, const Binding& binding) {
    out.write_text(binding.source);
    out.write_text(binding.destination);
    out.write_bytes(binding.message_id);
}

template <std::size_t N>
void read_array(cbor::Reader& in, std::array<std::uint8_t, N>& out) {
    const ByteView bytes = in.read_bytes(N);
    if (!in.ok()) return;
    if (bytes.size() != N) {
        in.fail(ErrorCode::kMalformed, "a field of the header is too short");
        return;
    }
    std::ranges::copy(bytes, out.begin());
}

void read_recipients(cbor::Reader& in, std::vector<std::string>& recipients) {
    const auto count = in.open_array();
    if (!in.ok()) return;
    if (!count) return in.fail(ErrorCode::kMalformed, "a list of recipients without a length");
    if (*count > kRecipientsMax) {
        return in.fail(ErrorCode::kTooLarge, "a message for " + std::to_string(*count) +
                                                 " recipients, above the limit of " +
                                                 std::to_string(kRecipientsMax));
    }
    for (std::uint64_t i = 0; i < *count && in.ok(); ++i)
        recipients.emplace_back(in.read_text(kNameBytesMax));
}

}  // namespace

std::size_t sign1_bytes(std::optional<std::size_t> payload_bytes) {
    const std::size_t payload = payload_bytes ? head_bytes(*payload_bytes) + *payload_bytes : 1;
    return 1 + kProtectedBytes + kUnprotectedBytes + payload + kSignatureBytes;
}

std::size_t trailer_bytes() {
    return sign1_bytes(std::nullopt);
}

std::size_t Layout::piece_bytes(std::uint64_t index) const {
    const std::uint64_t rest = padded_bytes - index * kPieceBytes;
    return static_cast<std::size_t>(std::min<std::uint64_t>(rest, kPieceBytes));
}

Layout layout_of(const Header& header) {
    Layout layout;
    layout.header_bytes = sign1_bytes(encode_header(header, {}).size());
    layout.plain_bytes = kLengthBytes + layout.header_bytes + header.content_bytes + trailer_bytes();
    layout.chunk_count = (layout.plain_bytes + kPieceBytes - 1) / kPieceBytes;
    layout.padded_bytes = layout.chunk_count > 1
                              ? layout.chunk_count * kPieceBytes
                              : std::max<std::uint64_t>(kPaddedBytesMin, std::bit_ceil(layout.plain_bytes));
    return layout;
}

std::uint64_t chunk_count(const Header& header) {
    return layout_of(header).chunk_count;
}

Buffer encode_header(const Header& header, const Digest& commitment) {
    cbor::Writer out;
    out.open_array(kHeaderItems);
    out.write_unsigned(kHeaderVersion);
    out.write_text(header.sender);
    out.open_array(header.recipients.size());
    for (const std::string& recipient : header.recipients)
        out.write_text(recipient);
    out.write_bytes(header.message_id);
    out.write_unsigned(header.content_bytes);
    out.write_text(header.content_type);
    out.write_bytes(commitment);
    return out.take();
}

Result<SignedHeader> decode_header(ByteView payload) {
    SignedHeader result;
    Header& header = result.header;
    cbor::Reader in{payload};
    in.open_array(kHeaderItems, kHeaderItems);
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kHeaderVersion) {
        return fail(ErrorCode::kUnsupportedVersion, "a message header of version " + std::to_string(version) +
                                                        "; this program knows version 1");
    }
    header.sender = in.read_text(kNameBytesMax);
    read_recipients(in, header.recipients);
    read_array(in, header.message_id);
    header.content_bytes = in.read_unsigned();
    if (in.ok() && header.content_bytes > kContentBytesMax) {
        in.fail(ErrorCode::kTooLarge, "a message of " + std::to_string(header.content_bytes) +
                                          " bytes, above the limit of " + std::to_string(kContentBytesMax));
    }
    header.content_type = in.read_text(kContentTypeBytesMax);
    read_array(in, result.commitment);
    if (in.ok() && (!in.at_end() || !in.shortest())) {
        in.fail(ErrorCode::kMalformed, "a message header is not in the one form that is allowed");
    }
    if (!in.ok()) return std::unexpected{*in.error()};
    return result;
}

Digest commitment(Suite suite, const Binding& binding, std::uint64_t chunk_count, ByteView stream_key) {
    cbor::Writer out;
    out.open_array(5);
    out.write_unsigned(static_cast<std::uint64_t>(suite));
    write_binding(out, binding);
    out.write_unsigned(chunk_count);
    Digest digest;
    TRAM_CHECK(crypto_generichash(digest.data(), digest.size(), out.buffer().data(), out.size(),
                                  stream_key.data(), stream_key.size()) == 0);
    return digest;
}

Buffer associated_data(const Binding& binding, std::uint64_t index, std::uint64_t chunk_count,
                       ByteView head) {
    cbor::Writer out;
    out.open_array(7);
    out.write_unsigned(static_cast<std::uint64_t>(Suite::kSealed));
    write_binding(out, binding);
    out.write_unsigned(index);
    out.write_unsigned(chunk_count);
    out.write_bytes(head);
    return out.take();
}

Buffer trailer_payload(const Digest& header_hash, const Digest& content_digest) {
    cbor::Writer out;
    out.open_array(2);
    out.write_bytes(header_hash);
    out.write_bytes(content_digest);
    return out.take();
}

ByteView header_context() {
    return as_bytes("tram message header");
}

ByteView trailer_context() {
    return as_bytes("tram message trailer");
}

}  // namespace tram::envelope
