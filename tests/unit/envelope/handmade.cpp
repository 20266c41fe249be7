#include "handmade.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sodium.h>

#include "proto/cbor/writer.h"

namespace tram::envelope::test {

namespace {

constexpr std::size_t kPiece = 65'536;

Buffer header_payload(const Header& header, ByteView commitment) {
    cbor::Writer out;
    out.open_array(7);
    out.write_unsigned(1);
    out.write_text(header.sender);
    out.open_array(header.recipients.size());
    for (const auto& recipient : header.recipients)
        out.write_text(recipient);
    out.write_bytes(header.message_id);
    out.write_unsigned(header.content_bytes);
    out.write_text(header.content_type);
    out.write_bytes(commitment);
    return out.take();
}

void write_names(cbor::Writer& out, const Binding& binding) {
    out.write_text(binding.source);
    out.write_text(binding.destination);
    out.write_bytes(binding.message_id);
}

Buffer commitment(const Recipe& recipe, std::uint64_t suite, std::uint64_t count) {
    cbor::Writer out;
    out.open_array(5);
    out.write_unsigned(suite);
    write_names(out, recipe.binding);
    out.write_unsigned(count);
    Buffer hash(32);
    const Buffer text = out.take();
    const bool keyed = !recipe.sealed_for.empty();
    crypto_generichash(hash.data(), hash.size(), text.data(), text.size(),
                       keyed ? recipe.stream_key.data() : nullptr, keyed ? recipe.stream_key.size() : 0);
    return hash;
}

Buffer signed_text(const Bytes& signed_header, ByteView content) {
    cbor::Writer out;
    out.open_array(2);
    std::array<std::uint8_t, 32> hash;
    crypto_hash_sha256(hash.data(), signed_header.data(), signed_header.size());
    out.write_bytes(hash);
    crypto_hash_sha256(hash.data(), content.data(), content.size());
    out.write_bytes(hash);
    return out.take();
}

std::uint64_t bucket(std::uint64_t plain) {
    std::uint64_t bytes = 512;
    while (bytes < plain)
        bytes += bytes < kPiece ? bytes : kPiece;
    return bytes;
}

Buffer make_head(const Recipe& recipe, std::uint64_t suite, ByteView stream_header) {
    cbor::Writer out;
    out.open_array(3);
    out.write_unsigned(suite);
    out.open_array(recipe.sealed_for.size());
    for (const Recipient& recipient : recipe.sealed_for) {
        Buffer sealed(80);
        REQUIRE(crypto_box_seal(sealed.data(), recipe.stream_key.data(), 32, recipient.key.data()) == 0);
        out.write_bytes(sealed);
    }
    out.write_bytes(stream_header);
    return out.take();
}

std::vector<Bytes> in_pieces(const Recipe& recipe, const Buffer& plain, std::uint64_t suite,
                             std::uint64_t count) {
    crypto_secretstream_xchacha20poly1305_state stream;
    Buffer stream_header(24);
    crypto_secretstream_xchacha20poly1305_init_push(&stream, stream_header.data(), recipe.stream_key.data());
    const bool sealed = !recipe.sealed_for.empty();
    const Buffer head = make_head(recipe, suite, sealed ? ByteView{stream_header} : ByteView{});
    std::vector<Bytes> chunks;
    const std::uint64_t pieces = (plain.size() + kPiece - 1) / kPiece;
    for (std::uint64_t i = 0; i < pieces; ++i) {
        const ByteView piece =
            ByteView{plain}.subspan(i * kPiece, std::min<std::size_t>(kPiece, plain.size() - i * kPiece));
        Buffer chunk = i == 0 ? head : Buffer{};
        if (!sealed) {
            append(chunk, piece);
        } else {
            cbor::Writer data;
            data.open_array(7);
            data.write_unsigned(1);
            write_names(data, recipe.binding);
            data.write_unsigned(i);
            data.write_unsigned(count);
            data.write_bytes(i == 0 ? ByteView{head} : ByteView{});
            const Buffer text = data.take();
            Buffer cipher(piece.size() + 17);
            const bool final = i == recipe.final_at.value_or(pieces - 1);
            crypto_secretstream_xchacha20poly1305_push(&stream, cipher.data(), nullptr, piece.data(),
                                                       piece.size(), text.data(), text.size(),
                                                       final ? 3 : recipe.other_tag.value_or(0));
            append(chunk, cipher);
        }
        chunks.emplace_back(std::move(chunk));
    }
    return chunks;
}

}  // namespace

Recipe honest(const Party& sender, const std::vector<Recipient>& recipients, std::size_t content_bytes) {
    return {.binding = binding_of(sender),
            .header = header_of(sender, recipients, content_bytes),
            .sealed_for = recipients,
            .signer = &sender,
            .content = content_of(content_bytes),
            .suite = {},
            .chunk_count = {},
            .signed_header = {},
            .header_payload = {},
            .trailer = {},
            .header_length = {},
            .padded_bytes = {},
            .final_at = {},
            .other_tag = {}};
}

Handmade make(const Recipe& recipe) {
    const std::uint64_t suite = recipe.suite.value_or(recipe.sealed_for.empty() ? 0 : 1);
    const std::uint64_t count = recipe.chunk_count.value_or(chunk_count(recipe.header));
    Handmade made;
    made.stream_key = recipe.stream_key;
    const auto signs = [&](std::string_view context, ByteView payload, cose::Payload how) {
        return cose::sign1(recipe.signer->signing, recipe.signer->certificate, as_bytes(context), payload,
                           how);
    };
    made.signed_header = recipe.signed_header.value_or(
        signs("tram message header",
              recipe.header_payload.value_or(header_payload(recipe.header, commitment(recipe, suite, count))),
              cose::Payload::kAttached));
    made.trailer = recipe.trailer.value_or(signs(
        "tram message trailer", signed_text(made.signed_header, recipe.content), cose::Payload::kDetached));

    Buffer plain;
    const auto length = recipe.header_length.value_or(static_cast<std::uint32_t>(made.signed_header.size()));
    for (int shift = 24; shift >= 0; shift -= 8)
        plain.push_back(static_cast<std::uint8_t>(length >> shift));
    append(plain, made.signed_header);
    append(plain, recipe.content);
    append(plain, made.trailer);
    plain.resize(recipe.padded_bytes.value_or(bucket(plain.size())), recipe.padding);
    made.chunks = in_pieces(recipe, plain, suite, count);
    return made;
}

}  // namespace tram::envelope::test
