#include "proto/bpv7/bundle.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpv7 {

std::string BundleId::to_string() const {
    std::string text = source.to_string();
    text.append(" ").append(std::to_string(timestamp.time.milliseconds));
    text.append("-").append(std::to_string(timestamp.sequence));
    if (fragment) {
        text.append(" @").append(std::to_string(fragment->offset));
        text.append("+").append(std::to_string(fragment->length));
    }
    return text;
}

Buffer BundleId::key() const {
    cbor::Writer out{96};
    out.open_array(fragment ? 4 : 2);
    source.encode(out);
    out.open_array(2);
    out.write_unsigned(timestamp.time.milliseconds);
    out.write_unsigned(timestamp.sequence);
    if (fragment) {
        out.write_unsigned(fragment->offset);
        out.write_unsigned(fragment->length);
    }
    return out.take();
}

Result<BundleId> BundleId::from_key(ByteView key) {
    cbor::Reader in{key};
    BundleId id;
    const std::uint64_t items = in.open_array(2, 4);
    if (items == 3) in.fail(ErrorCode::kMalformed, "a bundle key has 2 or 4 items");
    // A key is as long as it is: whoever holds it has already allowed its length.
    id.source = Eid::decode(in, Limits{.eid_bytes_max = key.size()});
    in.open_array(2, 2);
    id.timestamp.time.milliseconds = in.read_unsigned();
    id.timestamp.sequence = in.read_unsigned();
    if (items == 4) {
        const std::uint64_t offset = in.read_unsigned();
        id.fragment = Fragment{.offset = offset, .length = in.read_unsigned()};
    }
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after a bundle key");
    if (!in.ok()) return fail(ErrorCode::kMalformed, "not a bundle key: " + in.error()->message);
    return id;
}

BundleId Bundle::id() const {
    BundleId id{.source = primary.source, .timestamp = primary.timestamp, .fragment = {}};
    if (primary.fragment) id.fragment = {.offset = primary.fragment->offset, .length = payload().size()};
    return id;
}

const Bytes& Bundle::payload() const {
    TRAM_CHECK(!blocks.empty() && blocks.back().type == block_type::kPayload);
    return blocks.back().data;
}

const CanonicalBlock* Bundle::find(std::uint64_t type) const {
    const auto found = std::ranges::find(blocks, type, &CanonicalBlock::type);
    return found == blocks.end() ? nullptr : &*found;
}

CanonicalBlock* Bundle::find(std::uint64_t type) {
    const auto found = std::ranges::find(blocks, type, &CanonicalBlock::type);
    return found == blocks.end() ? nullptr : &*found;
}

const CanonicalBlock* Bundle::numbered(std::uint64_t number) const {
    const auto found = std::ranges::find(blocks, number, &CanonicalBlock::number);
    return found == blocks.end() ? nullptr : &*found;
}

CanonicalBlock* Bundle::numbered(std::uint64_t number) {
    const auto found = std::ranges::find(blocks, number, &CanonicalBlock::number);
    return found == blocks.end() ? nullptr : &*found;
}

std::uint64_t Bundle::free_block_number() const {
    std::uint64_t number = kPayloadBlockNumber + 1;
    while (std::ranges::find(blocks, number, &CanonicalBlock::number) != blocks.end())
        ++number;
    return number;
}

void Bundle::set_block(std::uint64_t type, std::uint64_t flags, CrcType crc_type, Bytes data) {
    if (CanonicalBlock* block = find(type)) {
        block->data = std::move(data);
        return;
    }
    CanonicalBlock block{.type = type,
                         .number = free_block_number(),
                         .flags = flags,
                         .crc_type = crc_type,
                         .data = std::move(data)};
    const bool has_payload = !blocks.empty() && blocks.back().type == block_type::kPayload;
    blocks.insert(blocks.end() - (has_payload ? 1 : 0), std::move(block));
}

void Bundle::remove_block(std::uint64_t number) {
    std::erase_if(blocks, [number](const CanonicalBlock& block) { return block.number == number; });
}

}  // namespace tram::bpv7
