#include <algorithm>
#include <utility>

#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint64_t kHopLimitMax = 255;
constexpr std::uint64_t kUrgencyMax = static_cast<std::uint64_t>(Urgency::kTimedExpress);
constexpr std::uint64_t kKindMax = static_cast<std::uint64_t>(Kind::kBulk);
constexpr std::uint64_t kFormMax = 1;

// What was read when the reader consumed everything without an error.
template <typename T>
Result<T> finish(cbor::Reader& in, std::string_view what, T value) {
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kTrailingData, "bytes after the block's data");
    if (!in.ok()) return fail(in.error()->code, std::string{what}.append(in.error()->message));
    return value;
}

}  // namespace

Bytes encode_previous_node(const Eid& node) {
    cbor::Writer out;
    node.encode(out);
    return Bytes{out.take()};
}

Result<Eid> decode_previous_node(ByteView data, const Limits& limits) {
    cbor::Reader in{data};
    Eid node = Eid::decode(in, limits);
    if (in.ok() && !node.is_singleton()) {
        in.fail(ErrorCode::kMalformed, "a node id is the EID of a singleton endpoint (4.2.5.2)");
    }
    return finish(in, "previous node block (RFC 9171 4.4.1): ", std::move(node));
}

Bytes encode_bundle_age(std::uint64_t age_ms) {
    cbor::Writer out;
    out.write_unsigned(age_ms);
    return Bytes{out.take()};
}

Result<std::uint64_t> decode_bundle_age(ByteView data) {
    cbor::Reader in{data};
    const std::uint64_t age_ms = in.read_unsigned();
    return finish(in, "bundle age block (RFC 9171 4.4.2): ", age_ms);
}

Bytes encode_hop_count(HopCount hops) {
    cbor::Writer out;
    out.open_array(2);
    out.write_unsigned(hops.limit);
    out.write_unsigned(hops.count);
    return Bytes{out.take()};
}

Result<HopCount> decode_hop_count(ByteView data) {
    cbor::Reader in{data};
    const auto opened = in.open_array();
    HopCount hops;
    hops.limit = in.read_unsigned();
    hops.count = in.read_unsigned();
    in.close_array(opened, 2);
    if (in.ok() && (hops.limit == 0 || hops.limit > kHopLimitMax)) {
        in.fail(ErrorCode::kMalformed, "the hop limit is " + std::to_string(hops.limit) + ", not 1 to 255");
    }
    return finish(in, "hop count block (RFC 9171 4.4.3): ", hops);
}

Bytes encode_class(const ClassBlock& block) {
    cbor::Writer out;
    out.open_array(6);
    out.write_unsigned(static_cast<std::uint64_t>(block.urgency));
    out.write_unsigned(static_cast<std::uint64_t>(block.kind));
    out.write_bytes(block.message_id);
    out.write_unsigned(block.chunk_index);
    out.write_unsigned(block.chunk_count);
    out.write_unsigned(static_cast<std::uint64_t>(block.form));
    return Bytes{out.take()};
}

Result<ClassBlock> decode_class(ByteView data) {
    cbor::Reader in{data};
    ClassBlock block;
    in.open_array(6, 6);
    const std::uint64_t urgency = in.read_unsigned();
    const std::uint64_t kind = in.read_unsigned();
    const ByteView id = in.read_bytes(block.message_id.size());
    block.chunk_index = in.read_unsigned();
    block.chunk_count = in.read_unsigned();
    const std::uint64_t form = in.read_unsigned();
    if (in.ok() && (urgency > kUrgencyMax || kind > kKindMax)) {
        in.fail(ErrorCode::kMalformed, "unknown urgency or kind");
    }
    if (in.ok() && id.size() != block.message_id.size()) {
        in.fail(ErrorCode::kMalformed, "the message id has " + std::to_string(id.size()) + " bytes, not 16");
    }
    if (in.ok() && block.chunk_index >= block.chunk_count) {
        in.fail(ErrorCode::kMalformed, "the chunk index is not below the chunk count");
    }
    if (in.ok() && form > kFormMax) in.fail(ErrorCode::kMalformed, "unknown form of payload");
    if (in.ok()) {
        block.form = static_cast<Form>(form);
        block.urgency = static_cast<Urgency>(urgency);
        block.kind = static_cast<Kind>(kind);
        std::ranges::copy(id, block.message_id.begin());
    }
    return finish(in, "class block: ", block);
}

}  // namespace tram::bpv7
