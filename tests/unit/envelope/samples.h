// Offices, messages and the two ways through proto/envelope.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/envelope/envelope.h"

namespace tram::envelope::test {

/// A node with keys that depend on its number alone.
struct Party {
    std::string node_id;
    cose::SigningKey signing;
    cose::CertificateId certificate{};
    SealingKey sealing;

    [[nodiscard]] Recipient recipient() const { return {node_id, sealing.public_key()}; }
};
/// dtn://office-<number>/
Party party(std::uint8_t number);

/// Knows parties 0 to 9.
Opener::FindSigner everybody();

Binding binding_of(const Party& sender, std::uint8_t message = 1);
Header header_of(const Party& sender, const std::vector<Recipient>& recipients, std::uint64_t content_bytes,
                 std::uint8_t message = 1);
/// Bytes that differ from each other.
Buffer content_of(std::size_t bytes);

/// The chunks of a message that must seal, written in steps of `step` bytes.
std::vector<Bytes> seal(const Binding& binding, const Header& header,
                        const std::vector<Recipient>& recipients, const Party& sender, ByteView content,
                        std::size_t step = 1U << 20);
std::vector<Bytes> seal(const Party& sender, const std::vector<Recipient>& recipients, ByteView content);

struct Opened {
    Buffer content;
    Header header;
    std::array<std::uint8_t, 32> digest{};
};
/// Opens `chunks` as `reader`; an error also when they are too few (cut_message).
Result<Opened> open(const std::vector<Bytes>& chunks, const Binding& binding, const Party& reader);
Result<Opened> open(const std::vector<Bytes>& chunks, const Binding& binding, std::uint64_t chunk_count,
                    const std::string& own_node_id, const SealingKey* key);

}  // namespace tram::envelope::test
