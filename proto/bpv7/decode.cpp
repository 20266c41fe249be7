#include <algorithm>
#include <utility>

#include "proto/bpv7/codec.h"
#include "proto/bpv7/crc.h"
#include "proto/bpv7/validate.h"
#include "proto/cbor/reader.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint64_t kVersion = 7;
constexpr std::uint8_t kVersion6FirstByte = 6;  // RFC 5050 bundles begin with their version
constexpr std::size_t kUsualBlocks = 8;

/// Reads one bundle; every step leaves its failure in the reader.
class Decoder {
  public:
    Decoder(const Bytes& wire, const Limits& limits)
        : wire_{wire}, limits_{limits}, in_{wire.view(), limits.cbor_depth_max} {}

    Result<Bundle> run() {
        open_bundle();
        read_primary();
        if (!in_.ok()) return failure("primary block (RFC 9171 4.3.1): ");
        bundle_.blocks.reserve(kUsualBlocks);
        while (!in_.at_break()) {
            if (in_.ok() && bundle_.blocks.size() == limits_.blocks_max) {
                in_.fail(ErrorCode::kTooLarge, "more than " + std::to_string(limits_.blocks_max) + " blocks");
            }
            read_block();
            if (!in_.ok()) {
                return failure("block " + std::to_string(bundle_.blocks.size() + 1) + " (RFC 9171 4.3.2): ");
            }
        }
        if (!in_.at_end()) {
            in_.fail(ErrorCode::kTrailingData, "bytes after the end of the bundle");
            return failure("RFC 9171 4.1: ");
        }
        return std::move(bundle_);
    }

    [[nodiscard]] bool shortest() const { return in_.shortest(); }

  private:
    Result<Bundle> failure(std::string_view where) const {
        return fail(in_.error()->code, std::string{where}.append(in_.error()->message));
    }

    void open_bundle() {
        const std::size_t size = wire_.size();
        if (size > limits_.bundle_bytes_max) {
            in_.fail(ErrorCode::kTooLarge, "a bundle of " + std::to_string(size) +
                                               " bytes, above the limit of " +
                                               std::to_string(limits_.bundle_bytes_max));
        } else if (size > 0 && wire_.data()[0] == kVersion6FirstByte) {
            in_.fail(ErrorCode::kUnsupportedVersion, "this is a bundle of version 6 (RFC 5050)");
        } else if (in_.open_array() && in_.ok()) {
            in_.fail(ErrorCode::kMalformed, "a bundle is an array of indefinite length (4.1)");
        }
    }

    // Bounds how many items of a definite-length array may be read, so that a short one does not run into
    // what follows it.
    void want_items(const std::optional<std::uint64_t>& opened, std::uint64_t items) {
        if (opened && *opened != items) {
            in_.fail(ErrorCode::kMalformed, "an array of " + std::to_string(*opened) + " items, expected " +
                                                std::to_string(items) + " by its flags and CRC type");
        }
    }

    CrcType read_crc_type() {
        const std::uint64_t type = in_.read_unsigned();
        if (type > 2)
            in_.fail(ErrorCode::kMalformed, "unknown CRC type " + std::to_string(type) + " (4.2.1)");
        return in_.ok() ? static_cast<CrcType>(type) : CrcType::kNone;
    }

    // The CRC field of the block that began at `start`, closing its array; compares it.
    void read_crc_and_close(CrcType type, std::size_t start, const std::optional<std::uint64_t>& opened,
                            std::uint64_t items) {
        const std::size_t width = crc_width(type);
        ByteView stated;
        std::size_t crc_end = 0;
        if (width > 0) {
            stated = in_.read_bytes(limits_.bundle_bytes_max);
            crc_end = in_.offset();
            if (in_.ok() && stated.size() != width) {
                in_.fail(ErrorCode::kMalformed, "a CRC field of " + std::to_string(stated.size()) +
                                                    " bytes, expected " + std::to_string(width) + " (4.2.2)");
            }
        }
        in_.close_array(opened, items);
        if (width == 0 || !in_.ok()) return;
        static constexpr std::array<std::uint8_t, 4> kZeros{};
        const std::uint32_t crc =
            crc_of(type, {in_.between(start, crc_end - width), ByteView{kZeros}.first(width),
                          in_.between(crc_end, in_.offset())});
        std::uint32_t value = 0;
        for (const std::uint8_t byte : stated)
            value = value << 8 | byte;
        if (value != crc) in_.fail(ErrorCode::kBadCrc, "the CRC does not match (4.2.2)");
    }

    CreationTimestamp read_timestamp() {
        const auto opened = in_.open_array();
        if (in_.ok()) want_items(opened, 2);
        CreationTimestamp timestamp;
        timestamp.time.milliseconds = in_.read_unsigned();
        timestamp.sequence = in_.read_unsigned();
        in_.close_array(opened, 2);
        return timestamp;
    }

    void read_primary() {
        PrimaryBlock& primary = bundle_.primary;
        const std::size_t start = in_.offset();
        const auto opened = in_.open_array();
        const std::uint64_t version = in_.read_unsigned();
        if (in_.ok() && version != kVersion) {
            in_.fail(ErrorCode::kUnsupportedVersion, "bundle protocol version " + std::to_string(version));
        }
        primary.flags = in_.read_unsigned();
        primary.crc_type = read_crc_type();
        const bool is_fragment = primary.has(bundle_flag::kIsFragment);
        const std::uint64_t items =
            8U + (is_fragment ? 2U : 0U) + (primary.crc_type == CrcType::kNone ? 0U : 1U);
        if (in_.ok()) want_items(opened, items);
        primary.destination = Eid::decode(in_, limits_);
        primary.source = Eid::decode(in_, limits_);
        primary.report_to = Eid::decode(in_, limits_);
        primary.timestamp = read_timestamp();
        primary.lifetime_ms = in_.read_unsigned();
        if (is_fragment) {
            const std::uint64_t offset = in_.read_unsigned();
            primary.fragment = FragmentPosition{.offset = offset, .total_length = in_.read_unsigned()};
        }
        read_crc_and_close(primary.crc_type, start, opened, items);
        if (in_.ok()) bundle_.primary_wire = wire_.slice(start, in_.offset() - start);
    }

    void read_block() {
        CanonicalBlock block;
        const std::size_t start = in_.offset();
        const auto opened = in_.open_array();
        block.type = in_.read_unsigned();
        block.number = in_.read_unsigned();
        block.flags = in_.read_unsigned();
        block.crc_type = read_crc_type();
        const std::uint64_t items = block.crc_type == CrcType::kNone ? 5 : 6;
        if (in_.ok()) want_items(opened, items);
        const bool payload = block.type == block_type::kPayload;
        const ByteView data =
            in_.read_bytes(payload ? limits_.bundle_bytes_max : limits_.block_data_bytes_max);
        read_crc_and_close(block.crc_type, start, opened, items);
        if (!in_.ok()) return;
        block.data = wire_.slice(data);
        bundle_.blocks.push_back(std::move(block));
    }

    const Bytes& wire_;
    const Limits& limits_;
    cbor::Reader in_;
    Bundle bundle_;
};

}  // namespace

Result<Decoded> decode(const Bytes& wire, const DecodeOptions& options) {
    Decoder decoder{wire, options.limits};
    auto bundle = decoder.run();
    if (!bundle) return std::unexpected{std::move(bundle.error())};
    auto warnings = validate(*bundle, options.limits);
    if (!warnings) return std::unexpected{std::move(warnings.error())};
    if (!decoder.shortest())
        warnings->emplace_back("CBOR heads are longer than needed (RFC 9171 4.1, RFC 8949 4.2.1)");
    if (options.strict && !warnings->empty())
        return fail(ErrorCode::kForbidden, std::move(warnings->front()));
    return Decoded{.bundle = std::move(*bundle), .warnings = std::move(*warnings)};
}

}  // namespace tram::bpv7
