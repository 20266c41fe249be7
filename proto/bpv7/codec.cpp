#include "proto/bpv7/codec.h"

#include "proto/base/check.h"
#include "proto/bpv7/crc.h"
#include "proto/cbor/writer.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint64_t kVersion = 7;
constexpr std::size_t kNumberBytesMax = 9;

std::size_t eid_bytes_max(const Eid& eid) {
    return 3 + 2 * kNumberBytesMax + eid.node_name().size() + eid.demux().size();
}

std::size_t primary_bytes_max(const PrimaryBlock& primary) {
    return 16 + 8 * kNumberBytesMax + eid_bytes_max(primary.destination) + eid_bytes_max(primary.source) +
           eid_bytes_max(primary.report_to);
}

std::size_t bytes_max(const Bundle& bundle) {
    std::size_t total = primary_bytes_max(bundle.primary) + bundle.primary_wire.size();
    for (const CanonicalBlock& block : bundle.blocks)
        total += 8 + 4 * kNumberBytesMax + block.data.size();
    return total;
}

// Appends the CRC of the block that began at `start`: computed over the block with the CRC's bytes zero
// (RFC 9171 4.3.1, 4.3.2).
void write_crc(cbor::Writer& out, CrcType type, std::size_t start) {
    static constexpr std::array<std::uint8_t, 4> kZeros{};
    const std::size_t width = crc_width(type);
    if (width == 0) return;
    out.write_bytes(ByteView{kZeros}.first(width));
    const ByteView block = ByteView{out.buffer()}.subspan(start);
    const std::uint32_t crc = crc_of(type, {block});
    for (std::size_t i = 0; i < width; ++i) {
        out.buffer()[out.size() - 1 - i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
}

void write_primary(cbor::Writer& out, const PrimaryBlock& primary) {
    TRAM_CHECK(primary.fragment.has_value() == primary.has(bundle_flag::kIsFragment));
    const std::size_t start = out.size();
    const bool crc = primary.crc_type != CrcType::kNone;
    out.open_array(8U + (primary.fragment ? 2U : 0U) + (crc ? 1U : 0U));
    out.write_unsigned(kVersion);
    out.write_unsigned(primary.flags);
    out.write_unsigned(static_cast<std::uint64_t>(primary.crc_type));
    primary.destination.encode(out);
    primary.source.encode(out);
    primary.report_to.encode(out);
    out.open_array(2);
    out.write_unsigned(primary.timestamp.time.milliseconds);
    out.write_unsigned(primary.timestamp.sequence);
    out.write_unsigned(primary.lifetime_ms);
    if (primary.fragment) {
        out.write_unsigned(primary.fragment->offset);
        out.write_unsigned(primary.fragment->total_length);
    }
    write_crc(out, primary.crc_type, start);
}

void write_block(cbor::Writer& out, const CanonicalBlock& block) {
    const std::size_t start = out.size();
    out.open_array(block.crc_type == CrcType::kNone ? 5 : 6);
    out.write_unsigned(block.type);
    out.write_unsigned(block.number);
    out.write_unsigned(block.flags);
    out.write_unsigned(static_cast<std::uint64_t>(block.crc_type));
    out.write_bytes(block.data);
    write_crc(out, block.crc_type, start);
}

}  // namespace

Bytes encode_primary(const Bundle& bundle) {
    if (!bundle.primary_wire.empty()) return bundle.primary_wire;
    cbor::Writer out{primary_bytes_max(bundle.primary)};
    write_primary(out, bundle.primary);
    return Bytes{out.take()};
}

Bytes encode(const Bundle& bundle) {
    TRAM_CHECK(!bundle.blocks.empty() && bundle.blocks.back().type == block_type::kPayload);
    cbor::Writer out{bytes_max(bundle)};
    out.open_indefinite_array();
    if (bundle.primary_wire.empty()) {
        write_primary(out, bundle.primary);
    } else {
        out.write_encoded(bundle.primary_wire);
    }
    for (const CanonicalBlock& block : bundle.blocks)
        write_block(out, block);
    out.write_break();
    return Bytes{out.take()};
}

}  // namespace tram::bpv7
