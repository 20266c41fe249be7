#include <algorithm>

#include "proto/base/check.h"
#include "proto/cbor/writer.h"
#include "proto/envelope/envelope.h"
#include "proto/envelope/format.h"
#include "proto/envelope/secret.h"

namespace tram::envelope {

namespace {

using Stream = crypto_secretstream_xchacha20poly1305_state;

struct StreamKey {
    std::uint8_t bytes[crypto_secretstream_xchacha20poly1305_KEYBYTES];
};

Result<void> check(const Binding& binding, const Header& header, const std::vector<Recipient>& recipients) {
    if (recipients.size() > kRecipientsMax) {
        return fail(ErrorCode::kTooLarge, "a message for " + std::to_string(recipients.size()) +
                                              " recipients; send it to " + std::to_string(kRecipientsMax) +
                                              " at most");
    }
    if (header.content_bytes > kContentBytesMax) {
        return fail(ErrorCode::kTooLarge, "a message of " + std::to_string(header.content_bytes) +
                                              " bytes; the limit is " + std::to_string(kContentBytesMax));
    }
    if (!std::ranges::equal(header.recipients, recipients, {}, {}, &Recipient::node_id)) {
        return fail(ErrorCode::kInvalidArgument, "the header names other recipients than the message has");
    }
    if (header.message_id != binding.message_id || header.sender != binding.sender) {
        return fail(ErrorCode::kInvalidArgument,
                    "the header names another message or sender than its bundles");
    }
    // What a recipient would refuse is refused here.
    const auto again = decode_header(encode_header(header, {}));
    if (!again) return std::unexpected{again.error()};
    if (layout_of(header).header_bytes > kHeaderBytesMax) {
        return fail(ErrorCode::kTooLarge,
                    "the names of the recipients are too long together; send the message to fewer");
    }
    return {};
}

/// The head of chunk 0: the key of the stream for every recipient, and the stream's own header.
Result<Buffer> make_head(const std::vector<Recipient>& recipients, const StreamKey& key,
                         ByteView stream_header) {
    cbor::Writer head;
    head.open_array(3);
    head.write_unsigned(static_cast<std::uint64_t>(Suite::kSealed));
    head.open_array(recipients.size());
    for (const Recipient& recipient : recipients) {
        std::array<std::uint8_t, kSealedKeyBytes> sealed;
        if (crypto_box_seal(sealed.data(), key.bytes, sizeof key.bytes, recipient.key.data()) != 0) {
            return fail(ErrorCode::kInvalidArgument,
                        "the sealing key of " + recipient.node_id + " is no usable key");
        }
        head.write_bytes(sealed);
    }
    head.write_bytes(stream_header);
    return head.take();
}

Buffer make_public_head() {
    cbor::Writer head;
    head.open_array(3);
    head.write_unsigned(static_cast<std::uint64_t>(Suite::kPublic));
    head.open_array(0);
    head.write_bytes({});
    return head.take();
}

}  // namespace

struct Sealer::State {
    Binding binding;
    Layout layout;
    Secret<Stream> stream;  // null: public
    Buffer head;
    Buffer piece;  // plain text of the present piece
    std::uint64_t index = 0;
    std::uint64_t content_left = 0;
    cose::Sha256 hash;
    Digest digest{};  // once finished
    Digest header_hash{};
    const cose::SigningKey* key = nullptr;
    cose::CertificateId signer{};
    bool finished = false;

    ~State() { sodium_memzero(piece.data(), piece.size()); }

    Result<void> start_stream(const std::vector<Recipient>& recipients, Digest& commits_to);
    void put_header(const Header& header, const Digest& commits_to);
    void put(ByteView bytes, std::vector<Bytes>& chunks);
    void close_piece(std::vector<Bytes>& chunks);
};

Sealer::Sealer(std::unique_ptr<State> state) : state_{std::move(state)} {}
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

Result<void> Sealer::State::start_stream(const std::vector<Recipient>& recipients, Digest& commits_to) {
    if (recipients.empty()) {
        commits_to = commitment(Suite::kPublic, binding, layout.chunk_count, {});
        head = make_public_head();
        return {};
    }
    const auto stream_key = make_secret<StreamKey>();
    crypto_secretstream_xchacha20poly1305_keygen(stream_key->bytes);
    stream = make_secret<Stream>();
    std::array<std::uint8_t, kStreamHeaderBytes> stream_header;
    TRAM_CHECK(crypto_secretstream_xchacha20poly1305_init_push(stream.get(), stream_header.data(),
                                                               stream_key->bytes) == 0);
    auto sealed = make_head(recipients, *stream_key, stream_header);
    if (!sealed) return std::unexpected{std::move(sealed.error())};
    head = std::move(*sealed);
    commits_to = commitment(Suite::kSealed, binding, layout.chunk_count, stream_key->bytes);
    return {};
}

void Sealer::State::put_header(const Header& header, const Digest& commits_to) {
    const Bytes signed_header = cose::sign1(*key, signer, header_context(), encode_header(header, commits_to),
                                            cose::Payload::kAttached);
    TRAM_CHECK(signed_header.size() == layout.header_bytes);
    header_hash = cose::sha256(signed_header);
    for (std::size_t i = kLengthBytes; i-- > 0;)
        piece.push_back(static_cast<std::uint8_t>(layout.header_bytes >> (8 * i)));
    append(piece, signed_header);
}

void Sealer::State::put(ByteView bytes, std::vector<Bytes>& chunks) {
    while (!bytes.empty()) {
        const std::size_t room = kPieceBytes - piece.size();
        const std::size_t part = std::min(room, bytes.size());
        append(piece, bytes.first(part));
        bytes = bytes.subspan(part);
        // The last piece is closed by finish(): only then it is padded.
        if (part == room && index + 1 < layout.chunk_count) close_piece(chunks);
    }
}

void Sealer::State::close_piece(std::vector<Bytes>& chunks) {
    Buffer chunk;
    const std::size_t head_bytes = index == 0 ? head.size() : 0;
    if (!stream) {
        chunk.reserve(head_bytes + piece.size());
        if (index == 0) append(chunk, head);
        append(chunk, piece);
    } else {
        chunk.resize(head_bytes + piece.size() + kPieceExtraBytes);
        if (index == 0) std::ranges::copy(head, chunk.begin());
        const Buffer data =
            associated_data(binding, index, layout.chunk_count, index == 0 ? ByteView{head} : ByteView{});
        const bool last = index + 1 == layout.chunk_count;
        const auto tag = static_cast<std::uint8_t>(last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                                        : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
        TRAM_CHECK(crypto_secretstream_xchacha20poly1305_push(stream.get(), chunk.data() + head_bytes,
                                                              nullptr, piece.data(), piece.size(),
                                                              data.data(), data.size(), tag) == 0);
    }
    chunks.emplace_back(std::move(chunk));
    piece.clear();
    ++index;
}

Result<Sealer> Sealer::begin(const Binding& binding, const Header& header,
                             const std::vector<Recipient>& recipients, const cose::SigningKey& key,
                             const cose::CertificateId& signer) {
    if (const auto good = check(binding, header, recipients); !good) return std::unexpected{good.error()};
    TRAM_CHECK(sodium_init() >= 0);
    auto state = std::make_unique<State>();
    state->binding = binding;
    state->layout = layout_of(header);
    state->content_left = header.content_bytes;
    state->key = &key;
    state->signer = signer;
    // Never grows: what a growing buffer leaves behind would not be wiped.
    state->piece.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(state->layout.padded_bytes, kPieceBytes)));
    Digest commits_to;
    if (const auto started = state->start_stream(recipients, commits_to); !started) {
        return std::unexpected{started.error()};
    }
    state->put_header(header, commits_to);
    return Sealer{std::move(state)};
}

std::uint64_t Sealer::chunk_count() const {
    return state_->layout.chunk_count;
}

Result<void> Sealer::write(ByteView content, std::vector<Bytes>& chunks) {
    if (content.size() > state_->content_left) {
        return fail(ErrorCode::kTooLarge, "the message has " +
                                              std::to_string(content.size() - state_->content_left) +
                                              " bytes more than was said at its beginning");
    }
    state_->content_left -= content.size();
    state_->hash.update(content);
    state_->put(content, chunks);
    return {};
}

Result<void> Sealer::finish(std::vector<Bytes>& chunks) {
    State& state = *state_;
    if (state.finished) return fail(ErrorCode::kInvalidArgument, "the message is finished already");
    if (state.content_left > 0) {
        return fail(ErrorCode::kTruncated, "the message lacks " + std::to_string(state.content_left) +
                                               " of the bytes that were said at its beginning");
    }
    state.finished = true;
    state.digest = state.hash.finish();
    const Bytes trailer =
        cose::sign1(*state.key, state.signer, trailer_context(),
                    trailer_payload(state.header_hash, state.digest), cose::Payload::kDetached);
    TRAM_CHECK(trailer.size() == trailer_bytes());
    state.put(trailer, chunks);
    TRAM_CHECK(state.index + 1 == state.layout.chunk_count);
    state.piece.resize(state.layout.piece_bytes(state.index), 0);
    state.close_piece(chunks);
    return {};
}

const std::array<std::uint8_t, 32>& Sealer::digest() const {
    return state_->digest;
}

}  // namespace tram::envelope
