// Messages made by hand from the description in envelope.h, without Sealer: as a second opinion about the
// format, and with everything in it that an honest program would never write.
#pragma once

#include <optional>
#include <vector>

#include "samples.h"

namespace tram::envelope::test {

struct Recipe {
    Binding binding;
    Header header;
    std::vector<Recipient> sealed_for;  ///< empty: public
    const Party* signer = nullptr;
    Buffer content;

    std::array<std::uint8_t, 32> stream_key{9};
    std::optional<std::uint64_t> suite;
    std::optional<std::uint64_t> chunk_count;    ///< in associated data and commitment
    std::optional<Bytes> signed_header;          ///< instead of one made from `header`
    std::optional<Buffer> header_payload;        ///< signed instead of `header`
    std::optional<Bytes> trailer;                ///< instead of the right one
    std::optional<std::uint32_t> header_length;  ///< as it is written
    std::optional<std::uint64_t> padded_bytes;   ///< instead of the bucket
    std::optional<std::uint64_t> final_at;       ///< index of the piece with TAG_FINAL; nothing: the last
    std::optional<std::uint8_t> other_tag;       ///< of the pieces that are not final
    std::uint8_t padding = 0;
};

struct Handmade {
    std::vector<Bytes> chunks;
    Bytes signed_header;
    Bytes trailer;
    std::array<std::uint8_t, 32> stream_key{};
};

/// The recipe of an honest message.
Recipe honest(const Party& sender, const std::vector<Recipient>& recipients, std::size_t content_bytes);
Handmade make(const Recipe& recipe);

}  // namespace tram::envelope::test
