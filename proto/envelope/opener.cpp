#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/envelope/envelope.h"
#include "proto/envelope/format.h"
#include "proto/envelope/secret.h"

namespace tram::envelope {

namespace {

using Stream = crypto_secretstream_xchacha20poly1305_state;

struct StreamKey {
    std::uint8_t bytes[crypto_secretstream_xchacha20poly1305_KEYBYTES];
};

/// The head of chunk 0; views into the chunk.
struct Head {
    Suite suite = Suite::kPublic;
    std::vector<ByteView> sealed_keys;
    ByteView stream_header;
    std::size_t bytes = 0;
};

Result<Head> read_head(ByteView chunk) {
    Head head;
    cbor::Reader in{chunk};
    in.open_array(3, 3);
    const std::uint64_t suite = in.read_unsigned();
    if (in.ok() && suite > static_cast<std::uint64_t>(Suite::kSealed)) {
        return fail(ErrorCode::kUnknownSuite, "the message is sealed with suite " + std::to_string(suite) +
                                                  ", which this program does not know; update it");
    }
    head.suite = static_cast<Suite>(suite);
    const bool sealed = head.suite == Suite::kSealed;
    const auto keys = in.open_array();
    if (in.ok() && keys && *keys > kRecipientsMax) {
        return fail(ErrorCode::kTooLarge, "the message is sealed for " + std::to_string(*keys) +
                                              " recipients, above the limit of " +
                                              std::to_string(kRecipientsMax));
    }
    if (in.ok() && (!keys || (*keys > 0) != sealed)) {
        in.fail(ErrorCode::kMalformed, "the head of a message has a wrong number of sealed keys");
    }
    for (std::uint64_t i = 0; in.ok() && i < *keys; ++i)
        head.sealed_keys.push_back(in.read_bytes(kSealedKeyBytes));
    head.stream_header = in.read_bytes(kStreamHeaderBytes);
    const bool sizes_right =
        std::ranges::all_of(head.sealed_keys, [](ByteView key) { return key.size() == kSealedKeyBytes; }) &&
        head.stream_header.size() == (sealed ? kStreamHeaderBytes : 0);
    if (in.ok() && (!sizes_right || !in.shortest())) {
        in.fail(ErrorCode::kMalformed, "the head of a message is not in the one form that is allowed");
    }
    if (!in.ok()) {
        return fail(ErrorCode::kMalformed, "the head of the message cannot be read: " + in.error()->message);
    }
    head.bytes = in.offset();
    return head;
}

std::unexpected<Error> bad_seal(std::uint64_t index) {
    return fail(ErrorCode::kBadSeal, "piece " + std::to_string(index) +
                                         " of the message does not open: it was altered, is out of order or "
                                         "belongs to another message");
}

std::unexpected<Error> cut(std::string_view how) {
    return fail(ErrorCode::kCutMessage, "the message is cut or patched: " + std::string{how});
}

}  // namespace

struct Opener::State {
    Binding binding;
    std::uint64_t chunk_count = 0;
    std::string own_node_id;
    const SealingKey* key = nullptr;
    FindSigner find_signer;

    std::uint64_t index = 0;
    std::optional<Error> error;
    Suite suite = Suite::kPublic;
    std::size_t sealed_keys = 0;
    Secret<Stream> stream;
    Digest commits_to{};
    std::optional<Header> header;
    Layout layout;
    cose::PublicKey signer_key{};
    Digest header_hash{};
    std::uint64_t content_left = 0;
    cose::Sha256 hash;
    Buffer trailer;
    Digest digest{};
    bool complete = false;

    Result<Buffer> open(ByteView chunk);
    Result<ByteView> start(ByteView chunk);
    Result<Secret<StreamKey>> unseal(const Head& head) const;
    Result<Buffer> plain_piece(ByteView piece, ByteView head);
    Result<std::size_t> take_header(ByteView plain);
    Result<void> check_names(const Header& named) const;
    Result<void> take_rest(ByteView plain);
    Result<void> check_trailer();
};

Opener::Opener(Binding binding, std::uint64_t chunk_count, std::string own_node_id, const SealingKey* key,
               FindSigner find_signer)
    : state_{std::make_unique<State>()} {
    TRAM_CHECK(sodium_init() >= 0);
    state_->binding = std::move(binding);
    state_->chunk_count = chunk_count;
    state_->own_node_id = std::move(own_node_id);
    state_->key = key;
    state_->find_signer = std::move(find_signer);
}

Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;
Opener::~Opener() = default;

Result<Secret<StreamKey>> Opener::State::unseal(const Head& head) const {
    if (key == nullptr) {
        return fail(ErrorCode::kNoSealingKey,
                    "the message is sealed and this node has no key to open it with; enrol it as an office");
    }
    auto stream_key = make_secret<StreamKey>();
    const bool ours = std::ranges::any_of(head.sealed_keys, [&](ByteView sealed) {
        return crypto_box_seal_open(stream_key->bytes, sealed.data(), sealed.size(), key->public_key_.data(),
                                    key->secret_.get()) == 0;
    });
    if (!ours) {
        return fail(ErrorCode::kNotRecipient, "the message is sealed for others; this node cannot open it");
    }
    return stream_key;
}

/// Reads the head of chunk 0 and gets the stream going; the head.
Result<ByteView> Opener::State::start(ByteView chunk) {
    const auto head = read_head(chunk);
    if (!head) return std::unexpected{head.error()};
    suite = head->suite;
    sealed_keys = head->sealed_keys.size();
    if (suite == Suite::kPublic) {
        commits_to = commitment(suite, binding, chunk_count, {});
    } else {
        const auto stream_key = unseal(*head);
        if (!stream_key) return std::unexpected{stream_key.error()};
        commits_to = commitment(suite, binding, chunk_count, (*stream_key)->bytes);
        stream = make_secret<Stream>();
        if (crypto_secretstream_xchacha20poly1305_init_pull(stream.get(), head->stream_header.data(),
                                                            (*stream_key)->bytes) != 0) {
            return bad_seal(0);
        }
    }
    return chunk.first(head->bytes);
}

Result<Buffer> Opener::State::plain_piece(ByteView piece, ByteView head) {
    if (suite == Suite::kPublic) {
        if (piece.size() > kPieceBytes) return cut("a piece is longer than 64 KiB");
        return Buffer(piece.begin(), piece.end());
    }
    if (piece.size() < kPieceExtraBytes || piece.size() > kPieceBytes + kPieceExtraBytes) {
        return bad_seal(index);
    }
    Buffer plain(piece.size() - kPieceExtraBytes);
    const Buffer data = associated_data(binding, index, chunk_count, head);
    std::uint8_t tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(stream.get(), plain.data(), nullptr, &tag, piece.data(),
                                                   piece.size(), data.data(), data.size()) != 0) {
        return bad_seal(index);
    }
    const bool last = index + 1 == chunk_count;
    if (last && tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
        return cut("the stream goes on after the last chunk");
    }
    if (!last && tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
        return cut("the stream ends before the last chunk");
    }
    if (!last && tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) {
        return fail(ErrorCode::kMalformed, "a piece of the message has a tag that is not used");
    }
    return plain;
}

Result<void> Opener::State::check_names(const Header& named) const {
    const auto wrong = [](std::string_view what) {
        return fail(ErrorCode::kWrongSender, "the signed header of the message " + std::string{what});
    };
    if (named.sender != binding.sender) {
        return wrong("names the sender " + named.sender + ", but its bundles are from " + binding.sender);
    }
    if (named.message_id != binding.message_id) return wrong("belongs to another message");
    if (named.recipients.size() != sealed_keys) {
        return wrong("names another number of recipients than the message is sealed for");
    }
    if (suite == Suite::kSealed &&
        std::ranges::find(named.recipients, own_node_id) == named.recipients.end()) {
        return fail(ErrorCode::kNotRecipient,
                    "the signed header of the message does not name this node among its recipients");
    }
    return {};
}

/// Reads and checks the header in piece 0; the offset of what follows.
Result<std::size_t> Opener::State::take_header(ByteView plain) {
    std::size_t length = 0;
    if (plain.size() < kPaddedBytesMin) return cut("piece 0 is too short");
    for (const std::uint8_t byte : plain.first(kLengthBytes))
        length = length << 8 | byte;
    if (length > kHeaderBytesMax || length > plain.size() - kLengthBytes) {
        return fail(ErrorCode::kMalformed, "the message has a header of " + std::to_string(length) +
                                               " bytes, more than is there or allowed");
    }
    const ByteView wire = plain.subspan(kLengthBytes, length);
    const auto message = cose::decode_sign1(wire);
    if (!message) return std::unexpected{message.error()};
    if (!message->payload || sign1_bytes(message->payload->size()) != length) {
        return fail(ErrorCode::kMalformed,
                    "the header of the message is not signed the one way that is allowed");
    }
    auto said = decode_header(*message->payload);
    if (!said) return std::unexpected{std::move(said.error())};
    if (const auto named = check_names(said->header); !named) return std::unexpected{named.error()};
    const auto found = find_signer(message->signer, said->header.sender);
    if (!found) return std::unexpected{found.error()};
    if (auto good = cose::verify_sign1(*message, *found, header_context()); !good) {
        return fail(good.error().code, "the signed header of the message: " + good.error().message);
    }
    if (sodium_memcmp(said->commitment.data(), commits_to.data(), commits_to.size()) != 0) {
        return fail(ErrorCode::kWrongSender,
                    "the signed header was made for another message, source, destination or key");
    }
    layout = layout_of(said->header);
    if (layout.chunk_count != chunk_count) return cut("its header and its bundles disagree about its length");
    signer_key = *found;
    header_hash = cose::sha256(wire);
    content_left = said->header.content_bytes;
    header = std::move(said->header);
    return kLengthBytes + length;
}

/// What follows the content: the trailer, and zeros.
Result<void> Opener::State::take_rest(ByteView plain) {
    const std::size_t part = std::min(trailer_bytes() - trailer.size(), plain.size());
    append(trailer, plain.first(part));
    if (std::ranges::any_of(plain.subspan(part), [](std::uint8_t byte) { return byte != 0; })) {
        return fail(ErrorCode::kMalformed, "the padding of the message is not zero");
    }
    return {};
}

Result<void> Opener::State::check_trailer() {
    digest = hash.finish();
    const auto message = cose::decode_sign1(trailer);
    if (!message) return std::unexpected{message.error()};
    if (message->payload) {
        return fail(ErrorCode::kMalformed,
                    "the trailer of the message is not signed the one way that is allowed");
    }
    const auto good =
        cose::verify_sign1(*message, signer_key, trailer_context(), trailer_payload(header_hash, digest));
    if (!good) {
        return fail(
            good.error().code,
            "the signature over the message's content does not match: it is not what the sender sealed");
    }
    return {};
}

Result<Buffer> Opener::State::open(ByteView chunk) {
    if (index >= chunk_count) return cut("there are more chunks than its count says");
    ByteView head;
    if (index == 0) {
        const auto started = start(chunk);
        if (!started) return std::unexpected{started.error()};
        head = *started;
    }
    auto plain = plain_piece(chunk.subspan(head.size()), head);
    if (!plain) return plain;
    std::size_t content_from = 0;
    if (index == 0) {
        const auto after = take_header(*plain);
        if (!after) return std::unexpected{after.error()};
        content_from = *after;
    }
    if (plain->size() != layout.piece_bytes(index))
        return cut("a piece is shorter or longer than it must be");
    const std::size_t content_bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(content_left, plain->size() - content_from));
    const ByteView content = ByteView{*plain}.subspan(content_from, content_bytes);
    hash.update(content);
    content_left -= content_bytes;
    if (const auto good = take_rest(ByteView{*plain}.subspan(content_from + content_bytes)); !good) {
        return std::unexpected{good.error()};
    }
    ++index;
    if (index == chunk_count) {
        if (const auto good = check_trailer(); !good) return std::unexpected{good.error()};
        complete = true;
    }
    plain->resize(content_from + content_bytes);
    plain->erase(plain->begin(), plain->begin() + static_cast<std::ptrdiff_t>(content_from));
    return plain;
}

Result<Buffer> Opener::open(ByteView chunk) {
    if (state_->error) return std::unexpected{*state_->error};
    auto content = state_->open(chunk);
    if (!content) {
        state_->error = content.error();
        state_->stream.reset();
        state_->complete = false;
    }
    return content;
}

const Header* Opener::header() const {
    return state_->header ? &*state_->header : nullptr;
}

bool Opener::complete() const {
    return state_->complete;
}

const std::array<std::uint8_t, 32>& Opener::digest() const {
    return state_->digest;
}

bool Opener::sealed() const {
    return state_->suite == Suite::kSealed;
}

}  // namespace tram::envelope
