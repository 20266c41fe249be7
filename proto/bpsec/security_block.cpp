#include "proto/bpsec/security_block.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpsec {

namespace {

constexpr std::uint64_t kParametersPresent = 0x01;  // RFC 9172 3.6, security context flags
constexpr std::size_t kItemsMax = 16;

/// Reads an array of at most kItemsMax items, each with `read_item`. Indefinite lengths are allowed, as
/// everywhere in a bundle (RFC 9171 4.1).
template <typename ReadItem>
void read_array(cbor::Reader& in, std::string_view what, const ReadItem& read_item) {
    const auto items = in.open_array();
    for (std::uint64_t i = 0; in.ok() && !(items ? i == *items : in.at_break()); ++i) {
        if (i == kItemsMax) {
            in.fail(ErrorCode::kTooLarge, "more than 16 " + std::string{what});
            return;
        }
        read_item();
    }
}

IdValue read_id_value(cbor::Reader& in) {
    const auto pair = in.open_array();
    IdValue value;
    value.id = in.read_unsigned();
    const std::size_t start = in.offset();
    in.skip();
    if (in.ok()) value.value = Bytes::copy_of(in.between(start, in.offset()));
    in.close_array(pair, 2);
    return value;
}

std::vector<IdValue> read_id_values(cbor::Reader& in, std::string_view what) {
    std::vector<IdValue> values;
    read_array(in, what, [&] { values.push_back(read_id_value(in)); });
    return values;
}

void read_targets(cbor::Reader& in, std::vector<std::uint64_t>& targets) {
    read_array(in, "targets", [&] {
        const std::uint64_t target = in.read_unsigned();
        if (in.ok() && std::ranges::find(targets, target) != targets.end())
            in.fail(ErrorCode::kMalformed, "a security target occurs twice");
        targets.push_back(target);
    });
    if (in.ok() && targets.empty()) in.fail(ErrorCode::kMalformed, "no security target");
}

void write_id_values(cbor::Writer& out, const std::vector<IdValue>& values) {
    out.open_array(values.size());
    for (const IdValue& value : values) {
        out.open_array(2);
        out.write_unsigned(value.id);
        out.write_encoded(value.value);
    }
}

std::size_t bytes_max(const SecurityBlock& block) {
    const auto size = [](const std::vector<IdValue>& values) {
        std::size_t total = 9;
        for (const IdValue& value : values)
            total += 10 + value.value.size();
        return total;
    };
    std::size_t total = 64 + 9 * block.targets.size() + block.source.node_name().size() +
                        block.source.demux().size() + size(block.parameters);
    for (const auto& results : block.results)
        total += size(results);
    return total;
}

}  // namespace

Result<SecurityBlock> decode_security_block(ByteView data, const Limits& limits) {
    cbor::Reader in{data, limits.cbor_depth_max};
    SecurityBlock block;
    read_targets(in, block.targets);
    block.context = in.read_integer();
    const std::uint64_t flags = in.read_unsigned();
    block.source = bpv7::Eid::decode(in, limits);
    if ((flags & kParametersPresent) != 0) block.parameters = read_id_values(in, "parameters");
    read_array(in, "sets of results", [&] { block.results.push_back(read_id_values(in, "results")); });
    if (in.ok() && block.results.size() != block.targets.size())
        in.fail(ErrorCode::kMalformed, "not one set of results for each target");
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the results");
    if (in.ok()) return block;
    const bool too_large = in.error()->code == ErrorCode::kTooLarge;
    return fail(too_large ? ErrorCode::kTooLarge : ErrorCode::kMalformed,
                "not a security block (RFC 9172 3.6): " + in.error()->message);
}

Bytes encode_security_block(const SecurityBlock& block) {
    cbor::Writer out{bytes_max(block)};
    out.open_array(block.targets.size());
    for (const std::uint64_t target : block.targets)
        out.write_unsigned(target);
    out.write_integer(block.context);
    out.write_unsigned(block.parameters.empty() ? 0 : kParametersPresent);
    block.source.encode(out);
    if (!block.parameters.empty()) write_id_values(out, block.parameters);
    out.open_array(block.results.size());
    for (const auto& results : block.results)
        write_id_values(out, results);
    return Bytes{out.take()};
}

}  // namespace tram::bpsec
