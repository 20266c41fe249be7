#include "samples.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace tram::envelope::test {

namespace {

std::array<std::uint8_t, 32> bytes_of(std::uint8_t number, std::uint8_t use) {
    std::array<std::uint8_t, 32> bytes;
    bytes.fill(number);
    bytes[0] = use;
    return bytes;
}

}  // namespace

Party party(std::uint8_t number) {
    return {.node_id = "dtn://office-" + std::to_string(number) + "/",
            .signing = cose::SigningKey::from_seed(bytes_of(number, 1)).value(),
            .certificate = bytes_of(number, 2),
            .sealing = SealingKey::from_secret(bytes_of(number, 3)).value()};
}

Opener::FindSigner everybody() {
    return [](const cose::CertificateId& id, const std::string& node_id) -> Result<cose::PublicKey> {
        for (std::uint8_t number = 0; number < 10; ++number) {
            const Party known = party(number);
            if (known.certificate != id) continue;
            if (known.node_id != node_id) return fail(ErrorCode::kWrongNodeId, "of another node");
            return known.signing.public_key();
        }
        return fail(ErrorCode::kUnknownSigner, "nobody has that certificate");
    };
}

Binding binding_of(const Party& sender, std::uint8_t message) {
    Binding binding{.source = sender.node_id + "outbox",
                    .sender = sender.node_id,
                    .destination = "dtn://office-1/inbox",
                    .message_id = {}};
    binding.message_id.fill(message);
    return binding;
}

Header header_of(const Party& sender, const std::vector<Recipient>& recipients, std::uint64_t content_bytes,
                 std::uint8_t message) {
    Header header{.sender = sender.node_id,
                  .recipients = {},
                  .message_id = binding_of(sender, message).message_id,
                  .content_bytes = content_bytes,
                  .content_type = "text/plain"};
    std::ranges::transform(recipients, std::back_inserter(header.recipients), &Recipient::node_id);
    return header;
}

Buffer content_of(std::size_t bytes) {
    Buffer content(bytes);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : content) {
        state = state * 1'664'525U + 1'013'904'223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return content;
}

std::vector<Bytes> seal(const Binding& binding, const Header& header,
                        const std::vector<Recipient>& recipients, const Party& sender, ByteView content,
                        std::size_t step) {
    auto sealer = Sealer::begin(binding, header, recipients, sender.signing, sender.certificate);
    REQUIRE(sealer);
    std::vector<Bytes> chunks;
    while (!content.empty()) {
        const ByteView part = content.first(std::min(step, content.size()));
        REQUIRE(sealer->write(part, chunks));
        content = content.subspan(part.size());
    }
    REQUIRE(sealer->finish(chunks));
    REQUIRE(sealer->chunk_count() == chunks.size());
    return chunks;
}

std::vector<Bytes> seal(const Party& sender, const std::vector<Recipient>& recipients, ByteView content) {
    return seal(binding_of(sender), header_of(sender, recipients, content.size()), recipients, sender,
                content);
}

Result<Opened> open(const std::vector<Bytes>& chunks, const Binding& binding, const Party& reader) {
    return open(chunks, binding, chunks.size(), reader.node_id, &reader.sealing);
}

Result<Opened> open(const std::vector<Bytes>& chunks, const Binding& binding, std::uint64_t chunk_count,
                    const std::string& own_node_id, const SealingKey* key) {
    Opener opener{binding, chunk_count, own_node_id, key, everybody()};
    Opened opened;
    for (const Bytes& chunk : chunks) {
        const auto content = opener.open(chunk);
        if (!content) {
            CHECK_FALSE(opener.complete());
            const auto again = opener.open(chunk);
            REQUIRE_FALSE(again);
            CHECK(again.error().code == content.error().code);
            return std::unexpected{content.error()};
        }
        REQUIRE(opener.header() != nullptr);
        append(opened.content, *content);
    }
    if (!opener.complete()) return fail(ErrorCode::kCutMessage, "not all chunks are there");
    opened.header = *opener.header();
    opened.digest = opener.digest();
    CHECK(opener.sealed() == !opened.header.recipients.empty());
    return opened;
}

}  // namespace tram::envelope::test
